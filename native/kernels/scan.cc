#include "native/kernels/scan.h"

#include <algorithm>
#include <cfenv>
#include <memory>
#include <unordered_map>

namespace chronode {
namespace {

// What a thread takes at a time: large against the lock, small against the patience of whoever stops the scan.
constexpr size_t kChunkBytes = 256 * 1024;
constexpr const char* kOutOfMemory = "there is not enough memory for so many neighbours";

bool IsBetter(const Hit& a, const Hit& b) { return a.score != b.score ? a.score < b.score : a.rank < b.rank; }

// Denormals as they are, whatever another library has told this thread: the bits must not depend on it.
class DefaultFloats {
 public:
  DefaultFloats() {
    std::fegetenv(&kept_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloats() { std::fesetenv(&kept_); }

 private:
  std::fenv_t kept_;
};

}  // namespace

Scan::Scan(ScanInput input, std::function<void(Scan&)> on_end) : input_(std::move(input)), on_end_(std::move(on_end)) {
  const DefaultFloats floats;
  input_.question.queries = input_.queries.data();
  PrepareQueries(&input_.question);
  for (size_t i = 0; i < input_.run_count; i++) row_count_ += input_.runs[i].count;
  input_.k = static_cast<uint32_t>(std::min<uint64_t>(input_.k, row_count_));
  const size_t row_bytes = sizeof(float) * input_.question.dimension * input_.question.query_count;
  chunk_rows_ = static_cast<uint32_t>(std::max<size_t>(kChunkBytes / row_bytes, 16));
  hits_.resize(input_.question.query_count);
  Advance(&next_, 0);
}

void Scan::Work() {
  if (!Join()) return;
  const DefaultFloats floats;
  try {
    ScanChunks();
  } catch (const std::bad_alloc&) {
    Fail(kOutOfMemory);
  }
  Leave();
}

bool Scan::Join() {
  const std::lock_guard lock(mutex_);
  if (has_ended_) return false;
  taking_part_++;
  return true;
}

void Scan::Leave() {
  {
    const std::lock_guard lock(mutex_);
    if (--taking_part_ > 0 || has_ended_) return;
    has_ended_ = true;
  }
  // Nobody joins any more; what is left belongs to this thread.
  try {
    if (error_.empty() && !is_stopped_) Merge();
  } catch (const std::bad_alloc&) {
    Fail(kOutOfMemory);
  }
  on_end_(*this);
  left_.notify_all();
}

void Scan::ScanChunks() {
  const auto block = std::make_unique<Block>();
  block->matrix = input_.matrix;
  block->ranks = input_.ranks;
  block->owners = input_.owners;
  block->timestamps = input_.timestamps;
  const uint32_t k = input_.k;
  const uint32_t per_owner = std::min(input_.question.per_owner, k);
  const size_t query_count = input_.question.query_count;
  const std::unique_ptr<Hit[]> memory(new Hit[query_count * (k + per_owner)]);  // not touched until it is needed
  std::vector<Found> found;
  for (size_t q = 0; q < query_count; q++) {
    Hit* hits = memory.get() + q * (k + per_owner);
    found.push_back({.best = {hits, k, 0}, .of_owner = {hits + k, per_owner, 0}});
  }
  Position position;
  while (uint32_t left = TakeChunk(&position)) {
    while (left > 0) {
      const uint32_t count = std::min<uint32_t>(left, kBlockRows);
      FillBlock(&position, count, block.get());
      ScanBlock(&input_.question, block.get(), found.data());
      left -= count;
    }
    for (Found& of_query : found) EndOwner(&of_query);  // the next chunk may be far away
  }
  Keep(found);
}

// @returns the number of rows, 0 when none are left.
uint32_t Scan::TakeChunk(Position* start) {
  const std::lock_guard lock(mutex_);
  if (is_stopped_ || !error_.empty() || IsAtEnd(next_)) return 0;
  *start = next_;
  uint32_t last = 0;
  uint32_t count = 0;
  // An owner's rows stay together, so that whoever scans them sees its best.
  const bool is_whole = input_.question.per_owner == 0;
  while (!IsAtEnd(next_) && (count < chunk_rows_ || (!is_whole && input_.owners[RowAt(next_)] == input_.owners[last]))) {
    const uint32_t step = is_whole ? chunk_rows_ - count : 1;
    last = RowAt(next_);
    count += Advance(&next_, step);
  }
  return count;
}

// @returns how many rows it went on: `count`, or those that were left in this run.
uint32_t Scan::Advance(Position* position, uint32_t count) const {
  uint32_t steps = 0;
  if (!IsAtEnd(*position)) {
    steps = std::min(count, input_.runs[position->run].count - position->offset);
    position->offset += steps;
  }
  while (!IsAtEnd(*position) && position->offset == input_.runs[position->run].count) *position = {position->run + 1, 0};
  return steps;
}

// @returns how many rows there were: `count`, or less at the end of the runs.
uint32_t Scan::FillRows(Position* position, uint32_t count, uint32_t* rows) const {
  uint32_t filled = 0;
  while (filled < count && !IsAtEnd(*position)) {
    const uint32_t first = RowAt(*position);
    const uint32_t steps = Advance(position, count - filled);
    for (uint32_t i = 0; i < steps; i++) rows[i] = first + i;
    rows += steps;
    filled += steps;
  }
  return filled;
}

void Scan::FillBlock(Position* position, uint32_t count, Block* block) const {
  block->count = count;
  FillRows(position, count, block->rows);
  std::copy_n(block->rows, count, block->places);
  Position ahead = *position;
  block->place_count = count + FillRows(&ahead, kRowsAhead, block->places + count);
}

void Scan::Keep(std::vector<Found>& found) {
  const std::lock_guard lock(mutex_);
  for (size_t q = 0; q < found.size(); q++) {
    const Best& best = found[q].best;
    hits_[q].insert(hits_[q].end(), best.hits, best.hits + best.count);
  }
}

// The best of all are among the best of each thread. With a bound for each owner, too: a row that is better in its thread than k - 1
// others within the bound is not worse among all, where each owner has at least as many better rows.
void Scan::Merge() {
  const uint32_t per_owner = input_.question.per_owner;
  for (std::vector<Hit>& hits : hits_) {
    std::sort(hits.begin(), hits.end(), IsBetter);
    if (per_owner > 0) {
      std::unordered_map<uint32_t, uint32_t> counts;
      std::erase_if(hits, [&](const Hit& hit) { return ++counts[hit.owner] > per_owner; });
    }
    if (hits.size() > input_.k) hits.resize(input_.k);
  }
}

void Scan::Fail(const char* error) {
  const std::lock_guard lock(mutex_);
  error_ = error;
}

void Scan::WaitUntilLeft() {
  std::unique_lock lock(mutex_);
  left_.wait(lock, [this] { return taking_part_ == 0; });
}

}  // namespace chronode
