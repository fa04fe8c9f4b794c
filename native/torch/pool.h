// The threads that run models: few, our own (never libuv's), and replaceable, since a thread inside TorchScript cannot be
// stopped. Knows neither JavaScript nor libtorch.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <mutex>

#include "native/torch/refusal.h"

namespace chronode {

// Shared by the calls of one model: while one of them is stuck, the others are refused.
struct Quarantine {
  int stuck_calls = 0;  // guarded by the pool
};

// One native call. It is answered exactly once, or never when whom it is for is gone.
class Call {
 public:
  using Clock = std::chrono::steady_clock;

  Call(const void* owner, std::chrono::milliseconds timeout, std::shared_ptr<Quarantine> quarantine)
      : owner_(owner), timeout_(timeout), quarantine_(std::move(quarantine)) {}
  virtual ~Call() = default;

  // On a thread of the pool; does not throw. What it found is kept for Answer.
  virtual void Run() noexcept = 0;

  // Any thread. Without a refusal: what Run found.
  virtual void Answer(const Refusal* refusal) = 0;

 protected:
  // Nobody waits for it any more; Run may stop where it can.
  const std::atomic<bool>& is_abandoned() const { return is_abandoned_; }

 private:
  friend class Pool;

  const void* const owner_;
  const std::chrono::milliseconds timeout_;  // from its start, not from its waiting
  const std::shared_ptr<Quarantine> quarantine_;
  std::atomic<bool> is_abandoned_{false};

  // Guarded by the pool.
  bool is_answered_ = false;
  bool is_stuck_ = false;
  int thread_id_ = 0;
  Clock::time_point deadline_;
};

class Pool final {
 public:
  // Made at the first use and never freed: its threads outlive everything.
  static Pool& Instance();

  // From now on at least `threads` of them may run at once.
  void Reserve(int threads);

  void Submit(std::shared_ptr<Call> call);

  // Answers a call before its time, with `refusal`. One that runs goes on, and is still watched.
  void Abandon(const std::shared_ptr<Call>& call, const Refusal& refusal);

  // Forgets all calls of an owner that is gone. Those that run on soon lose their threads.
  void AbandonAll(const void* owner);

  // Whether a thread may be inside a model now; also true when that cannot be told.
  static bool IsBusy();

 private:
  using Lock = std::unique_lock<std::mutex>;

  void Serve();
  void Watch();
  void Start(const std::shared_ptr<Call>& call);
  bool Finish(const std::shared_ptr<Call>& call);
  void WakeWatchFor(const Call& call);
  void WriteOff(const std::shared_ptr<Call>& call);
  void AnswerOnce(Call& call, const Refusal* refusal);
  void RefuseQueued(const Refusal& refusal, const Quarantine* only);
  void StartThreads();

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable watch_;
  // All guarded by mutex_.
  std::deque<std::shared_ptr<Call>> queue_;
  std::list<std::shared_ptr<Call>> running_;
  int threads_max_ = 1;
  int threads_ = 0;  // that serve, stuck ones not counted
  int stuck_ = 0;
  bool is_watched_ = false;
  Call::Clock::time_point watch_wakes_at_ = Call::Clock::time_point::max();
};

}  // namespace chronode
