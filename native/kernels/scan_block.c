#include "native/kernels/scan_block.h"

// src/distance.ts defines each of these, and why.
static const double kSquaresMin = 0x1p-100;
static const double kInfinity = __builtin_inf();

static int IsExactEnough(double sum_of_squares) { return sum_of_squares >= kSquaresMin && sum_of_squares < kInfinity; }

static double ProductsInDoubles(const float* a, const float* b, uint32_t dimension) {
  double sum = 0;
  for (uint32_t i = 0; i < dimension; i++) sum += (double)a[i] * (double)b[i];
  return sum;
}

static double DifferencesInDoubles(const float* a, const float* b, uint32_t dimension) {
  double sum = 0;
  for (uint32_t i = 0; i < dimension; i++) {
    const double difference = (double)a[i] - (double)b[i];
    sum += difference * difference;
  }
  return sum;
}

static double Dot(float sum, const float* row, const float* query, uint32_t dimension) {
  return sum - sum == 0 ? sum : ProductsInDoubles(row, query, dimension);  // Infinity and NaN differ from themselves
}

static double CosineDistance(const Question* question, const Block* block, uint32_t q, uint32_t r, const float* row, const float* query) {
  const uint32_t dimension = question->dimension;
  const int is_exact = IsExactEnough(block->squares[r]);
  const double squares = is_exact ? block->squares[r] : ProductsInDoubles(row, row, dimension);
  const double product = squares * question->squares[q];
  if (product == 0) return 1;
  const float sum = block->sums[q * kBlockRows + r];
  const double dot = is_exact && question->is_exact[q] ? Dot(sum, row, query, dimension) : ProductsInDoubles(row, query, dimension);
  const double distance = 1 - dot / __builtin_sqrt(product);
  return distance < 0 ? 0 : distance > 2 ? 2 : distance;
}

// Of row r of a block to query q.
static double Distance(const Question* question, const Block* block, uint32_t q, uint32_t r) {
  const uint32_t dimension = question->dimension;
  const float* row = block->matrix + (size_t)block->places[r] * dimension;
  const float* query = question->queries + q * PaddedDimension(dimension);
  const float sum = block->sums[q * kBlockRows + r];
  switch (question->metric) {
    case kL2:
      return __builtin_sqrt(IsExactEnough(sum) ? sum : DifferencesInDoubles(row, query, dimension));
    case kDot:
      return 0 - Dot(sum, row, query, dimension);
    default:
      return CosineDistance(question, block, q, r, row, query);
  }
}

static int IsBetter(const Hit* a, const Hit* b) { return a->score != b->score ? a->score < b->score : a->rank < b->rank; }

static void Swap(Hit* a, Hit* b) {
  const Hit kept = *a;
  *a = *b;
  *b = kept;
}

static void SiftDown(Hit* hits, uint32_t count, uint32_t parent) {
  for (;;) {
    uint64_t child = (uint64_t)parent * 2 + 1;
    if (child >= count) return;
    if (child + 1 < count && IsBetter(&hits[child], &hits[child + 1])) child++;
    if (!IsBetter(&hits[parent], &hits[child])) return;
    Swap(&hits[parent], &hits[child]);
    parent = (uint32_t)child;
  }
}

static void SiftUp(Hit* hits, uint32_t child) {
  while (child > 0) {
    const uint32_t parent = (child - 1) / 2;
    if (!IsBetter(&hits[parent], &hits[child])) return;
    Swap(&hits[parent], &hits[child]);
    child = parent;
  }
}

static void Offer(Best* best, const Hit* hit) {
  if (best->count < best->capacity) {
    best->hits[best->count] = *hit;
    SiftUp(best->hits, best->count++);
  } else if (best->capacity > 0 && IsBetter(hit, &best->hits[0])) {
    best->hits[0] = *hit;
    SiftDown(best->hits, best->count, 0);
  }
}

void EndOwner(Found* found) {
  for (uint32_t i = 0; i < found->of_owner.count; i++) Offer(&found->best, &found->of_owner.hits[i]);
  found->of_owner.count = 0;
}

static void OfferOfOwner(Found* found, const Hit* hit) {
  if (found->of_owner.count > 0 && found->of_owner.hits[0].owner != hit->owner) EndOwner(found);
  Offer(&found->of_owner, hit);
}

static void OfferRow(const Question* question, const Block* block, uint32_t q, uint32_t r, Found* found) {
  const uint32_t place = block->places[r];
  double distance = Distance(question, block, q, r);
  if (distance != distance) distance = kInfinity;  // of a row that is not finite: last, and in a place that is always the same
  double score = distance;
  if (question->alpha < 1) {
    const double time_distance = __builtin_fabs(question->reference - block->timestamps[place]) / question->span;
    score = question->alpha * distance + (1 - question->alpha) * time_distance;
  }
  if (distance > question->within) return;
  const uint32_t rank = block->ranks ? block->ranks[place] : block->rows[r];
  const uint32_t owner = block->owners ? block->owners[place] : kNoOwner;
  const Hit hit = {score, distance, rank, block->rows[r], owner, 0};
  if (question->excluded[q] != kNoOwner && hit.owner == question->excluded[q]) return;
  if (question->per_owner > 0) {
    OfferOfOwner(found, &hit);
  } else {
    Offer(&found->best, &hit);
  }
}

// Rows farther away than this are not among the best, whatever their time.
static double Limit(const Question* question, const Found* found) {
  const Best* best = &found->best;
  if (best->count < best->capacity || best->count == 0) return question->within;
  const double limit = best->hits[0].score / (question->alpha < 1 ? question->alpha : 1);  // alpha 0: Infinity or NaN
  return limit < question->within ? limit : question->within;
}

// Nearly all rows are out of the question by their sums alone: no root, no quotient. The margin is far more than rounding can do; a row
// that is let through is looked at in full.
static const double kMargin = 1e-9;

#define INLINE static inline __attribute__((always_inline))

INLINE double Squared(double x) { return x * __builtin_fabs(x); }

// Sums above it are of rows beyond the limit; under kCosine, per square of the row.
static double SumLimit(const Question* question, uint32_t q, double limit) {
  const double mild = limit + __builtin_fabs(limit) * kMargin;
  switch (question->metric) {
    case kL2:  // below kSquaresMin a sum says little
      return mild * mild > kSquaresMin ? mild * mild : kSquaresMin;
    case kDot:
      return mild;
    default:
      if (!question->is_exact[q] || limit >= 2) return kInfinity;  // 2 is also what rounding led beyond it
      return Squared(limit - 1 + kMargin) * question->squares[q];
  }
}

INLINE int IsBeyond(Metric metric, double sum, double squares, double sum_limit) {
  switch (metric) {
    case kL2:
      return (sum > sum_limit) & (sum < kInfinity);
    case kDot:
      return (-sum > sum_limit) & (sum > -kInfinity);
    default:
      return (-Squared(sum) > sum_limit * squares) & (sum > -kInfinity) & (squares >= kSquaresMin) & (squares < kInfinity);
  }
}

INLINE void OfferRows(const Question* question, const Block* block, uint32_t q, Metric metric, Found* found) {
  const float* sums = block->sums + q * kBlockRows;
  double limit = Limit(question, found);
  double sum_limit = SumLimit(question, q, limit);
  int beyond = 0;
  for (uint32_t r = 0; r < block->count; r++) beyond += IsBeyond(metric, sums[r], block->squares[r], sum_limit);
  if (beyond == (int)block->count) return;
  for (uint32_t r = 0; r < block->count; r++) {
    if (IsBeyond(metric, sums[r], block->squares[r], sum_limit)) continue;
    OfferRow(question, block, q, r, found);
    const double now = Limit(question, found);
    if (now == limit) continue;
    limit = now;
    sum_limit = SumLimit(question, q, limit);
  }
}

void PrepareQueries(Question* question) {
  const size_t padded = PaddedDimension(question->dimension);
  const uint32_t first = 0;
  for (uint32_t q = 0; q < question->query_count; q++) {
    const float* query = question->queries + q * padded;
    float sum, squares;
    question->lane_sums(query, question->dimension, &first, 1, 1, query, 1, 0, &sum, &squares);
    question->is_exact[q] = IsExactEnough(sum);
    question->squares[q] = question->is_exact[q] ? sum : ProductsInDoubles(query, query, question->dimension);
  }
}

void ScanBlock(const Question* question, Block* block, Found* found) {
  const int differences = question->metric == kL2;
  float* squares = question->metric == kCosine ? block->squares : 0;
  question->lane_sums(block->matrix, question->dimension, block->places, block->count, block->place_count, question->queries, question->query_count, differences,
                      block->sums, squares);
  for (uint32_t q = 0; q < question->query_count; q++) {
    switch (question->metric) {
      case kCosine:
        OfferRows(question, block, q, kCosine, &found[q]);
        break;
      case kL2:
        OfferRows(question, block, q, kL2, &found[q]);
        break;
      case kDot:
        OfferRows(question, block, q, kDot, &found[q]);
        break;
    }
  }
}

void SortHits(Best* best) {
  for (uint32_t count = best->count; count > 1; count--) {
    Swap(&best->hits[0], &best->hits[count - 1]);
    SiftDown(best->hits, count - 1, 0);
  }
}
