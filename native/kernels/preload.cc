#include "native/kernels/preload.h"

#include <dlfcn.h>

#include <atomic>
#include <thread>

#include "native/node/exit_hook.h"

namespace chronode {
namespace {

std::atomic<int> loading{0};

bool IsLoading() { return loading > 0; }

// OpenBLAS starts a thread a core when it is loaded, and splits every product of matrices among them: with several
// predictions at once that is four times slower. It can be told so only through the environment, and reads it only while
// it is loaded; so the variable is there for that moment, and only if the user did not set it.
class OneOpenBlasThread {
 public:
  OneOpenBlasThread() : is_ours_(getenv(kName) == nullptr) {
    if (is_ours_) setenv(kName, "1", 0);
  }
  void Restore() const {
    if (is_ours_) unsetenv(kName);
  }

 private:
  static constexpr const char* kName = "OPENBLAS_NUM_THREADS";
  const bool is_ours_;
};

}  // namespace

Napi::Promise Preload(Napi::Env env, const std::shared_ptr<Environment>& environment, const std::string& path) {
  const auto deferred = Napi::Promise::Deferred::New(env);
  const OneOpenBlasThread threads;
  environment->Hold();
  ++loading;
  std::thread([=] {
    // Local, not global: libtorch brings its own protobuf, fmt and BLAS, which other addons must not be bound to.
    const void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    const std::string error = library == nullptr ? dlerror() : "";
    --loading;
    environment->Post([=](Napi::Env answering) {
      threads.Restore();
      environment->Release();
      if (error.empty()) {
        deferred.Resolve(answering.Undefined());
      } else {
        deferred.Reject(Napi::Error::New(answering, error).Value());
      }
    });
  }).detach();
  return deferred.Promise();
}

void GuardExitWhileLoading(int exit_code) {
  if (IsLoading()) AddExitHook<IsLoading>(exit_code);
}

}  // namespace chronode
