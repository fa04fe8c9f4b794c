// The kernels as WebAssembly: one scan at a time over a scratch memory that JavaScript fills, block by block
// (src/native/wasm-kernels.ts). Everything of variable size lies behind __heap_base, in the order of Layout.
#include "native/kernels/scan_block.h"

#define EXPORT(name) __attribute__((export_name(#name)))

extern unsigned char __heap_base;

static Question question;
static Block block;
// Of the rows of the block, by place.
static uint32_t ranks[kBlockRows];
static uint32_t owners[kBlockRows];
static double timestamps[kBlockRows];
static Found found[kQueriesMax];
static float* queries;
static float* vectors;

static unsigned char* Take(double* taken, double bytes) {
  unsigned char* start = &__heap_base + (uint32_t)*taken;
  *taken += bytes;
  return start;
}

// Says where everything lies. @returns the bytes of memory that are needed, for JavaScript to grow it before anything else is called.
EXPORT(layout) double Layout(uint32_t dimension, uint32_t query_count, uint32_t block_rows, uint32_t k, uint32_t per_owner) {
  double taken = (64 - (uint32_t)&__heap_base % 64) % 64;
  question.lane_sums = LaneSumsBase;
  question.dimension = dimension;
  question.query_count = query_count;
  question.queries = queries = (float*)Take(&taken, 4. * query_count * PaddedDimension(dimension));
  vectors = (float*)Take(&taken, 4. * block_rows * dimension);
  taken += (8 - (uint32_t)taken % 8) % 8;
  question.per_owner = per_owner;
  for (uint32_t q = 0; q < query_count; q++) {
    found[q].best = (Best){(Hit*)Take(&taken, (double)sizeof(Hit) * k), k, 0};
    found[q].of_owner = (Best){(Hit*)Take(&taken, (double)sizeof(Hit) * per_owner), per_owner, 0};
  }
  return (uint32_t)&__heap_base + taken;
}

EXPORT(queries) float* Queries(void) { return queries; }
EXPORT(vectors) float* Vectors(void) { return vectors; }
EXPORT(rows) uint32_t* Rows(void) { return block.rows; }
EXPORT(ranks) uint32_t* Ranks(void) { return ranks; }
EXPORT(owners) uint32_t* Owners(void) { return owners; }
EXPORT(timestamps) double* Timestamps(void) { return timestamps; }
EXPORT(excluded) uint32_t* Excluded(void) { return question.excluded; }
EXPORT(hits) Hit* Hits(uint32_t q) { return found[q].best.hits; }

// Once the queries and excluded owners are written.
EXPORT(begin) void Begin(Metric metric, double within, double alpha, double reference, double span) {
  question.metric = metric;
  question.within = within;
  question.alpha = alpha;
  question.reference = reference;
  question.span = span;
  PrepareQueries(&question);
  block.matrix = vectors;
  block.ranks = ranks;
  block.owners = owners;
  block.timestamps = timestamps;
  for (uint32_t r = 0; r < kBlockRows; r++) block.places[r] = r;
}

EXPORT(scan) void Scan(uint32_t count) {
  block.count = block.place_count = count;
  ScanBlock(&question, &block, found);
}

// @returns how many hits there are of query q, the best first.
EXPORT(finish) uint32_t Finish(uint32_t q) {
  EndOwner(&found[q]);
  SortHits(&found[q].best);
  return found[q].best.count;
}
