#pragma once

namespace chronode {

// The widest set of vector instructions that this processor has: "avx512", "avx2", "sse2", "neon" or "scalar".
const char* WidestSimd();

}  // namespace chronode
