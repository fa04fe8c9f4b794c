#include "native/kernels/populate.h"

#include <algorithm>
#include <system_error>
#include <thread>

#include "native/node/arguments.h"

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // Linux 5.14; older ones refuse it, and nothing is lost
#endif
#endif

namespace chronode {
namespace {

#if defined(__linux__)

// A large page of x86-64, and of 64-bit ARM with small ones of 4 KB.
constexpr uintptr_t kLargePage = 2 * 1024 * 1024;

// Whole small pages within an array.
struct Pages {
  uintptr_t first;
  uintptr_t end;
};

Pages PagesIn(const void* data, size_t bytes) {
  const auto size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto start = reinterpret_cast<uintptr_t>(data);
  return {(start + size - 1) / size * size, (start + bytes) / size * size};
}

void AskForLargePages(const Pages& pages) {
  if (pages.first < pages.end) madvise(reinterpret_cast<void*>(pages.first), pages.end - pages.first, MADV_HUGEPAGE);
}

// One large page at a time: whoever changes the map of the process waits no longer than that.
void Populate(const Pages& pages) {
  for (uintptr_t start = pages.first; start < pages.end;) {
    const uintptr_t end = std::min(pages.end, (start / kLargePage + 1) * kLargePage);
    if (madvise(reinterpret_cast<void*>(start), end - start, MADV_POPULATE_WRITE) != 0) return;
    start = end;
  }
}

#endif

}  // namespace

void Populating::Start(const Napi::CallbackInfo& info) {
  const Napi::Value memory = info[0];
  if (!memory.IsTypedArray() || memory.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) {
    throw ArgumentError(info.Env(), "memory", "a Float32Array");
  }
#if defined(__linux__)
  const auto floats = memory.As<Napi::Float32Array>();
  const Pages pages = PagesIn(floats.Data(), floats.ByteLength());
  AskForLargePages(pages);
  const uint32_t ticket = ++last_ticket_;
  memories_.emplace(ticket, Napi::Persistent(memory.As<Napi::Object>()));
  try {
    std::thread([this, environment = environment_, ticket, pages] {
      Populate(pages);
      environment->Post([this, ticket](Napi::Env) { memories_.erase(ticket); });
    }).detach();
  } catch (const std::system_error&) {
    memories_.erase(ticket);  // no thread is to be had: then whoever writes first lays it out
  }
#endif
}

}  // namespace chronode
