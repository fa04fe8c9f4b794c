#include "native/torch/libtorch.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <mutex>
#include <sstream>

#include "native/torch/script_module.h"

namespace chronode {

void PrepareProcess() {
  static std::once_flag once;
  std::call_once(once, [] {
    // The profiling executor recompiles a model during its first calls (100 ms and more each), on torch 2.x for every
    // new shape; this leaves one compilation at the first call.
    torch::jit::getExecutorMode() = true;
    torch::jit::getProfilingMode() = false;
  });
}

void PrepareThread() { at::set_num_threads(1); }

const char* TorchVersion() { return TORCH_VERSION; }

std::vector<std::string> TorchDevices() {
  std::vector<std::string> devices{"cpu"};
  try {
    const auto count = torch::cuda::is_available() ? static_cast<size_t>(torch::cuda::device_count()) : 0;
    for (size_t i = 0; i < count; i++) devices.push_back("cuda:" + std::to_string(i));
  } catch (const c10::Error&) {
    // A driver that does not answer: the same as none. A model that demands CUDA is told the reason.
  }
  return devices;
}

SelfTest RunSelfTest() {
  SelfTest result;
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(static_cast<void (*)(int)>(at::set_num_threads)), &info) != 0) {
    result.library = info.dli_fname;
  }
  try {
    PrepareProcess();
    std::ostringstream archive;
    {
      torch::jit::Module module("__torch__.chronode.SelfTest");
      module.register_attribute("training", c10::BoolType::get(), false);
      module.define(
          "def forward(self, trajectory: Tensor, target: Tensor) -> Tensor:\n"
          "    return trajectory[:, -1, 1:] * target\n");
      module.save(archive);
    }
    const ScriptModule module(archive.str(), {"cpu", false});
    const float trajectory[] = {0, 1, 2, 0.5, 3, 4};  // T = 2, D = 2
    const float target[] = {2};
    const Output output = module.Forward({1, 2, 3, 1, trajectory, target});
    if (output.vectors != std::vector<float>{6, 8}) result.error = "A model of one line gave a wrong answer. " + output.message;
  } catch (const std::exception& error) {
    result.error = error.what();
  }
  return result;
}

}  // namespace chronode
