// One JavaScript environment (the main thread's, or a worker's) as other threads may see it: a place to send answers to,
// for as long as it lives.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <mutex>

namespace chronode {

class Environment final : public std::enable_shared_from_this<Environment> {
 public:
  using Answer = std::function<void(Napi::Env)>;

  // JavaScript thread. `on_end` runs there, too, when the environment ends: at the end of a worker and at the normal end
  // of the process, but not at process.exit().
  static std::shared_ptr<Environment> Create(Napi::Env env, std::function<void(const Environment&)> on_end);

  // Any thread. Runs `answer` later on the JavaScript thread, or never when the environment ends before. What it owns
  // may be freed on any thread, so it may own nothing of JavaScript.
  void Post(Answer answer);

  // JavaScript thread. While something is held, the event loop does not end by itself.
  void Hold();
  void Release();

 private:
  Environment(Napi::Env env, std::function<void(const Environment&)> on_end) : env_(env), on_end_(std::move(on_end)) {}

  static void Call(napi_env env, napi_value, void*, void* data);
  static void End(void* environment);

  const napi_env env_;
  const std::function<void(const Environment&)> on_end_;
  int held_ = 0;

  std::mutex mutex_;
  bool is_alive_ = true;  // guarded by mutex_: after the end the function below is gone
  napi_threadsafe_function function_ = nullptr;
};

}  // namespace chronode
