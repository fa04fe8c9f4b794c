// chronode_torch: TorchScript models on libtorch.
#include <napi.h>

#include "native/node/addon_interface.h"
#include "native/node/arguments.h"
#include "native/node/exit_hook.h"
#include "native/torch/calls.h"
#include "native/torch/libtorch.h"

namespace chronode {
namespace {

constexpr int64_t kCountMax = int64_t{1} << 40;

std::chrono::milliseconds TimeoutOf(const Napi::CallbackInfo& info, size_t index) {
  return std::chrono::milliseconds(IntegerOf(info, index, "timeoutMs", 1, kCountMax));
}

int64_t TicketOf(const Napi::CallbackInfo& info, size_t index) { return IntegerOf(info, index, "ticket", 1, kCountMax); }

// reserve(threads): at least so many calls may run at once from now on, in the whole process.
void Reserve(const Napi::CallbackInfo& info) { Pool::Instance().Reserve(static_cast<int>(IntegerOf(info, 0, "threads", 1, 1024))); }

// start(timeoutMs, ticket) -> Promise<{ devices } | { reason, message }>
Napi::Value Start(const Napi::CallbackInfo& info) {
  return PromiseCall::Submit(std::make_shared<StartCall>(info.Env(), TicketOf(info, 1), TimeoutOf(info, 0), nullptr), info.Env());
}

// load(bytes, device, manyTargets, timeoutMs, ticket) -> Promise<{ model, device, warning } | { reason, message }>
Napi::Value Load(const Napi::CallbackInfo& info) {
  auto bytes = BytesOf(info, 0, "bytes");
  ModuleOptions options{TextOf(info, 1, "device"), FlagOf(info, 2, "manyTargets")};
  if (options.device != "auto" && options.device != "cpu" && options.device != "cuda") {
    throw ArgumentError(info.Env(), "device", "'auto', 'cpu' or 'cuda'");
  }
  std::string archive(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
  return PromiseCall::Submit(
      std::make_shared<LoadCall>(info.Env(), TicketOf(info, 4), TimeoutOf(info, 3), std::move(archive), std::move(options)), info.Env());
}

// predict(model, trajectories, targets, count, length, width, targetsPerItem, timeoutMs, ticket)
//   -> Promise<{ vectors, refused, servedSingly } | { reason, message }>
Napi::Value Predict(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto& models = env.GetInstanceData<Addon>()->models;
  const auto loaded = models.find(IntegerOf(info, 0, "model", 1, kCountMax));
  if (loaded == models.end()) throw ArgumentError(env, "model", "one that is loaded and not disposed of");
  constexpr int64_t kSizeMax = INT32_MAX;
  const int64_t count = IntegerOf(info, 3, "count", 1, kSizeMax);
  const int64_t length = IntegerOf(info, 4, "length", 1, kSizeMax);
  const int64_t width = IntegerOf(info, 5, "width", 2, kSizeMax);
  const int64_t targets_per_item = IntegerOf(info, 6, "targetsPerItem", 1, loaded->second.model->module().many_targets() ? kSizeMax : 1);
  // Dividing instead of multiplying: the product of three such numbers may not fit.
  if (count > kCountMax / length / width) throw ArgumentError(env, "count", "smaller for such a length and width");
  auto trajectories = FloatsOf(info, 1, "trajectories", count * length * width);
  auto targets = FloatsOf(info, 2, "targets", count * targets_per_item);
  const Batch batch{count, length, width, targets_per_item, trajectories.Data(), targets.Data()};
  return PromiseCall::Submit(std::make_shared<PredictCall>(env, TicketOf(info, 8), TimeoutOf(info, 7), loaded->second, batch), env);
}

// abandon(ticket): answers that call now with reason `timeout`, if it is still open.
void Abandon(const Napi::CallbackInfo& info) {
  const auto& calls = info.Env().GetInstanceData<Addon>()->calls;
  const auto call = calls.find(TicketOf(info, 0));
  if (call != calls.end()) Pool::Instance().Abandon(call->second, {reason::kTimeout, "The caller stopped waiting for this prediction."});
}

// dispose(model): its weights are freed when the last call that uses them ends.
void Dispose(const Napi::CallbackInfo& info) { info.Env().GetInstanceData<Addon>()->models.erase(IntegerOf(info, 0, "model", 1, kCountMax)); }

Napi::Value SelfTestOf(const Napi::CallbackInfo& info) {
  const SelfTest result = RunSelfTest();
  auto object = Napi::Object::New(info.Env());
  object.Set("error", result.error);
  object.Set("library", result.library);
  object.Set("version", TorchVersion());
  return object;
}

void ArmExit([[maybe_unused]] const Napi::CallbackInfo& info) {
#ifndef __GLIBC__
  AddExitHook<Pool::IsBusy>(static_cast<int>(IntegerOf(info, 0, "code", INT32_MIN, INT32_MAX)));
#endif
}

void GuardExit() {
#ifdef __GLIBC__
  [[maybe_unused]] static const bool once = (AddExitHook<Pool::IsBusy>(), true);
#endif
}

}  // namespace

Napi::Object InitTorch(Napi::Env env, Napi::Object exports) {
  GuardExit();
  auto* addon = new Addon;
  env.SetInstanceData<Addon>(addon);
  // The owner's address stays that of no other environment while calls of it are known: they share it.
  addon->environment = Environment::Create(env, [](const Environment& gone) { Pool::Instance().AbandonAll(&gone); });
  exports.Set("interface", kAddonInterface);
  exports.Set("version", TorchVersion());
  exports.Set("reserve", Napi::Function::New(env, Reserve, "reserve"));
  exports.Set("start", Napi::Function::New(env, Start, "start"));
  exports.Set("load", Napi::Function::New(env, Load, "load"));
  exports.Set("predict", Napi::Function::New(env, Predict, "predict"));
  exports.Set("abandon", Napi::Function::New(env, Abandon, "abandon"));
  exports.Set("dispose", Napi::Function::New(env, Dispose, "dispose"));
  exports.Set("selfTest", Napi::Function::New(env, SelfTestOf, "selfTest"));
  exports.Set("armExit", Napi::Function::New(env, ArmExit, "armExit"));
  return exports;
}

}  // namespace chronode

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return chronode::InitTorch(env, exports); }
NODE_API_MODULE(chronode_torch, Init)
