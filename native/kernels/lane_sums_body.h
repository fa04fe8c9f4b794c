// The body of lane_sums.h, compiled once a width: whoever includes it defines WIDTH (floats of one vector register), NAMED(name),
// Floats (one register), and LoadPart(from, count), which reads `count` floats, 0 < count < WIDTH, and puts zeros after them.

// Over memory that JavaScript made.
typedef float UnalignedFloats __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

enum { kRegisters = kLanes / WIDTH };

// Nothing may index an array of registers by a variable: it would live on the stack, which WebAssembly keeps in its memory.
#define EACH_REGISTER _Pragma("GCC unroll 16") for (int v = 0; v < kRegisters; v++)
#define INLINE static inline __attribute__((always_inline))

INLINE Floats Load(const float* from) { return *(const UnalignedFloats*)from; }

// `count` > 0 floats, but no more than a register holds, and zeros.
INLINE Floats LoadUpTo(const float* from, long count) { return count >= WIDTH ? Load(from) : LoadPart(from, (int)count); }

INLINE Floats Term(Floats x, Floats y, int differences) {
  const Floats difference = x - y;
  return differences ? difference * difference : x * y;
}

// Lane l takes in lane l + 16, then l + 8, l + 4, l + 2, l + 1.
INLINE float Fold(const Floats* lanes) {
  Floats folded[kRegisters];
  EACH_REGISTER folded[v] = lanes[v];
#if WIDTH == 4
  EACH_REGISTER if (v < 4) folded[v] += folded[v + 4];
#endif
#if WIDTH <= 8
  EACH_REGISTER if (v < 2) folded[v] += folded[v + 2];
#endif
  typedef float Four __attribute__((vector_size(16)));
  const union {
    Floats all;
    Four fours[WIDTH / 4];
  } last = {folded[0] + folded[1]};
#if WIDTH == 16
  const Four four = (last.fours[0] + last.fours[2]) + (last.fours[1] + last.fours[3]);
#elif WIDTH == 8
  const Four four = last.fours[0] + last.fours[1];
#else
  const Four four = last.all;
#endif
  return (four[0] + four[2]) + (four[1] + four[3]);
}

// Memory is asked for this many floats before it is needed.
enum { kFloatsAhead = 512 };

// One row with one query, and with itself where squares are wanted. `later` is the row that is kFloatsAhead further on, or just the next one.
INLINE void SumOne(const float* x, const float* query, size_t dimension, int differences, const float* later, float* sum, float* squares) {
  const size_t shift = dimension > kFloatsAhead ? kFloatsAhead - dimension : 0;  // what is left of the way when the next row begins
  Floats lanes[kRegisters], own[kRegisters];
  EACH_REGISTER lanes[v] = own[v] = (Floats){0};
  size_t i = 0;
  for (; i + kLanes <= dimension; i += kLanes) {
    const float* next = i + kFloatsAhead < dimension ? x + i + kFloatsAhead : later + (i + shift);
    __builtin_prefetch(next);
    __builtin_prefetch(next + 16);
    EACH_REGISTER {
      const Floats part = Load(x + i + v * WIDTH);
      lanes[v] += Term(part, Load(query + i + v * WIDTH), differences);
      if (squares) own[v] += part * part;
    }
  }
  const long left = (long)(dimension - i);
  EACH_REGISTER {
    if (left <= v * WIDTH) break;
    const Floats part = LoadUpTo(x + i + v * WIDTH, left - v * WIDTH);
    lanes[v] += Term(part, Load(query + i + v * WIDTH), differences);
    if (squares) own[v] += part * part;
  }
  *sum = Fold(lanes);
  if (squares) *squares = Fold(own);
}

// Two rows at once, which may be the same: each part of the query is loaded once for both.
INLINE void SumTwo(const float* x, const float* y, const float* query, size_t dimension, int differences, float* sum_x, float* sum_y) {
  Floats lanes_x[kRegisters], lanes_y[kRegisters];
  EACH_REGISTER lanes_x[v] = lanes_y[v] = (Floats){0};
  size_t i = 0;
  for (; i + kLanes <= dimension; i += kLanes) {
    EACH_REGISTER {
      const Floats q = Load(query + i + v * WIDTH);
      lanes_x[v] += Term(Load(x + i + v * WIDTH), q, differences);
      lanes_y[v] += Term(Load(y + i + v * WIDTH), q, differences);
    }
  }
  const long left = (long)(dimension - i);
  EACH_REGISTER {
    if (left <= v * WIDTH) break;
    const Floats q = Load(query + i + v * WIDTH);
    lanes_x[v] += Term(LoadUpTo(x + i + v * WIDTH, left - v * WIDTH), q, differences);
    lanes_y[v] += Term(LoadUpTo(y + i + v * WIDTH, left - v * WIDTH), q, differences);
  }
  *sum_x = Fold(lanes_x);
  *sum_y = Fold(lanes_y);
}

typedef struct {
  const float* matrix;
  size_t dimension;
  const uint32_t* places;
  uint32_t count;
  uint32_t place_count;
} Rows;

INLINE const float* RowOf(const Rows* rows, uint32_t r) { return rows->matrix + rows->places[r] * rows->dimension; }

// The first query, at the speed of memory.
INLINE void SumFirst(const Rows* rows, const float* query, int differences, float* sums, float* squares) {
  const uint32_t wanted = (uint32_t)(kFloatsAhead / rows->dimension) + 1;
  const uint32_t rows_ahead = wanted < kRowsAhead ? wanted : kRowsAhead;
  for (uint32_t r = 0; r < rows->count; r++) {
    const float* x = RowOf(rows, r);
    const float* later = r + rows_ahead < rows->place_count ? RowOf(rows, r + rows_ahead) : x;
    SumOne(x, query, rows->dimension, differences, later, &sums[r], squares ? &squares[r] : 0);
  }
}

// The other queries, at the speed of the processor: the rows are in its cache by now.
INLINE void SumOthers(const Rows* rows, const float* queries, uint32_t query_count, int differences, float* sums) {
  const size_t padded = PaddedDimension(rows->dimension);
  for (uint32_t r = 0; r < rows->count; r += 2) {
    const uint32_t other = r + 1 < rows->count ? r + 1 : r;
    for (uint32_t q = 0; q < query_count; q++) {
      float* sums_of_query = sums + q * kBlockRows;
      SumTwo(RowOf(rows, r), RowOf(rows, other), queries + q * padded, rows->dimension, differences, &sums_of_query[r], &sums_of_query[other]);
    }
  }
}

void NAMED(LaneSums)(const float* matrix, size_t dimension, const uint32_t* places, uint32_t count, uint32_t place_count, const float* queries,
                     uint32_t query_count, int differences, float* sums, float* squares) {
  const Rows rows = {matrix, dimension, places, count, place_count};
  const float* others = queries + PaddedDimension(dimension);
  if (differences) {
    SumFirst(&rows, queries, 1, sums, 0);
    SumOthers(&rows, others, query_count - 1, 1, sums + kBlockRows);
  } else {
    if (squares) {
      SumFirst(&rows, queries, 0, sums, squares);
    } else {
      SumFirst(&rows, queries, 0, sums, 0);
    }
    SumOthers(&rows, others, query_count - 1, 0, sums + kBlockRows);
  }
}

float NAMED(StreamSum)(const float* numbers, size_t count) {
  Floats lanes[kRegisters];
  EACH_REGISTER lanes[v] = (Floats){0};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    __builtin_prefetch(numbers + i + 512);
    __builtin_prefetch(numbers + i + 528);
    EACH_REGISTER lanes[v] += Load(numbers + i + v * WIDTH);
  }
  float rest = 0;
  for (; i < count; i++) rest += numbers[i];
  return Fold(lanes) + rest;
}
