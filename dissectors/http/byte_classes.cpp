#include "http/byte_classes.h"

#include <immintrin.h>

#include <array>

#include "http/start_line.h"

namespace spanlight::http {
namespace {

constexpr std::uint8_t kSpace = 0x20, kTab = 0x09, kDelete = 0x7f;

// A token byte's bit in the table of its low half: which high halves make it a token's (2 to 7; a byte from
// 0x80 on has none). pshufb looks both halves up, 16 or 32 bytes at a time.
using Halves = std::array<std::uint8_t, 16>;
constexpr Halves high_bits() {
  Halves bits{};
  for (unsigned high = 0; high < 8; ++high) bits[high] = static_cast<std::uint8_t>(1u << high);
  return bits;
}
Halves token_rows() {
  Halves rows{};
  for (unsigned byte = 0; byte < 0x80; ++byte)
    if (is_token_byte(static_cast<std::uint8_t>(byte)))
      rows[byte & 15] = static_cast<std::uint8_t>(rows[byte & 15] | (1u << (byte >> 4)));
  return rows;
}
constexpr Halves kHighBits = high_bits();
const Halves kTokenRows = token_rows();

__m128i load(const std::uint8_t* bytes) {
  return _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(bytes)));
}

__attribute__((target("avx2"))) __m256i load_wide(const std::uint8_t* bytes) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(static_cast<const void*>(bytes)));
}

}  // namespace

ByteClasses classify_plain(const std::uint8_t* bytes) {
  ByteClasses out;
  for (std::size_t i = 0; i < kClassifiedBytes; ++i) {
    const std::uint8_t byte = bytes[i];
    const bool control = (byte < kSpace && byte != kTab) || byte == kDelete;
    out.not_token |= std::uint64_t{!is_token_byte(byte)} << i;
    out.control |= std::uint64_t{control} << i;
  }
  return out;
}

ByteClasses classify_sse(const std::uint8_t* bytes) {
  const __m128i high_bits = load(kHighBits.data()), rows = load(kTokenRows.data());
  ByteClasses out;
  for (unsigned i = 0; i < kClassifiedBytes; i += 16) {
    const __m128i in = load(bytes + i);
    const __m128i high = _mm_and_si128(_mm_srli_epi16(in, 4), _mm_set1_epi8(15));
    // The row of a byte from 0x80 on is 0, and so is the bit of its high half.
    const __m128i token = _mm_and_si128(_mm_shuffle_epi8(rows, in), _mm_shuffle_epi8(high_bits, high));
    const __m128i not_token = _mm_cmpeq_epi8(token, _mm_setzero_si128());
    const __m128i below_space = _mm_cmpeq_epi8(_mm_min_epu8(in, _mm_set1_epi8(kSpace - 1)), in);
    const __m128i control =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(in, _mm_set1_epi8(kTab)), below_space),
                     _mm_cmpeq_epi8(in, _mm_set1_epi8(kDelete)));
    out.not_token |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(not_token))} << i;
    out.control |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(control))} << i;
  }
  return out;
}

__attribute__((target("avx2"))) ByteClasses classify_avx2(const std::uint8_t* bytes) {
  const __m256i high_bits = _mm256_broadcastsi128_si256(load(kHighBits.data()));
  const __m256i rows = _mm256_broadcastsi128_si256(load(kTokenRows.data()));
  ByteClasses out;
  for (unsigned i = 0; i < kClassifiedBytes; i += 32) {
    const __m256i in = load_wide(bytes + i);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(in, 4), _mm256_set1_epi8(15));
    const __m256i token =
        _mm256_and_si256(_mm256_shuffle_epi8(rows, in), _mm256_shuffle_epi8(high_bits, high));
    const __m256i not_token = _mm256_cmpeq_epi8(token, _mm256_setzero_si256());
    const __m256i below_space = _mm256_cmpeq_epi8(_mm256_min_epu8(in, _mm256_set1_epi8(kSpace - 1)), in);
    const __m256i control =
        _mm256_or_si256(_mm256_andnot_si256(_mm256_cmpeq_epi8(in, _mm256_set1_epi8(kTab)), below_space),
                        _mm256_cmpeq_epi8(in, _mm256_set1_epi8(kDelete)));
    out.not_token |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(not_token))} << i;
    out.control |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(control))} << i;
  }
  return out;
}

bool has_avx2() {
  return __builtin_cpu_supports("avx2") != 0;
}

Classify best_classify() {
  return has_avx2() ? classify_avx2 : classify_sse;
}

}  // namespace spanlight::http
