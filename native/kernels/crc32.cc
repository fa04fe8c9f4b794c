// Source: Gopal et al. (2009), Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction, Intel white paper.
//
// A message is a polynomial over GF(2), and its CRC the remainder of a division by P. 16 bytes further on, a register of 128 bits counts
// x^128 times as much, so it is multiplied by x^128 mod P and added to what stands there: the message gets shorter, its remainder stays.
// Bits are reflected: the lowest bit of the first byte belongs to the highest power.
#include "native/kernels/crc32.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define CARRYLESS __attribute__((target("pclmul,sse4.1")))

namespace chronode {
namespace {

constexpr uint32_t kPolynomial = 0xEDB88320;  // without x^32
constexpr size_t kRegisterBytes = 16;
constexpr size_t kStrideBytes = 4 * kRegisterBytes;  // four at a time hide the latency of a multiplication

struct Division {
  uint32_t remainder;
  uint64_t quotient;  // of the powers up to x^32
};

// x^power divided by P, power >= 32.
constexpr Division DividedPower(int power) {
  Division result{0x80000000, 0};
  for (int i = 1; i <= power; i++) {
    const uint64_t carry = result.remainder & 1;
    result.remainder = (result.remainder >> 1) ^ (carry ? kPolynomial : 0);
    if (i >= power - 32) result.quotient |= carry << (i - (power - 32));
  }
  return result;
}

// As a factor: a product of reflected numbers is one bit too low.
constexpr int64_t Factor(int power) { return static_cast<int64_t>(DividedPower(power).remainder) << 1; }

constexpr int64_t kWholePolynomial = (static_cast<int64_t>(kPolynomial) << 1) | 1;
constexpr int64_t kReciprocal = static_cast<int64_t>(DividedPower(64).quotient);
static_assert(Factor(4 * 128 + 32) == 0x154442bd4 && Factor(4 * 128 - 32) == 0x1c6e41596);  // the paper's k1 to k5, and its mu
static_assert(Factor(128 + 32) == 0x1751997d0 && Factor(128 - 32) == 0x0ccaa009e && Factor(64) == 0x163cd6124);
static_assert(kReciprocal == 0x1f7011641);

// A shuffle by what is read at n moves the first n bytes to the end; at 16 + n, all others to the front. 0x80 leaves a zero.
alignas(16) constexpr uint8_t kShifts[48] = {
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,  //
    0,    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15,    //
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
};

CARRYLESS inline __m128i Load(const uint8_t* bytes) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)); }

// `sum`, as far further on as `factors` say, and `next`, which stands there.
CARRYLESS inline __m128i Fold(__m128i sum, __m128i factors, __m128i next) {
  const __m128i first = _mm_clmulepi64_si128(sum, factors, 0x00);
  const __m128i second = _mm_clmulepi64_si128(sum, factors, 0x11);
  return _mm_xor_si128(_mm_xor_si128(first, second), next);
}

// The last 1 to 15 bytes, up to `end`: they join the last of `sum`, and as many of its first are folded into that.
CARRYLESS inline __m128i FoldTail(__m128i sum, __m128i factors, const uint8_t* end, size_t length) {
  const __m128i first = _mm_shuffle_epi8(sum, Load(kShifts + length));
  const __m128i shift = Load(kShifts + kRegisterBytes + length);
  const __m128i last = _mm_blendv_epi8(_mm_shuffle_epi8(sum, shift), Load(end - kRegisterBytes), shift);
  return Fold(first, factors, last);
}

// The remainder of 128 bits: to 96, to 64, then Barrett's reduction.
CARRYLESS inline uint32_t Remainder(__m128i sum) {
  const __m128i low32 = _mm_setr_epi32(-1, 0, -1, 0);
  const __m128i factors = _mm_set_epi64x(Factor(64), Factor(128 - 32));
  const __m128i division = _mm_set_epi64x(kReciprocal, kWholePolynomial);
  sum = _mm_xor_si128(_mm_clmulepi64_si128(sum, factors, 0x00), _mm_srli_si128(sum, 8));
  sum = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(sum, low32), factors, 0x10), _mm_srli_si128(sum, 4));
  const __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(sum, low32), division, 0x10);
  const __m128i product = _mm_clmulepi64_si128(_mm_and_si128(quotient, low32), division, 0x00);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(sum, product), 1));
}

uint32_t BitByBit(const uint8_t* bytes, size_t length, uint32_t crc) {
  for (size_t i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? kPolynomial : 0);
  }
  return crc;
}

CARRYLESS uint32_t CarrylessCrc32(const uint8_t* bytes, size_t length, uint32_t seed) {
  if (length < kRegisterBytes) return ~BitByBit(bytes, length, ~seed);
  const uint8_t* const end = bytes + length;
  const __m128i by_one = _mm_set_epi64x(Factor(128 - 32), Factor(128 + 32));
  __m128i sum = _mm_xor_si128(Load(bytes), _mm_cvtsi32_si128(static_cast<int>(~seed)));
  if (length >= 2 * kStrideBytes) {
    const __m128i by_four = _mm_set_epi64x(Factor(4 * 128 - 32), Factor(4 * 128 + 32));
    __m128i sum1 = Load(bytes + 16), sum2 = Load(bytes + 32), sum3 = Load(bytes + 48);
    for (bytes += kStrideBytes; static_cast<size_t>(end - bytes) >= kStrideBytes; bytes += kStrideBytes) {
      sum = Fold(sum, by_four, Load(bytes));
      sum1 = Fold(sum1, by_four, Load(bytes + 16));
      sum2 = Fold(sum2, by_four, Load(bytes + 32));
      sum3 = Fold(sum3, by_four, Load(bytes + 48));
    }
    sum = Fold(Fold(Fold(sum, by_one, sum1), by_one, sum2), by_one, sum3);
  } else {
    bytes += kRegisterBytes;
  }
  for (; static_cast<size_t>(end - bytes) >= kRegisterBytes; bytes += kRegisterBytes) sum = Fold(sum, by_one, Load(bytes));
  if (bytes < end) sum = FoldTail(sum, by_one, end, static_cast<size_t>(end - bytes));
  return ~Remainder(sum);
}

}  // namespace

Crc32* FastCrc32() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1") ? CarrylessCrc32 : nullptr;
}

}  // namespace chronode

#else

namespace chronode {

Crc32* FastCrc32() { return nullptr; }

}  // namespace chronode

#endif
