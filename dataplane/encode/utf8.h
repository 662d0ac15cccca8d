#pragma once
// FlatBuffers strings are UTF-8, and readers in some languages refuse the whole record when one is not. Wire
// bytes are anything. Each byte that is not part of a well-formed sequence (Unicode table 3-7: no overlong
// form, no surrogate, nothing above U+10FFFF) becomes U+FFFD.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace spanlight {

constexpr std::size_t kUtf8GrowthMax = 3;  // one bad byte becomes the three bytes of U+FFFD

// Copies `text` and says whether all of it is ASCII, which needs no other look. If not, what was copied is
// not to be shown. Inline: most texts of a record are some tens of bytes, and a call of memcpy() costs as
// much.
inline bool copy_ascii(std::string_view text, std::uint8_t* to) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  const char* from = text.data();
  const std::size_t size = text.size();
  std::uint64_t seen = 0;
  const auto take = [&]<typename Word>(Word word, std::size_t at) {
    std::memcpy(&word, from + at, sizeof(word));
    std::memcpy(to + at, &word, sizeof(word));
    seen |= word;
  };
  if (size >= sizeof(std::uint64_t)) {  // the last word overlaps the one before
    const std::size_t last = size - sizeof(std::uint64_t);
    for (std::size_t at = 0; at < last; at += sizeof(std::uint64_t)) take(std::uint64_t{}, at);
    take(std::uint64_t{}, last);
  } else if (size >= sizeof(std::uint32_t)) {
    take(std::uint32_t{}, 0);
    take(std::uint32_t{}, size - sizeof(std::uint32_t));
  } else {
    for (std::size_t at = 0; at < size; ++at) take(std::uint8_t{}, at);
  }
  return (seen & kHighBits) == 0;
}

// Bytes of `text` after the replacement; text.size() for text that is well-formed.
std::size_t utf8_bytes(std::string_view text);

// Writes exactly utf8_bytes(text) bytes.
void copy_utf8(std::string_view text, std::uint8_t* to);

}  // namespace spanlight
