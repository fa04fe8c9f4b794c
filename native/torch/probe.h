#pragma once

#include <string>

#include "native/torch/script_module.h"

namespace chronode {

// How a model may be used for one dimension.
struct Verdict {
  enum class Kind {
    kBatches,    // an item's answer does not depend on the others of its batch
    kSingly,     // it does, or only one item is taken at a time
    kCondemned,  // its answers have a wrong shape
    kUnknown,    // it threw, or gave no finite answer, on made-up data: that proves nothing
  };
  Kind kind;
  std::string message;
};

// Tries a model on two made-up contexts, alone and together. They have the length and the times of the first item of
// `like`, so that a model meets a time scheme that it knows; the second one's times differ, so that a model that uses
// one item's times for all is found out.
Verdict Probe(const ScriptModule& module, const Batch& like);

}  // namespace chronode
