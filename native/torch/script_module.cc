#include "native/torch/script_module.h"

#include <ATen/ops/from_blob.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/cuda.h>

#include <sstream>

#include "native/torch/error_text.h"
#include "native/torch/refusal.h"

namespace chronode {
namespace {

// The words of anything that libtorch threw, without its backtrace.
std::string WordsOf(const std::exception& error) {
  const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
  return TellingLine(of_torch == nullptr ? error.what() : of_torch->what_without_backtrace());
}

torch::jit::Module Read(const std::string& archive) {
  std::istringstream in(archive);
  auto module = torch::jit::load(in, c10::Device(c10::kCPU));
  module.eval();
  return module;
}

// Refuses what cannot be called as forward(trajectory, target).
torch::jit::Method ForwardOf(const torch::jit::Module& module) {
  const auto method = module.find_method("forward");
  if (!method) throw ModelError("This TorchScript module has no method forward(trajectory, target).");
  const auto& schema = method->function().getSchema();
  std::ostringstream met;
  size_t required = 0;
  for (size_t i = 1; i < schema.arguments().size(); i++) {  // 0 is self
    const auto& argument = schema.arguments()[i];
    met << (i > 1 ? ", " : "") << argument.name() << ": " << argument.type()->annotation_str();
    if (!argument.default_value()) required++;
  }
  const auto takes_tensor = [&](size_t i) { return c10::TensorType::get()->isSubtypeOf(schema.arguments()[i].type()); };
  if (schema.arguments().size() < 3 || required > 2 || !takes_tensor(1) || !takes_tensor(2)) {
    throw ModelError("A model is called as forward(trajectory, target), two tensors; this one is forward(" + met.str() + ").");
  }
  return *method;
}

std::string ShapeText(c10::IntArrayRef sizes) {
  std::ostringstream text;
  text << "[";
  for (size_t i = 0; i < sizes.size(); i++) text << (i > 0 ? ", " : "") << sizes[i];
  text << "]";
  return text.str();
}

Output WrongShape(const std::vector<int64_t>& expected, const std::string& met) {
  return {Output::Kind::kWrongShape, {}, "forward should answer float " + ShapeText(expected) + "; it answered " + met + "."};
}

// A copy of the answer as float32 on the CPU, if it is what it should be.
Output VectorsOf(const c10::IValue& answer, const std::vector<int64_t>& expected) {
  if (!answer.isTensor()) return WrongShape(expected, "a " + answer.tagKind());
  const at::Tensor& tensor = answer.toTensor();
  if (!tensor.defined() || tensor.layout() != c10::kStrided) return WrongShape(expected, "a tensor that is not dense");
  const std::string met = std::string(c10::toString(tensor.scalar_type())) + " " + ShapeText(tensor.sizes());
  if (!at::isFloatingType(tensor.scalar_type()) || tensor.sizes() != expected) return WrongShape(expected, met);
  const at::Tensor vectors = tensor.to(c10::kCPU, c10::kFloat).contiguous();
  const float* data = vectors.data_ptr<float>();
  return {Output::Kind::kVectors, std::vector<float>(data, data + vectors.numel()), {}};
}

}  // namespace

struct ScriptModule::Torch {
  torch::jit::Module module;
  torch::jit::Method forward;
  c10::Device device;
};

ScriptModule::ScriptModule(const std::string& archive, const ModuleOptions& options)
    : many_targets_(options.many_targets), device_("cpu") {
  const c10::InferenceMode guard;
  try {
    torch::jit::Module module = Read(archive);
    torch::jit::Method forward = ForwardOf(module);
    torch_ = std::make_unique<Torch>(Torch{std::move(module), std::move(forward), c10::Device(c10::kCPU)});
    if (options.device != "cpu") MoveToCuda(archive, options.device == "cuda");
  } catch (const ModelError&) {
    throw;
  } catch (const std::exception& error) {
    throw ModelError("libtorch cannot read it as TorchScript: " + WordsOf(error));
  }
}

// Leaves it on the CPU where that fails; with a warning when CUDA was demanded.
void ScriptModule::MoveToCuda(const std::string& archive, bool is_demanded) {
  const auto stay = [&](const std::string& why) {
    if (is_demanded) device_warning_ = "CUDA was demanded, the model runs on the CPU: " + why + ".";
  };
  if (!torch::cuda::is_available()) return stay("libtorch finds no CUDA device here");
  const c10::Device cuda(c10::kCUDA, 0);
  try {
    torch::jit::Module module = Read(archive);  // another copy: a move that fails halfway must not spoil the first
    module.to(cuda);
    torch::jit::Method forward = ForwardOf(module);
    torch_ = std::make_unique<Torch>(Torch{std::move(module), std::move(forward), cuda});
    device_ = cuda.str();
  } catch (const std::exception& error) {
    stay(WordsOf(error));
  }
}

ScriptModule::~ScriptModule() = default;

Output ScriptModule::Forward(const Batch& batch) const {
  const c10::InferenceMode guard;
  std::vector<int64_t> expected{batch.count, batch.dimension()};
  if (many_targets_) expected.insert(expected.begin() + 1, batch.targets_per_item);
  try {
    // A module may write into its inputs: it gets copies, so that a second try meets the same numbers.
    const auto tensor = [&](const float* data, std::vector<int64_t> sizes) {
      return at::from_blob(const_cast<float*>(data), sizes).to(torch_->device, c10::kFloat, false, true);
    };
    auto trajectory = tensor(batch.trajectories, {batch.count, batch.length, batch.width});
    auto target = tensor(batch.targets, {batch.count, batch.targets_per_item});
    return VectorsOf(torch_->forward({std::move(trajectory), std::move(target)}), expected);
  } catch (const std::exception& error) {
    return {Output::Kind::kThrew, {}, WordsOf(error)};
  }
}

}  // namespace chronode
