// Run under the sanitizers by tests/native/kernels-sanitizer.test.ts: the CRC-32 against its definition, bit by bit, of bytes that begin and
// end where their memory does.
#include <cstdio>
#include <memory>

#include "native/kernels/crc32.h"

namespace {

uint32_t state = 1;
uint32_t Random() { return state = state * 1664525 + 1013904223; }

uint32_t Defined(const uint8_t* bytes, size_t length, uint32_t seed) {
  uint32_t crc = ~seed;
  for (size_t i = 0; i < length; i++) {
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (((crc ^ (bytes[i] >> bit)) & 1) * 0xEDB88320);
  }
  return ~crc;
}

bool IsRight(chronode::Crc32* crc32, size_t length, size_t at) {
  const auto memory = std::make_unique<uint8_t[]>(at + length);
  for (size_t i = 0; i < at + length; i++) memory[i] = static_cast<uint8_t>(Random() >> 24);
  const uint32_t seed = Random() % 4 == 0 ? 0 : Random();
  if (crc32(memory.get() + at, length, seed) == Defined(memory.get() + at, length, seed)) return true;
  std::printf("the CRC-32 of %zu bytes at %zu after %u is wrong\n", length, at, seed);
  return false;
}

}  // namespace

int main() {
  chronode::Crc32* const crc32 = chronode::FastCrc32();
  if (crc32 == nullptr) return std::puts("there is no fast CRC-32 here") < 0;
  for (size_t length = 0; length < 400; length++) {
    for (size_t at = 0; at < 16; at++) {
      if (!IsRight(crc32, length, at)) return 1;
    }
  }
  if (!IsRight(crc32, 1'000'003, 5)) return 1;
  std::puts("CRC-32 is right");
  return 0;
}
