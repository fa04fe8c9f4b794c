// One scan: the nearest rows of a matrix to up to 32 queries, looked for by several threads at once.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "native/kernels/scan_block.h"

namespace chronode {

// Rows of the matrix that follow one another.
struct Run {
  uint32_t first;
  uint32_t count;
};

// What a scan reads, checked by src/native/distance-kernels.ts. The arrays are JavaScript's, who keeps them until the scan ends.
struct ScanInput {
  Question question;
  std::vector<float> queries;  // padded; question.queries points here once the scan has it
  uint32_t k;
  const float* matrix;
  const Run* runs;
  size_t run_count;
  const uint32_t* ranks;      // [N] or null: the row's number
  const uint32_t* owners;     // [N] or null
  const double* timestamps;   // [N] or null
};

class Scan final {
 public:
  // `on_end` is called once, by the last thread that leaves, when no thread reads the arrays any more.
  Scan(ScanInput input, std::function<void(Scan&)> on_end);

  // Any thread. Takes part until nothing is left to be scanned.
  void Work();

  // Any thread. Those who take part leave within a chunk (some 0.1 ms), and nobody joins.
  void Stop() { is_stopped_ = true; }
  bool is_stopped() const { return is_stopped_; }

  // Blocks until nobody takes part. After Stop().
  void WaitUntilLeft();

  // After the end. Not empty: the words of an error.
  const std::string& error() const { return error_; }
  // After the end: what was found for each query, the best first. It does not depend on the number of threads.
  const std::vector<std::vector<Hit>>& hits() const { return hits_; }

 private:
  // A row among those of the runs.
  struct Position {
    size_t run = 0;
    uint32_t offset = 0;
  };

  bool Join();
  void Leave();
  void ScanChunks();
  uint32_t TakeChunk(Position* start);
  uint32_t FillRows(Position* position, uint32_t count, uint32_t* rows) const;
  void FillBlock(Position* position, uint32_t count, Block* block) const;
  void Keep(std::vector<Found>& found);
  void Merge();
  void Fail(const char* error);

  uint32_t RowAt(const Position& position) const { return input_.runs[position.run].first + position.offset; }
  uint32_t Advance(Position* position, uint32_t count) const;
  bool IsAtEnd(const Position& position) const { return position.run >= input_.run_count; }

  ScanInput input_;
  const std::function<void(Scan&)> on_end_;
  uint64_t row_count_ = 0;
  uint32_t chunk_rows_;
  std::atomic<bool> is_stopped_ = false;

  std::mutex mutex_;
  std::condition_variable left_;
  Position next_;      // guarded by mutex_, as are all below
  int taking_part_ = 0;
  bool has_ended_ = false;
  std::vector<std::vector<Hit>> hits_;
  std::string error_;
};

}  // namespace chronode
