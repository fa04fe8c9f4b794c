#include "native/node/environment.h"

namespace chronode {

std::shared_ptr<Environment> Environment::Create(Napi::Env env, std::function<void(const Environment&)> on_end) {
  std::shared_ptr<Environment> environment(new Environment(env, std::move(on_end)));
  const auto name = Napi::String::New(env, "chronode");
  napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, Call,
                                                       &environment->function_);
  if (status != napi_ok) throw Napi::Error::New(env);
  napi_unref_threadsafe_function(env, environment->function_);
  // Hooks run last in, first out: ours, added after the function's own, still finds it.
  napi_add_env_cleanup_hook(env, End, new std::shared_ptr<Environment>(environment));
  return environment;
}

void Environment::Post(Answer answer) {
  auto data = std::make_unique<Answer>(std::move(answer));
  const std::lock_guard lock(mutex_);
  if (!is_alive_) return;
  if (napi_call_threadsafe_function(function_, data.get(), napi_tsfn_nonblocking) == napi_ok) data.release();
}

void Environment::Hold() {
  if (held_++ == 0) napi_ref_threadsafe_function(env_, function_);
}

void Environment::Release() {
  if (--held_ == 0) napi_unref_threadsafe_function(env_, function_);
}

void Environment::Call(napi_env env, napi_value, void*, void* data) {
  const std::unique_ptr<Answer> answer(static_cast<Answer*>(data));
  if (env == nullptr) return;  // the environment is going: nobody is left to answer
  const Napi::HandleScope scope(env);
  try {
    (*answer)(Napi::Env(env));
  } catch (const Napi::Error&) {
    // Thrown where JavaScript cannot run any more: a worker was terminated between two of our calls.
  }
}

void Environment::End(void* data) {
  const std::unique_ptr<std::shared_ptr<Environment>> environment(static_cast<std::shared_ptr<Environment>*>(data));
  {
    const std::lock_guard lock((*environment)->mutex_);
    (*environment)->is_alive_ = false;
  }
  (*environment)->on_end_(**environment);
}

}  // namespace chronode
