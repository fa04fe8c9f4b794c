// Sixteen floats a register on a processor that has no such registers: what AVX-512 does, as the compiler takes it apart.
#include "native/kernels/lane_sums.h"

#define WIDTH 16
#define NAMED(name) name##Emulated

typedef float Floats __attribute__((vector_size(64)));

LaneSums LaneSumsEmulated;
StreamSum StreamSumEmulated;

static Floats LoadPart(const float* from, int count) {
  float part[WIDTH] = {0};
  for (int i = 0; i < count; i++) part[i] = from[i];
  Floats floats;
  __builtin_memcpy(&floats, part, sizeof floats);
  return floats;
}

#include "native/kernels/lane_sums_body.h"
