// From sums to the nearest rows: distances, bounds, and the best k of each query. Plain C that needs no library, so that it is
// WebAssembly as well; who brings the blocks is scan.cc there, and JavaScript here.
#ifndef CHRONODE_KERNELS_SCAN_BLOCK_H_
#define CHRONODE_KERNELS_SCAN_BLOCK_H_

#include "native/kernels/lane_sums.h"

#ifdef __cplusplus
extern "C" {
#endif

// The numbers of src/native/distance-kernels.ts.
typedef enum { kCosine = 0, kL2 = 1, kDot = 2 } Metric;

// A row that was found. The lower score is better, then the lower rank; no two rows have one rank.
typedef struct {
  double score;
  double distance;
  uint32_t rank;
  uint32_t row;
  uint32_t owner;
  uint32_t unused;
} Hit;

// The best `capacity` of what was offered, the worst of them on top.
typedef struct {
  Hit* hits;
  uint32_t capacity;
  uint32_t count;
} Best;

// What was found for one query.
typedef struct {
  Best best;
  Best of_owner;  // the best of the owner whose rows are coming in; not yet in `best`
} Found;

// What is asked; the same for all blocks and threads.
typedef struct {
  LaneSums* lane_sums;
  Metric metric;
  uint32_t dimension;
  uint32_t query_count;
  const float* queries;       // as LaneSums wants them
  double squares[kQueriesMax];  // of the queries; by PrepareQueries
  int is_exact[kQueriesMax];    // whether they were taken in float32
  uint32_t excluded[kQueriesMax];  // an owner whose rows do not count; kNoOwner: none
  uint32_t per_owner;         // at most so many rows of one owner; 0: any number. An owner's rows are scanned one after another.
  double within;              // distances above it do not count
  // The score is alpha * distance + (1 - alpha) * |reference - timestamp| / span, or the distance when alpha is 1.
  double alpha;
  double reference;
  double span;
} Question;

static const uint32_t kNoOwner = 0xffffffffu;

typedef struct {
  const float* matrix;
  uint32_t count;
  uint32_t place_count;  // more than `count` when it is known which rows come next
  uint32_t places[kBlockRows + kRowsAhead];  // where in the matrix its rows are
  uint32_t rows[kBlockRows];    // how they are named in the answer
  // By place, read only of rows that may be among the best.
  const uint32_t* ranks;     // null: a row's name is its rank
  const uint32_t* owners;    // null: nobody's; given with per_owner or an excluded owner
  const double* timestamps;  // given when alpha is below 1
  float squares[kBlockRows];
  float sums[kQueriesMax * kBlockRows];
} Block;

// Fills in `squares` and `is_exact`.
void PrepareQueries(Question* question);

// Offers the rows of a block to `found`, one for each query.
void ScanBlock(const Question* question, Block* block, Found* found);

// Ends the owner whose rows came last: its best are among the best.
void EndOwner(Found* found);

// Puts the best first. The heap is none any more.
void SortHits(Best* best);

#ifdef __cplusplus
}
#endif

#endif  // CHRONODE_KERNELS_SCAN_BLOCK_H_
