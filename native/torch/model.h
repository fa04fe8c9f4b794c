// A loaded model in use: what was found out about it, and how a batch is answered item by item.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "native/torch/probe.h"
#include "native/torch/refusal.h"
#include "native/torch/script_module.h"

namespace chronode {

// What each item of a batch was answered.
struct Answers {
  struct Refused {
    int64_t item;
    Refusal refusal;
  };

  std::vector<float> vectors;    // [B, K, D]; meaningless where an item refused
  std::vector<Refused> refused;  // by item
};

class Model final {
 public:
  Model(const std::string& archive, const ModuleOptions& options) : module_(archive, options) {}

  // On a thread of the pool. Gives up between two items once `is_abandoned`.
  Answers Predict(const Batch& batch, const std::atomic<bool>& is_abandoned);

  const ScriptModule& module() const { return module_; }
  // Some dimension so far is answered one item at a time.
  bool is_served_singly() const { return is_served_singly_; }

 private:
  Verdict VerdictFor(const Batch& batch);
  void PredictSingly(const Batch& batch, const std::atomic<bool>& is_abandoned, Answers& answers) const;

  const ScriptModule module_;
  std::atomic<bool> is_served_singly_{false};
  std::mutex mutex_;
  std::map<int64_t, Verdict> verdicts_;      // by dimension; guarded by mutex_
  std::map<int64_t, int> fruitless_probes_;  // by dimension; guarded by mutex_
};

}  // namespace chronode
