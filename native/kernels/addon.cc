// chronode_kernels: what is worth doing natively without libtorch.
#include <napi.h>

#include "native/kernels/preload.h"
#include "native/kernels/scan_calls.h"
#include "native/kernels/simd.h"
#include "native/node/addon_interface.h"
#include "native/node/arguments.h"
#include "native/node/environment.h"

namespace chronode {
namespace {

// What belongs to one JavaScript environment.
struct Instance {
  std::shared_ptr<Environment> environment;
  std::unique_ptr<ScanCalls> scans;
};

Instance& InstanceOf(const Napi::CallbackInfo& info) { return *info.Env().GetInstanceData<Instance>(); }

Napi::Value PreloadLibrary(const Napi::CallbackInfo& info) { return Preload(info.Env(), InstanceOf(info).environment, TextOf(info, 0, "path")); }

void ArmExit(const Napi::CallbackInfo& info) { GuardExitWhileLoading(static_cast<int>(IntegerOf(info, 0, "code", INT32_MIN, INT32_MAX))); }

Napi::Value StartScan(const Napi::CallbackInfo& info) { return InstanceOf(info).scans->Start(info); }

void StopScan(const Napi::CallbackInfo& info) { InstanceOf(info).scans->Stop(info); }

Napi::Array SimdNames(Napi::Env env) {
  const auto names = Napi::Array::New(env);
  for (const Simd& simd : Simds()) names.Set(names.Length(), simd.name);
  return names;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto* const instance = new Instance;
  env.SetInstanceData(instance);
  instance->environment = Environment::Create(env, [instance](const Environment&) {
    GuardExitWhileLoading(0);
    instance->scans->StopAll();
  });
  instance->scans = std::make_unique<ScanCalls>(instance->environment);
  exports.Set("interface", kAddonInterface);
  exports.Set("simds", SimdNames(env));
  exports.Set("simd", Simds()[0].name);
  exports.Set("scan", Napi::Function::New(env, StartScan, "scan"));
  exports.Set("stop", Napi::Function::New(env, StopScan, "stop"));
  exports.Set("streamPass", Napi::Function::New(env, StreamPass, "streamPass"));
  exports.Set("preload", Napi::Function::New(env, PreloadLibrary, "preload"));
  exports.Set("armExit", Napi::Function::New(env, ArmExit, "armExit"));
  return exports;
}

}  // namespace
}  // namespace chronode

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return chronode::Init(env, exports); }
NODE_API_MODULE(chronode_kernels, Init)
