// Compiled with -mavx2, run where the processor has it. Plain C: an inline function of the C++ library compiled here could be the
// copy that the linker keeps, and then an old processor meets AVX2.
#include <immintrin.h>

#include "native/kernels/lane_sums.h"

#define WIDTH 8
#define NAMED(name) name##Avx2

typedef __m256 Floats;

static inline __attribute__((always_inline)) Floats LoadPart(const float* from, int count) {
  const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_maskload_ps(from, _mm256_cmpgt_epi32(_mm256_set1_epi32(count), places));
}

#include "native/kernels/lane_sums_body.h"
