// Run under the sanitizers by tests/native/kernels-sanitizer.test.ts: every width against the definition, in matrices that end where their
// memory does. The widest one is also tried without AVX-512, as the compiler emulates it: the lanes and their folding are the same.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native/kernels/scan_block.h"

LaneSums LaneSumsEmulated;
StreamSum StreamSumEmulated;

static uint64_t state = 1;
static float Random(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (float)((double)(state >> 11) / 4503599627370496.0 - 1.0);
}

static float Defined(const float* x, const float* y, size_t dimension, int differences) {
  float lanes[kLanes] = {0};
  for (size_t i = 0; i < dimension; i++) {
    const float difference = x[i] - y[i];
    const float term = differences ? difference * difference : x[i] * y[i];
    lanes[i % kLanes] += term;
  }
  for (int half = kLanes / 2; half >= 1; half /= 2) {
    for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

static float* RandomFloats(size_t count) {
  float* floats = malloc(count * sizeof(float));
  for (size_t i = 0; i < count; i++) floats[i] = Random();
  return floats;
}

static void Check(const char* name, LaneSums* lane_sums, size_t dimension, uint32_t rows, uint32_t queries, int differences) {
  const size_t padded = PaddedDimension(dimension);
  float* matrix = RandomFloats(rows * dimension);
  float* padded_queries = calloc(queries * padded, sizeof(float));
  for (uint32_t q = 0; q < queries; q++) {
    for (size_t i = 0; i < dimension; i++) padded_queries[q * padded + i] = Random();
  }
  uint32_t* places = malloc(rows * sizeof(uint32_t));
  for (uint32_t r = 0; r < rows; r++) places[r] = rows - 1 - r;
  float* sums = malloc(queries * kBlockRows * sizeof(float));
  float* squares = malloc(rows * sizeof(float));
  const uint32_t count = rows < kBlockRows ? rows : kBlockRows;
  const uint32_t ahead = rows - count < kRowsAhead ? rows - count : kRowsAhead;
  lane_sums(matrix, dimension, places, count, count + ahead, padded_queries, queries, differences, sums, differences ? 0 : squares);
  for (uint32_t r = 0; r < count; r++) {
    const float* row = matrix + places[r] * dimension;
    int is_wrong = !differences && squares[r] != Defined(row, row, dimension, 0);
    for (uint32_t q = 0; q < queries; q++) is_wrong |= sums[q * kBlockRows + r] != Defined(row, padded_queries + q * padded, dimension, differences);
    if (!is_wrong) continue;
    printf("%s is wrong: dimension %zu, row %u of %u, %u queries\n", name, dimension, r, rows, queries);
    exit(1);
  }
  free(matrix);
  free(padded_queries);
  free(places);
  free(sums);
  free(squares);
}

static void CheckAll(const char* name, LaneSums* lane_sums) {
  for (size_t dimension = 1; dimension <= 130; dimension++) {
    for (int differences = 0; differences <= 1; differences++) {
      Check(name, lane_sums, dimension, 1 + dimension % 7, 1, differences);
      Check(name, lane_sums, dimension, 128 + dimension, 3, differences);
    }
  }
  Check(name, lane_sums, 1536, 5, kQueriesMax, 0);
  Check(name, lane_sums, 1537, 4, kQueriesMax, 1);
  printf("%s is right\n", name);
}

// The best of a heap against all that was offered to it, with owners.
static void CheckSelection(uint32_t k, uint32_t per_owner) {
  enum { kRows = 1000 };
  float* matrix = RandomFloats(kRows);
  for (int i = 0; i < kRows; i++) matrix[i] = roundf(matrix[i] * 20);
  float* query = calloc(kLanes, sizeof(float));
  Question question = {.lane_sums = LaneSumsBase, .metric = kL2, .dimension = 1, .query_count = 1, .queries = query, .per_owner = per_owner};
  question.within = INFINITY;
  question.alpha = 1;
  question.excluded[0] = kNoOwner;
  PrepareQueries(&question);
  Hit* hits = malloc(k * sizeof(Hit));
  Hit* of_owner = malloc(per_owner * sizeof(Hit));
  Found found = {.best = {hits, k, 0}, .of_owner = {of_owner, per_owner, 0}};
  Block* block = calloc(1, sizeof(Block));
  block->matrix = matrix;
  uint32_t* owners = malloc(kRows * sizeof(uint32_t));
  for (uint32_t row = 0; row < kRows; row++) owners[row] = row / 10;
  block->owners = owners;  // and no ranks: rows at the same distance stand in their own order
  for (uint32_t start = 0; start < kRows; start += kBlockRows) {
    block->count = kRows - start < kBlockRows ? kRows - start : kBlockRows;
    block->place_count = block->count;
    for (uint32_t r = 0; r < block->count; r++) block->places[r] = block->rows[r] = start + r;
    ScanBlock(&question, block, &found);
  }
  EndOwner(&found);
  SortHits(&found.best);
  for (uint32_t i = 0; i < found.best.count; i++) {
    uint32_t better = 0;  // rows of the owner that are better than this one, then all that count
    for (uint32_t row = 0; row < kRows; row++) {
      const double distance = fabs(matrix[row]);
      const int is_better = distance < hits[i].distance || (distance == hits[i].distance && row < hits[i].row);
      uint32_t rank_of_owner = 0;
      for (uint32_t other = row / 10 * 10; other < row / 10 * 10 + 10; other++) {
        rank_of_owner += fabs(matrix[other]) < distance || (fabs(matrix[other]) == distance && other < row);
      }
      better += is_better && (per_owner == 0 || rank_of_owner < per_owner);
    }
    if (better == i && hits[i].distance == fabs(matrix[hits[i].row])) continue;
    printf("selection is wrong at %u: %u rows are better\n", i, better);
    exit(1);
  }
  free(matrix);
  free(query);
  free(hits);
  free(of_owner);
  free(owners);
  free(block);
}

int main(void) {
  CheckAll("base", LaneSumsBase);
#ifdef __x86_64__
  CheckAll("emulated", LaneSumsEmulated);
  if (__builtin_cpu_supports("avx2")) CheckAll("avx2", LaneSumsAvx2);
  if (__builtin_cpu_supports("avx512f")) CheckAll("avx512", LaneSumsAvx512);
#endif
  CheckSelection(1, 0);
  CheckSelection(50, 0);
  CheckSelection(1000, 0);
  CheckSelection(50, 2);
  CheckSelection(1000, 3);
  printf("selection is right\n");
  return 0;
}
