// A TorchScript module, behind an interface without libtorch's headers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace chronode {

// Contexts of equal length, row-major, not owned.
struct Batch {
  int64_t count;             // B
  int64_t length;            // T
  int64_t width;             // D + 1: normalised time, then the vector
  int64_t targets_per_item;  // K
  const float* trajectories;  // [B, T, D + 1]
  const float* targets;       // [B, K]

  int64_t dimension() const { return width - 1; }
  int64_t numbers_per_item() const { return targets_per_item * dimension(); }
  Batch Item(int64_t index) const {
    return {1, length, width, targets_per_item, trajectories + index * length * width, targets + index * targets_per_item};
  }
};

// What a module said to a batch as a whole.
struct Output {
  enum class Kind { kVectors, kThrew, kWrongShape };
  Kind kind;
  std::vector<float> vectors;  // [B, K, D] when it said vectors; maybe not finite
  std::string message;         // otherwise: what it said instead
};

struct ModuleOptions {
  std::string device;  // "auto", "cpu" or "cuda"
  bool many_targets;   // answers [B, K, D] instead of [B, D]
};

// Immutable, and safe to call from several threads at once.
class ScriptModule final {
 public:
  // @throws ModelError: no TorchScript, no `forward`, or one that does not take (trajectory, target).
  ScriptModule(const std::string& archive, const ModuleOptions& options);
  ~ScriptModule();

  // Never throws for what the module does.
  Output Forward(const Batch& batch) const;

  bool many_targets() const { return many_targets_; }
  const std::string& device() const { return device_; }
  // Why it is not on the device that was demanded; empty when it is.
  const std::string& device_warning() const { return device_warning_; }

 private:
  struct Torch;

  void MoveToCuda(const std::string& archive, bool is_demanded);

  const bool many_targets_;
  std::string device_;
  std::string device_warning_;
  std::unique_ptr<Torch> torch_;
};

}  // namespace chronode
