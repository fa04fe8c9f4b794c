#include "native/torch/probe.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace chronode {
namespace {

constexpr float kTolerance = 1e-4f;  // of the largest number, at least of 1

// Numbers in [-1, 1] that look random and are always the same.
class MadeUp {
 public:
  float Next() {
    state_ = state_ * 1664525u + 1013904223u;  // Numerical Recipes' generator
    return static_cast<float>(state_ >> 8) / static_cast<float>(1u << 23) - 1.0f;
  }

 private:
  uint32_t state_ = 1;
};

// Two contexts in one batch.
struct MadeUpPair {
  std::vector<float> trajectories;
  std::vector<float> targets;
  Batch batch;

  explicit MadeUpPair(const Batch& like) {
    MadeUp numbers;
    // In the scheme `unit` the first row is 0 and the target 1, and must stay so; other times may be stretched.
    const float last_target = like.targets[like.targets_per_item - 1];
    const bool is_unit = like.trajectories[0] == 0.0f && last_target == 1.0f;
    const auto stretched = [&](float time) { return is_unit ? time * (1.0f + time) / 2.0f : 0.9f * time; };
    for (int item = 0; item < 2; item++) {
      for (int64_t row = 0; row < like.length; row++) {
        const float time = like.trajectories[row * like.width];
        trajectories.push_back(item == 0 ? time : stretched(time));
        for (int64_t i = 0; i < like.dimension(); i++) trajectories.push_back(numbers.Next());
      }
      for (int64_t k = 0; k < like.targets_per_item; k++) {
        targets.push_back(item == 0 || is_unit ? like.targets[k] : 0.8f * like.targets[k]);
      }
    }
    batch = {2, like.length, like.width, like.targets_per_item, trajectories.data(), targets.data()};
  }
};

bool AllFinite(const std::vector<float>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](float number) { return std::isfinite(number); });
}

}  // namespace

Verdict Probe(const ScriptModule& module, const Batch& like) {
  const MadeUpPair pair(like);
  std::vector<float> alone;
  for (int64_t item = 0; item < 2; item++) {
    const Output output = module.Forward(pair.batch.Item(item));
    if (output.kind == Output::Kind::kWrongShape) return {Verdict::Kind::kCondemned, output.message};
    if (output.kind == Output::Kind::kThrew) return {Verdict::Kind::kUnknown, output.message};
    alone.insert(alone.end(), output.vectors.begin(), output.vectors.end());
  }
  if (!AllFinite(alone)) return {Verdict::Kind::kUnknown, "not finite on made-up data"};
  const Output together = module.Forward(pair.batch);
  if (together.kind != Output::Kind::kVectors) return {Verdict::Kind::kSingly, together.message};
  float largest = 1.0f;
  float difference = 0.0f;
  for (size_t i = 0; i < alone.size(); i++) {
    largest = std::max(largest, std::fabs(alone[i]));
    const float between = std::fabs(alone[i] - together.vectors[i]);
    difference = std::isnan(between) ? INFINITY : std::max(difference, between);
  }
  if (difference > kTolerance * largest) return {Verdict::Kind::kSingly, "an item's answer depends on its batch"};
  return {Verdict::Kind::kBatches, {}};
}

}  // namespace chronode
