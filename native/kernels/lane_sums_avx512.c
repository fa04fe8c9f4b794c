// Compiled with -mavx512f, run where the processor has it. Plain C, for the reason in lane_sums_avx2.c.
#include <immintrin.h>

#include "native/kernels/lane_sums.h"

#define WIDTH 16
#define NAMED(name) name##Avx512

typedef __m512 Floats;

static inline __attribute__((always_inline)) Floats LoadPart(const float* from, int count) {
  return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
}

#include "native/kernels/lane_sums_body.h"
