#include "encode/utf8.h"

#include <cstring>

namespace spanlight {

namespace {

constexpr std::uint8_t kReplacement[3] = {0xef, 0xbf, 0xbd};

// Index of the first byte that is not ASCII, or the size.
std::size_t ascii_prefix(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t i = 0;
  for (; text.size() - i >= 8; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & kHighBits) != 0) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

// Length of the well-formed sequence at `at`, which is not ASCII; 0 = none. Unicode 15, table 3-7.
std::size_t sequence_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const auto tail = [&](std::size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xbf; };
  const std::size_t left = text.size() - at;
  const unsigned char lead = byte(0);
  if (lead >= 0xc2 && lead <= 0xdf) return left >= 2 && tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (left < 3 || !tail(1) || !tail(2)) return 0;
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;  // overlong
    if (lead == 0xed && byte(1) > 0x9f) return 0;  // surrogate
    return 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (left < 4 || !tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xf0 && byte(1) < 0x90) return 0;  // overlong
    if (lead == 0xf4 && byte(1) > 0x8f) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

}  // namespace

std::size_t utf8_bytes(std::string_view text) {
  std::size_t at = ascii_prefix(text);
  std::size_t bytes = text.size();
  while (at < text.size()) {
    const std::size_t length = sequence_at(text, at);
    if (length == 0) bytes += sizeof(kReplacement) - 1;
    at += length == 0 ? 1 : length;
    at += ascii_prefix(text.substr(at));
  }
  return bytes;
}

void copy_utf8(std::string_view text, std::uint8_t* to) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t run = ascii_prefix(text.substr(at));
    if (run == 0) run = sequence_at(text, at);
    if (run == 0) {
      std::memcpy(to, kReplacement, sizeof(kReplacement));
      to += sizeof(kReplacement);
      ++at;
      continue;
    }
    std::memcpy(to, text.data() + at, run);
    to += run;
    at += run;
  }
}

}  // namespace spanlight
