// chronode_kernels: what is worth doing natively without libtorch.
#include <napi.h>

#include "native/kernels/preload.h"
#include "native/kernels/simd.h"
#include "native/node/addon_interface.h"
#include "native/node/arguments.h"
#include "native/node/environment.h"

namespace chronode {
namespace {

using Shared = std::shared_ptr<Environment>;

Napi::Value PreloadLibrary(const Napi::CallbackInfo& info) {
  return Preload(info.Env(), *info.Env().GetInstanceData<Shared>(), TextOf(info, 0, "path"));
}

void ArmExit(const Napi::CallbackInfo& info) { GuardExitWhileLoading(static_cast<int>(IntegerOf(info, 0, "code", INT32_MIN, INT32_MAX))); }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData<Shared>(new Shared(Environment::Create(env, [](const Environment&) { GuardExitWhileLoading(0); })));
  exports.Set("interface", kAddonInterface);
  exports.Set("simd", WidestSimd());
  exports.Set("preload", Napi::Function::New(env, PreloadLibrary, "preload"));
  exports.Set("armExit", Napi::Function::New(env, ArmExit, "armExit"));
  return exports;
}

}  // namespace
}  // namespace chronode

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return chronode::Init(env, exports); }
NODE_API_MODULE(chronode_kernels, Init)
