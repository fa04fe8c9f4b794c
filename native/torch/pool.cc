#include "native/torch/pool.h"

#ifdef __linux__
#include <sys/resource.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <string>
#include <system_error>
#include <thread>

#include "native/torch/libtorch.h"

namespace chronode {
namespace {

// Each stuck thread burns a core for ever. Beyond this many none is replaced any more.
constexpr int kStuckMax = 8;

// A call that nobody waits for any more, since its worker ended, must be done in this time, or loses its thread.
constexpr std::chrono::seconds kOrphanTime{1};

int CurrentThreadId() {
#ifdef __linux__
  return gettid();
#else
  return 0;
#endif
}

// A stuck thread cannot be stopped, but it can be made to give way to everybody else.
void MakeGiveWay([[maybe_unused]] int thread_id) {
#ifdef __linux__
  setpriority(PRIO_PROCESS, static_cast<id_t>(thread_id), 19);  // best effort: a failure costs speed only
#endif
}

std::string Milliseconds(std::chrono::milliseconds time) { return std::to_string(time.count()) + " ms"; }

Refusal TimedOut(std::chrono::milliseconds timeout) {
  return {reason::kTimeout, "The model did not answer within " + Milliseconds(timeout) +
                                ". It is left out until that call returns, or the model is loaded again."};
}

Refusal Quarantined() {
  return {reason::kTimeout,
          "An earlier call of this model has not returned in its time. The model is left out until it does, or is loaded again."};
}

Refusal AllStuck(int stuck) {
  return {reason::kTimeout, std::to_string(stuck) +
                                " threads are stuck in models that do not return, and no more are started. End the process, and "
                                "mend or remove those models before it starts again."};
}

}  // namespace

Pool& Pool::Instance() {
  static Pool* const pool = new Pool;
  return *pool;
}

void Pool::Reserve(int threads) {
  const Lock lock(mutex_);
  threads_max_ = std::max(threads_max_, threads);
}

void Pool::Submit(std::shared_ptr<Call> call) {
  const Lock lock(mutex_);
  if (call->quarantine_ != nullptr && call->quarantine_->stuck_calls > 0) {
    const Refusal refusal = Quarantined();
    return AnswerOnce(*call, &refusal);
  }
  queue_.push_back(std::move(call));
  StartThreads();
  work_.notify_one();
}

void Pool::Abandon(const std::shared_ptr<Call>& call, const Refusal& refusal) {
  const Lock lock(mutex_);
  std::erase(queue_, call);
  AnswerOnce(*call, &refusal);
}

void Pool::AbandonAll(const void* owner) {
  const Lock lock(mutex_);
  std::erase_if(queue_, [&](const auto& call) { return call->owner_ == owner; });
  for (const auto& call : running_) {
    if (call->owner_ != owner) continue;
    call->is_answered_ = true;
    call->is_abandoned_ = true;
    call->deadline_ = std::min(call->deadline_, Call::Clock::now() + kOrphanTime);
    WakeWatchFor(*call);
  }
}

bool Pool::IsBusy() {
  Pool& pool = Instance();
  const Lock lock(pool.mutex_, std::try_to_lock);
  return !lock.owns_lock() || !pool.running_.empty() || !pool.queue_.empty();
}

void Pool::Serve() {
  PrepareThread();
  Lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [&] { return !queue_.empty(); });
    std::shared_ptr<Call> call = std::move(queue_.front());
    queue_.pop_front();
    Start(call);
    lock.unlock();
    call->Run();
    lock.lock();
    const bool is_replaced = Finish(call);
    lock.unlock();
    call.reset();  // may free a model: not under the lock
    if (is_replaced) return;
    lock.lock();
  }
}

void Pool::Start(const std::shared_ptr<Call>& call) {
  call->thread_id_ = CurrentThreadId();
  call->deadline_ = Call::Clock::now() + call->timeout_;
  running_.push_back(call);
  WakeWatchFor(*call);
}

void Pool::WakeWatchFor(const Call& call) {
  if (call.deadline_ >= watch_wakes_at_) return;  // it will look in time anyway
  watch_wakes_at_ = call.deadline_;
  watch_.notify_one();
}

// @returns whether this thread's place was given to another while it was away.
bool Pool::Finish(const std::shared_ptr<Call>& call) {
  running_.remove(call);
  if (!call->is_stuck_) {
    AnswerOnce(*call, nullptr);
    return false;
  }
  --stuck_;
  if (call->quarantine_ != nullptr) --call->quarantine_->stuck_calls;
  return true;
}

void Pool::Watch() {
  Lock lock(mutex_);
  for (;;) {
    const auto now = Call::Clock::now();
    watch_wakes_at_ = Call::Clock::time_point::max();
    for (const auto& call : running_) {
      if (call->is_stuck_) continue;
      if (call->deadline_ <= now) {
        const Refusal refusal = TimedOut(call->timeout_);
        AnswerOnce(*call, &refusal);
        WriteOff(call);
      } else {
        watch_wakes_at_ = std::min(watch_wakes_at_, call->deadline_);
      }
    }
    StartThreads();
    if (watch_wakes_at_ == Call::Clock::time_point::max()) {
      watch_.wait(lock);
    } else {
      watch_.wait_until(lock, watch_wakes_at_);
    }
  }
}

void Pool::WriteOff(const std::shared_ptr<Call>& call) {
  if (call->is_stuck_) return;
  call->is_stuck_ = true;
  ++stuck_;
  --threads_;
  MakeGiveWay(call->thread_id_);
  if (call->quarantine_ == nullptr) return;
  ++call->quarantine_->stuck_calls;
  RefuseQueued(Quarantined(), call->quarantine_.get());
}

void Pool::AnswerOnce(Call& call, const Refusal* refusal) {
  if (call.is_answered_) return;
  call.is_answered_ = true;
  call.is_abandoned_ = refusal != nullptr;
  call.Answer(refusal);
}

// `only`: of that model; null: of all.
void Pool::RefuseQueued(const Refusal& refusal, const Quarantine* only) {
  std::erase_if(queue_, [&](const auto& call) {
    if (only != nullptr && call->quarantine_.get() != only) return false;
    AnswerOnce(*call, &refusal);
    return true;
  });
}

// As many threads as there is work for, and as may be.
void Pool::StartThreads() {
  try {
    if (!is_watched_) {
      std::thread(&Pool::Watch, this).detach();
      is_watched_ = true;
    }
    const auto free = [&] { return threads_ - (static_cast<int>(running_.size()) - stuck_); };
    while (threads_ < threads_max_ && stuck_ <= kStuckMax && free() < static_cast<int>(queue_.size())) {
      std::thread(&Pool::Serve, this).detach();
      ++threads_;
    }
    if (threads_ == 0) RefuseQueued(AllStuck(stuck_), nullptr);
  } catch (const std::system_error& error) {
    if (threads_ == 0 || !is_watched_) {
      RefuseQueued({reason::kNativeUnavailable, std::string("No thread could be started for libtorch: ") + error.what() + "."}, nullptr);
    }
  }
}

}  // namespace chronode
