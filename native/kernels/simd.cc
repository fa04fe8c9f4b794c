#include "native/kernels/simd.h"

namespace chronode {
namespace {

#if defined(__x86_64__)
constexpr Simd kSimds[] = {
    {"avx512", LaneSumsAvx512, StreamSumAvx512},
    {"avx2", LaneSumsAvx2, StreamSumAvx2},
    {"sse2", LaneSumsBase, StreamSumBase},
};
#elif defined(__aarch64__)
constexpr Simd kSimds[] = {{"neon", LaneSumsBase, StreamSumBase}};
#else
constexpr Simd kSimds[] = {{"scalar", LaneSumsBase, StreamSumBase}};
#endif

size_t FirstUsable() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return 0;
  if (__builtin_cpu_supports("avx2")) return 1;
  return 2;
#else
  return 0;
#endif
}

}  // namespace

std::span<const Simd> Simds() { return std::span(kSimds).subspan(FirstUsable()); }

}  // namespace chronode
