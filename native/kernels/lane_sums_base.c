// Four floats a register: SSE2, NEON and WebAssembly SIMD alike, or whatever the compiler makes of it elsewhere.
#include "native/kernels/lane_sums.h"

#define WIDTH 4
#define NAMED(name) name##Base

typedef float Floats __attribute__((vector_size(16)));

// Not inlined: it would be most of the WebAssembly.
static __attribute__((noinline)) Floats LoadPart(const float* from, int count) {
  return (Floats){from[0], count > 1 ? from[1] : 0, count > 2 ? from[2] : 0, 0};
}

#include "native/kernels/lane_sums_body.h"
