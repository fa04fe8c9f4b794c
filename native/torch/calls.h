// The native calls that JavaScript can make: each is a promise, answered from a thread of the pool.
#pragma once

#include <napi.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "native/node/environment.h"
#include "native/torch/model.h"
#include "native/torch/pool.h"

namespace chronode {

// A model as JavaScript holds it: by number.
struct LoadedModel {
  std::shared_ptr<Model> model;
  std::shared_ptr<Quarantine> quarantine = std::make_shared<Quarantine>();
};

class PromiseCall;

// What one environment has loaded and what it waits for. JavaScript thread only.
struct Addon {
  std::shared_ptr<Environment> environment;
  std::unordered_map<int64_t, LoadedModel> models;
  std::unordered_map<int64_t, std::shared_ptr<PromiseCall>> calls;  // by the number that JavaScript gave them
  int64_t models_made = 0;
};

// Its promise resolves with what Run found, or with { reason, message } when it was refused.
class PromiseCall : public Call, public std::enable_shared_from_this<PromiseCall> {
 public:
  PromiseCall(Napi::Env env, int64_t ticket, std::chrono::milliseconds timeout, std::shared_ptr<Quarantine> quarantine);

  // JavaScript thread.
  static Napi::Promise Submit(const std::shared_ptr<PromiseCall>& call, Napi::Env env);

  void Answer(const Refusal* refusal) final;

 protected:
  // JavaScript thread: what Run found.
  virtual Napi::Value Result(Napi::Env env) = 0;

 private:
  void Settle(Napi::Env env, const std::optional<Refusal>& refusal);

  const std::shared_ptr<Environment> environment_;
  const int64_t ticket_;
  const Napi::Promise::Deferred deferred_;
};

// Makes libtorch ready. -> { devices }
class StartCall final : public PromiseCall {
 public:
  using PromiseCall::PromiseCall;
  void Run() noexcept override;

 private:
  Napi::Value Result(Napi::Env env) override;

  std::vector<std::string> devices_;
};

// -> { model, device, warning }, or { reason, message }
class LoadCall final : public PromiseCall {
 public:
  LoadCall(Napi::Env env, int64_t ticket, std::chrono::milliseconds timeout, std::string archive, ModuleOptions options)
      : PromiseCall(env, ticket, timeout, nullptr), archive_(std::move(archive)), options_(std::move(options)) {}
  void Run() noexcept override;

 private:
  Napi::Value Result(Napi::Env env) override;

  std::string archive_;
  const ModuleOptions options_;
  std::shared_ptr<Model> model_;
  std::string error_;
};

// -> { vectors: Float32Array [B, K, D], refused: [{ item, reason, message }], servedSingly }
class PredictCall final : public PromiseCall {
 public:
  // Copies the batch.
  PredictCall(Napi::Env env, int64_t ticket, std::chrono::milliseconds timeout, const LoadedModel& loaded, const Batch& batch);
  void Run() noexcept override;

 private:
  Napi::Value Result(Napi::Env env) override;

  const std::shared_ptr<Model> model_;
  const std::vector<float> trajectories_;
  const std::vector<float> targets_;
  const Batch batch_;
  Answers answers_;
};

}  // namespace chronode
