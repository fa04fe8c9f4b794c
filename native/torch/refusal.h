#pragma once

#include <stdexcept>
#include <string>

namespace chronode {

// Why there is no answer: the names of `RefusalReason` in src/prediction.ts, as far as libtorch can tell.
namespace reason {
inline constexpr const char* kModelInvalid = "model_invalid";
inline constexpr const char* kInferenceFailed = "inference_failed";
inline constexpr const char* kBadOutputShape = "bad_output_shape";
inline constexpr const char* kNonFiniteOutput = "non_finite_output";
inline constexpr const char* kTimeout = "timeout";
inline constexpr const char* kNativeUnavailable = "native_unavailable";
}  // namespace reason

struct Refusal {
  const char* reason;
  std::string message;
};

// A file that is no model of ours. The message says what was expected and what was met.
class ModelError final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace chronode
