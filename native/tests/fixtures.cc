// Makes TorchScript models from source, without Python, for the tests; and measures the bare forward.
// Built in the repository only.
#include <ATen/Parallel.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <napi.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/error_report.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <chrono>
#include <sstream>
#include <string>
#include <vector>

namespace {

c10::IValue AttributeOf(const Napi::Value& value) {
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  if (value.IsNumber()) return value.As<Napi::Number>().DoubleValue();
  if (value.IsBigInt()) {
    bool lossless = false;
    return value.As<Napi::BigInt>().Int64Value(&lossless);
  }
  throw Napi::TypeError::New(value.Env(), "an attribute should be a boolean, string, number (float) or BigInt (int)");
}

at::Tensor TensorOf(const Napi::Object& parameter) {
  std::vector<int64_t> shape;
  const auto sizes = parameter.Get("shape").As<Napi::Array>();
  for (uint32_t i = 0; i < sizes.Length(); i++) shape.push_back(sizes.Get(i).As<Napi::Number>().Int64Value());
  auto values = parameter.Get("values").As<Napi::Float32Array>();
  return at::from_blob(values.Data(), {static_cast<int64_t>(values.ElementLength())}).clone().reshape(shape);
}

template <typename Each>
void ForEach(const Napi::Value& table, Each each) {
  if (!table.IsObject()) return;
  const auto object = table.As<Napi::Object>();
  const auto names = object.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); i++) {
    const std::string name = names.Get(i).As<Napi::String>();
    each(name, object.Get(name));
  }
}

// compile(source, { attributes, parameters, extraFiles }) -> Buffer, a whole .pt archive.
Napi::Value Compile(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto options = info[1].As<Napi::Object>();
  try {
    torch::jit::Module module("__torch__.chronode.Fixture");
    module.register_attribute("training", c10::BoolType::get(), false);
    ForEach(options.Get("attributes"), [&](const std::string& name, const Napi::Value& value) {
      const auto attribute = AttributeOf(value);
      module.register_attribute(name, attribute.type(), attribute);
    });
    ForEach(options.Get("parameters"), [&](const std::string& name, const Napi::Value& value) {
      module.register_parameter(name, TensorOf(value.As<Napi::Object>()), false);
    });
    torch::jit::ExtraFilesMap extra_files;
    ForEach(options.Get("extraFiles"), [&](const std::string& name, const Napi::Value& value) {
      extra_files[name] = value.As<Napi::String>().Utf8Value();
    });
    const std::string source = info[0].As<Napi::String>();
    if (!source.empty()) module.define(source);
    std::ostringstream out;
    module.save(out, extra_files);
    const std::string bytes = out.str();
    return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
  } catch (const c10::Error& error) {
    throw Napi::Error::New(env, error.what_without_backtrace());
  } catch (const torch::jit::ErrorReport& error) {
    throw Napi::Error::New(env, error.what());
  }
}

// bench(bytes, { batch, length, dimension, warmUp, calls }) -> Float64Array, milliseconds of each call of forward alone,
// as the addon calls it: one thread, no gradients, no profiling executor.
Napi::Value Bench(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = info[0].As<Napi::Uint8Array>();
  const auto options = info[1].As<Napi::Object>();
  const auto number = [&](const char* name) { return options.Get(name).As<Napi::Number>().Int64Value(); };
  torch::jit::getExecutorMode() = true;
  torch::jit::getProfilingMode() = false;
  at::set_num_threads(1);
  const c10::InferenceMode guard;
  std::istringstream in(std::string(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength()));
  auto module = torch::jit::load(in);
  auto forward = module.get_method("forward");
  const std::vector<c10::IValue> inputs{at::rand({number("batch"), number("length"), number("dimension") + 1}),
                                        at::ones({number("batch"), 1})};
  for (int64_t i = 0; i < number("warmUp"); i++) forward(inputs);
  auto times = Napi::Float64Array::New(env, number("calls"));
  for (size_t i = 0; i < times.ElementLength(); i++) {
    const auto start = std::chrono::steady_clock::now();
    forward(inputs);
    times[i] = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  }
  return times;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("compile", Napi::Function::New(env, Compile, "compile"));
  exports.Set("bench", Napi::Function::New(env, Bench, "bench"));
  return exports;
}

}  // namespace

NODE_API_MODULE(chronode_torch_fixtures, Init)
