#pragma once
// FlatBuffers strings are UTF-8, and readers in some languages refuse the whole record when one is not. Wire
// bytes are anything. Each byte that is not part of a well-formed sequence (Unicode table 3-7: no overlong
// form, no surrogate, nothing above U+10FFFF) becomes U+FFFD.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spanlight {

constexpr std::size_t kUtf8GrowthMax = 3;  // one bad byte becomes the three bytes of U+FFFD

// Bytes of `text` after the replacement; text.size() for text that is well-formed.
std::size_t utf8_bytes(std::string_view text);

// Writes exactly utf8_bytes(text) bytes.
void copy_utf8(std::string_view text, std::uint8_t* to);

}  // namespace spanlight
