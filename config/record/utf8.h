#pragma once
// One step through bytes that should be UTF-8 (RFC 3629; well-formed as in the Unicode standard, table 3-7).

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace spanlight {

struct Utf8Step {
  std::uint32_t code_point = 0;
  std::uint8_t length =
      1;  // bytes; of an ill-formed part: as many as replaced by one U+FFFD (its maximal subpart)
  bool valid = false;
  bool cut = false;  // ill-formed only because the text ends here
};

// `at` < text.size().
inline Utf8Step utf8_step(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true, false};
  if (lead < 0xc2 || lead > 0xf4) return {};
  const std::uint8_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  // The second byte's range shuts out overlong forms, surrogates and what lies beyond U+10FFFF.
  const std::uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  std::uint32_t code_point = lead & (0x7fu >> length);
  for (std::uint8_t i = 1; i < length; ++i) {
    if (at + i >= text.size()) return {0, i, false, true};
    const std::uint8_t next = byte(i);
    const bool fits = i == 1 ? next >= low && next <= high : (next & 0xc0) == 0x80;
    if (!fits) return {0, i, false, false};
    code_point = code_point << 6 | (next & 0x3fu);
  }
  return {code_point, length, true, false};
}

}  // namespace spanlight
