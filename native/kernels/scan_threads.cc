#include "native/kernels/scan_threads.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

namespace chronode {
namespace {

// More are of no use to anybody: memory is the limit.
constexpr int kThreadsMax = 64;

class ScanThreads final {
 public:
  void Add(const std::shared_ptr<Scan>& scan, int count) {
    std::unique_lock lock(mutex_);
    waiting_.insert(waiting_.end(), count, scan);
    StartThreads();
    const bool is_alone = thread_count_ == 0;
    if (is_alone) waiting_.clear();
    lock.unlock();
    if (is_alone) {
      scan->Work();
    } else {
      changed_.notify_all();
    }
  }

 private:
  void StartThreads() {
    try {
      while (idle_ + starting_ < static_cast<int>(waiting_.size()) && thread_count_ < kThreadsMax) {
        std::thread([this] { Serve(); }).detach();
        thread_count_++;
        starting_++;
      }
    } catch (const std::system_error&) {
      // Then those that are there do it.
    }
  }

  [[noreturn]] void Serve() {
    std::unique_lock lock(mutex_);
    starting_--;
    for (;;) {
      idle_++;
      changed_.wait(lock, [this] { return !waiting_.empty(); });
      idle_--;
      std::shared_ptr<Scan> scan = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      scan->Work();
      scan.reset();  // the memory of its answer
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Scan>> waiting_;  // once for each thread that may take part
  int thread_count_ = 0;
  int starting_ = 0;
  int idle_ = 0;
};

}  // namespace

void ScanOnThreads(const std::shared_ptr<Scan>& scan, int count) {
  static auto* const threads = new ScanThreads;  // never freed: its threads outlive every destructor
  threads->Add(scan, count);
}

}  // namespace chronode
