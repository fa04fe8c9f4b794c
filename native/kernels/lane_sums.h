// Sums over the numbers of two vectors, for many rows and queries: what all distances are made of, and where nearly all time goes.
//
// Every path gives the same bits: products and additions are rounded to float32 one by one (-ffp-contract=off), number i
// is added to lane i mod 32, and the lanes are folded by halves. src/distance.ts says the same in JavaScript.
#ifndef CHRONODE_KERNELS_LANE_SUMS_H_
#define CHRONODE_KERNELS_LANE_SUMS_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { kLanes = 32, kQueriesMax = 32, kBlockRows = 128, kRowsAhead = 32 };

// Queries lie this many floats apart, filled up with zeros, so that only the ends of rows need care.
static inline size_t PaddedDimension(size_t dimension) { return (dimension + kLanes - 1) / kLanes * kLanes; }

// matrix      [N, dimension], row-major.
// places      [place_count] the rows' numbers in it: `count` up to kBlockRows, and up to kRowsAhead that will come next.
// queries     [query_count, PaddedDimension(dimension)].
// differences 1: sums of squared differences; 0: of products.
// sums        [query_count, kBlockRows].
// squares     [count] the rows' products with themselves, or null; of no use with differences.
typedef void LaneSums(const float* matrix, size_t dimension, const uint32_t* places, uint32_t count, uint32_t place_count,
                      const float* queries, uint32_t query_count, int differences, float* sums, float* squares);

// Reads every number once and does next to nothing with it: what a pass over memory costs at least.
typedef float StreamSum(const float* numbers, size_t count);

LaneSums LaneSumsBase, LaneSumsAvx2, LaneSumsAvx512;
StreamSum StreamSumBase, StreamSumAvx2, StreamSumAvx512;

#ifdef __cplusplus
}
#endif

#endif  // CHRONODE_KERNELS_LANE_SUMS_H_
