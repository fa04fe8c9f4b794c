#include "native/kernels/populate.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "native/node/arguments.h"

#if defined(__linux__)
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

namespace chronode {

namespace {

// How often a thread looks whether it is to stop, in bytes: a large page of the system.
constexpr uintptr_t kStep = 2 * 1024 * 1024;

#if defined(__linux__)
uintptr_t PageBytes() { return static_cast<uintptr_t>(sysconf(_SC_PAGESIZE)); }

void AskForLargePages(uintptr_t first, uintptr_t end) {
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
}

// Of this thread alone, on Linux: those that the event loop waits for come first.
void GiveWay() { setpriority(PRIO_PROCESS, 0, 10); }
#else
uintptr_t PageBytes() { return 4096; }

void AskForLargePages(uintptr_t, uintptr_t) {}

void GiveWay() {}
#endif

// Writes a zero where there is one already, at once: what somebody else writes at that moment is never lost. A page is what it was, and there.
void Touch(uintptr_t page) {
  uint32_t zero = 0;
  __atomic_compare_exchange_n(reinterpret_cast<uint32_t*>(page), &zero, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

}  // namespace

// Whole pages within an array, and the thread that goes through them.
//
// It writes to them, where Linux could be told to lay them out (MADV_POPULATE_WRITE): that call keeps all others from changing the map of
// the process, and V8 does so all the time. The event loop then waited for 70 ms instead of 35 while a matrix was built.
class Layout final {
 public:
  Layout(const void* data, size_t bytes) {
    const auto start = reinterpret_cast<uintptr_t>(data);
    first_ = (start + page_bytes_ - 1) / page_bytes_ * page_bytes_;
    end_ = (start + bytes) / page_bytes_ * page_bytes_;
    AskForLargePages(first_, end_);
  }

  void Work() {
    GiveWay();
    for (uintptr_t page = first_; page < end_; page += page_bytes_) {
      if (page % kStep == 0 && is_stopped_) break;
      Touch(page);
    }
    {
      const std::lock_guard lock(mutex_);
      has_left_ = true;
    }
    left_.notify_all();
  }

  void Stop() { is_stopped_ = true; }

  void WaitUntilLeft() {
    std::unique_lock lock(mutex_);
    left_.wait(lock, [this] { return has_left_; });
  }

 private:
  const uintptr_t page_bytes_ = PageBytes();
  uintptr_t first_;
  uintptr_t end_;
  std::atomic<bool> is_stopped_ = false;
  std::mutex mutex_;
  std::condition_variable left_;
  bool has_left_ = false;  // guarded by mutex_
};

void Populating::Start(const Napi::CallbackInfo& info) {
  const Napi::Value memory = info[0];
  if (!memory.IsTypedArray() || memory.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) {
    throw ArgumentError(info.Env(), "memory", "a Float32Array");
  }
  const auto floats = memory.As<Napi::Float32Array>();
  const auto layout = std::make_shared<Layout>(floats.Data(), floats.ByteLength());
  const uint32_t ticket = ++last_ticket_;
  try {
    std::thread([this, environment = environment_, ticket, layout] {
      layout->Work();
      environment->Post([this, ticket](Napi::Env) { calls_.erase(ticket); });
    }).detach();
  } catch (const std::system_error&) {
    return;  // no thread is to be had: then whoever writes first lays it out
  }
  calls_.emplace(ticket, Call{layout, Napi::Persistent(memory.As<Napi::Object>())});
}

void Populating::StopAll() {
  for (const auto& [ticket, call] : calls_) call.layout->Stop();
  for (const auto& [ticket, call] : calls_) call.layout->WaitUntilLeft();
}

}  // namespace chronode
