#pragma once

#include <cstddef>
#include <cstdint>

namespace chronode {

// The CRC-32 of zlib (polynomial 0xEDB88320, lowest bit first) of `length` bytes that follow those whose CRC-32 is `seed`; 0 before the first.
using Crc32 = uint32_t(const uint8_t* bytes, size_t length, uint32_t seed);

// By carry-less multiplication. Null where this processor or this build has none: zlib's own serves there.
Crc32* FastCrc32();

}  // namespace chronode
