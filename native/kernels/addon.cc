// chronode_kernels: what is worth doing natively without libtorch.
#include <napi.h>

#include "native/kernels/crc32.h"
#include "native/kernels/populate.h"
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
  std::unique_ptr<Populating> populating;
};

Instance& InstanceOf(const Napi::CallbackInfo& info) { return *info.Env().GetInstanceData<Instance>(); }

Napi::Value PreloadLibrary(const Napi::CallbackInfo& info) { return Preload(info.Env(), InstanceOf(info).environment, TextOf(info, 0, "path")); }

void ArmExit(const Napi::CallbackInfo& info) { GuardExitWhileLoading(static_cast<int>(IntegerOf(info, 0, "code", INT32_MIN, INT32_MAX))); }

Napi::Value StartScan(const Napi::CallbackInfo& info) { return InstanceOf(info).scans->Start(info); }

void StopScan(const Napi::CallbackInfo& info) { InstanceOf(info).scans->Stop(info); }

void PopulateMemory(const Napi::CallbackInfo& info) { InstanceOf(info).populating->Start(info); }

// The CRC-32 of a row of 0.5 KB takes 50 ns: by the C functions themselves, since the classes around them would take longer.
napi_value ComputeCrc32(napi_env env, napi_callback_info info) {
  size_t count = 2, length = 0;
  napi_value arguments[2], result;
  napi_typedarray_type type = napi_int8_array;
  void *compute = nullptr, *bytes = nullptr;
  double seed = -1;
  napi_get_cb_info(env, info, &count, arguments, nullptr, &compute);
  if (napi_get_typedarray_info(env, arguments[0], &type, &length, &bytes, nullptr, nullptr) != napi_ok || type != napi_uint8_array) {
    ArgumentError(env, "bytes", "a Uint8Array").ThrowAsJavaScriptException();
    return nullptr;
  }
  if (napi_get_value_double(env, arguments[1], &seed) != napi_ok || !(seed >= 0 && seed <= UINT32_MAX) || std::floor(seed) != seed) {
    ArgumentError(env, "seed", "a whole number from 0 to 4294967295").ThrowAsJavaScriptException();
    return nullptr;
  }
  const uint32_t checksum = reinterpret_cast<Crc32*>(compute)(static_cast<const uint8_t*>(bytes), length, static_cast<uint32_t>(seed));
  napi_create_uint32(env, checksum, &result);
  return result;
}

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
    instance->populating->StopAll();
  });
  instance->scans = std::make_unique<ScanCalls>(instance->environment);
  instance->populating = std::make_unique<Populating>(instance->environment);
  exports.Set("interface", kAddonInterface);
  exports.Set("simds", SimdNames(env));
  exports.Set("simd", Simds()[0].name);
  exports.Set("scan", Napi::Function::New(env, StartScan, "scan"));
  exports.Set("stop", Napi::Function::New(env, StopScan, "stop"));
  exports.Set("populate", Napi::Function::New(env, PopulateMemory, "populate"));
  exports.Set("streamPass", Napi::Function::New(env, StreamPass, "streamPass"));
  exports.Set("preload", Napi::Function::New(env, PreloadLibrary, "preload"));
  if (Crc32* const compute = FastCrc32()) {
    napi_value crc32;
    NAPI_THROW_IF_FAILED_VOID(env, napi_create_function(env, "crc32", NAPI_AUTO_LENGTH, ComputeCrc32, reinterpret_cast<void*>(compute), &crc32));
    exports.Set("crc32", crc32);
  }
  exports.Set("armExit", Napi::Function::New(env, ArmExit, "armExit"));
  return exports;
}

}  // namespace
}  // namespace chronode

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return chronode::Init(env, exports); }
NODE_API_MODULE(chronode_kernels, Init)
