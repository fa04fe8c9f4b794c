#include "native/torch/model.h"

#include <algorithm>
#include <cmath>

namespace chronode {
namespace {

// A model that fails on made-up data this often is served one item at a time without more trying.
constexpr int kFruitlessProbesMax = 8;

void RefuseWhatIsNotFinite(const Batch& batch, int64_t item, Answers& answers) {
  const auto first = answers.vectors.begin() + item * batch.numbers_per_item();
  const auto last = first + batch.numbers_per_item();
  const auto bad = std::find_if(first, last, [](float number) { return !std::isfinite(number); });
  if (bad == last) return;
  const std::string name = std::isnan(*bad) ? "NaN" : "Infinity";
  answers.refused.push_back({item, {reason::kNonFiniteOutput, "The model answered " + name + " for this context."}});
}

}  // namespace

// Two threads may probe at once: both find the same, and neither waits for a probe that may never end.
Verdict Model::VerdictFor(const Batch& batch) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = verdicts_.find(batch.dimension());
    if (known != verdicts_.end()) return known->second;
  }
  Verdict verdict = Probe(module_, batch);
  const std::lock_guard lock(mutex_);
  if (verdict.kind == Verdict::Kind::kUnknown) {
    if (++fruitless_probes_[batch.dimension()] < kFruitlessProbesMax) return verdict;
    verdict.kind = Verdict::Kind::kSingly;
  }
  if (verdict.kind == Verdict::Kind::kSingly) is_served_singly_ = true;
  return verdicts_.emplace(batch.dimension(), verdict).first->second;
}

Answers Model::Predict(const Batch& batch, const std::atomic<bool>& is_abandoned) {
  Answers answers;
  const Verdict verdict = VerdictFor(batch);
  if (verdict.kind == Verdict::Kind::kCondemned) {
    for (int64_t item = 0; item < batch.count; item++) {
      answers.refused.push_back({item, {reason::kBadOutputShape, verdict.message}});
    }
    return answers;
  }
  if (verdict.kind == Verdict::Kind::kBatches && batch.count > 1 && !is_abandoned) {
    Output output = module_.Forward(batch);
    if (output.kind == Output::Kind::kVectors) {
      answers.vectors = std::move(output.vectors);
      for (int64_t item = 0; item < batch.count; item++) RefuseWhatIsNotFinite(batch, item, answers);
      return answers;
    }
  }
  PredictSingly(batch, is_abandoned, answers);
  return answers;
}

void Model::PredictSingly(const Batch& batch, const std::atomic<bool>& is_abandoned, Answers& answers) const {
  answers.vectors.resize(batch.count * batch.numbers_per_item());
  for (int64_t item = 0; item < batch.count && !is_abandoned; item++) {
    const Output output = module_.Forward(batch.Item(item));
    if (output.kind == Output::Kind::kThrew) {
      answers.refused.push_back({item, {reason::kInferenceFailed, output.message}});
    } else if (output.kind == Output::Kind::kWrongShape) {
      answers.refused.push_back({item, {reason::kBadOutputShape, output.message}});
    } else {
      std::copy(output.vectors.begin(), output.vectors.end(), answers.vectors.begin() + item * batch.numbers_per_item());
      RefuseWhatIsNotFinite(batch, item, answers);
    }
  }
}

}  // namespace chronode
