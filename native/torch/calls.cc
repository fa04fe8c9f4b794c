#include "native/torch/calls.h"

#include <cstring>

#include "native/torch/libtorch.h"

namespace chronode {
namespace {

Napi::Object ToJs(Napi::Env env, const Refusal& refusal) {
  auto object = Napi::Object::New(env);
  object.Set("reason", refusal.reason);
  object.Set("message", refusal.message);
  return object;
}

std::shared_ptr<Environment> EnvironmentOf(Napi::Env env) { return env.GetInstanceData<Addon>()->environment; }

}  // namespace

PromiseCall::PromiseCall(Napi::Env env, int64_t ticket, std::chrono::milliseconds timeout, std::shared_ptr<Quarantine> quarantine)
    : Call(EnvironmentOf(env).get(), timeout, std::move(quarantine)),
      environment_(EnvironmentOf(env)),
      ticket_(ticket),
      deferred_(Napi::Promise::Deferred::New(env)) {}

Napi::Promise PromiseCall::Submit(const std::shared_ptr<PromiseCall>& call, Napi::Env env) {
  env.GetInstanceData<Addon>()->calls.emplace(call->ticket_, call);
  call->environment_->Hold();
  Pool::Instance().Submit(call);
  return call->deferred_.Promise();
}

void PromiseCall::Answer(const Refusal* refusal) {
  environment_->Post([self = shared_from_this(), kept = refusal == nullptr ? std::optional<Refusal>() : *refusal](Napi::Env env) {
    self->Settle(env, kept);
  });
}

void PromiseCall::Settle(Napi::Env env, const std::optional<Refusal>& refusal) {
  environment_->Release();
  env.GetInstanceData<Addon>()->calls.erase(ticket_);
  try {
    deferred_.Resolve(refusal ? ToJs(env, *refusal) : Result(env));
  } catch (const Napi::Error& error) {
    deferred_.Reject(error.Value());  // no memory for the answer, for example
  }
}

void StartCall::Run() noexcept {
  PrepareProcess();
  devices_ = TorchDevices();
}

Napi::Value StartCall::Result(Napi::Env env) {
  auto devices = Napi::Array::New(env, devices_.size());
  for (uint32_t i = 0; i < devices_.size(); i++) devices.Set(i, devices_[i]);
  auto result = Napi::Object::New(env);
  result.Set("devices", devices);
  return result;
}

void LoadCall::Run() noexcept {
  try {
    model_ = std::make_shared<Model>(archive_, options_);
  } catch (const std::exception& error) {
    error_ = error.what();
  }
  std::string().swap(archive_);
}

Napi::Value LoadCall::Result(Napi::Env env) {
  if (model_ == nullptr) return ToJs(env, {reason::kModelInvalid, error_});
  Addon& addon = *env.GetInstanceData<Addon>();
  const int64_t number = ++addon.models_made;
  auto result = Napi::Object::New(env);
  result.Set("model", static_cast<double>(number));
  result.Set("device", model_->module().device());
  result.Set("warning", model_->module().device_warning());
  addon.models.emplace(number, LoadedModel{std::move(model_)});
  return result;
}

PredictCall::PredictCall(Napi::Env env, int64_t ticket, std::chrono::milliseconds timeout, const LoadedModel& loaded, const Batch& batch)
    : PromiseCall(env, ticket, timeout, loaded.quarantine),
      model_(loaded.model),
      trajectories_(batch.trajectories, batch.trajectories + batch.count * batch.length * batch.width),
      targets_(batch.targets, batch.targets + batch.count * batch.targets_per_item),
      batch_{batch.count, batch.length, batch.width, batch.targets_per_item, trajectories_.data(), targets_.data()} {}

void PredictCall::Run() noexcept {
  try {
    answers_ = model_->Predict(batch_, is_abandoned());
  } catch (const std::exception& error) {  // no memory for the answers, for example
    answers_ = {};
    for (int64_t item = 0; item < batch_.count; item++) answers_.refused.push_back({item, {reason::kInferenceFailed, error.what()}});
  }
}

Napi::Value PredictCall::Result(Napi::Env env) {
  auto vectors = Napi::Float32Array::New(env, answers_.vectors.size());
  std::memcpy(vectors.Data(), answers_.vectors.data(), answers_.vectors.size() * sizeof(float));
  auto refused = Napi::Array::New(env, answers_.refused.size());
  for (uint32_t i = 0; i < answers_.refused.size(); i++) {
    auto one = ToJs(env, answers_.refused[i].refusal);
    one.Set("item", static_cast<double>(answers_.refused[i].item));
    refused.Set(i, one);
  }
  auto result = Napi::Object::New(env);
  result.Set("vectors", vectors);
  result.Set("refused", refused);
  result.Set("servedSingly", model_->is_served_singly());
  return result;
}

}  // namespace chronode
