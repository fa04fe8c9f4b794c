#pragma once

#include <span>

#include "native/kernels/lane_sums.h"

namespace chronode {

// One set of vector instructions: "avx512", "avx2", "sse2", "neon" or "scalar".
struct Simd {
  const char* name;
  LaneSums* lane_sums;
  StreamSum* stream_sum;
};

// Those that this build and this processor share, the widest first. All give the same bits.
std::span<const Simd> Simds();

}  // namespace chronode
