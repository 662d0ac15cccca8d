// The text of JSON: escaping, UTF-8, base64. Eight bytes at a time where nothing is special, one character
// where it is.

#include <array>
#include <bit>
#include <cstring>

#include "record/json.h"
#include "record/utf8.h"

namespace spanlight {
namespace {

static_assert(std::endian::native == std::endian::little, "first_special() counts from the lowest byte");

constexpr std::uint64_t each_byte(std::uint8_t value) {
  return 0x0101010101010101u * value;
}

// High bit of each byte that is zero. Above the first zero byte it may lie (a borrow); the lowest one is
// exact.
constexpr std::uint64_t zero_bytes(std::uint64_t word) {
  return (word - each_byte(0x01)) & ~word & each_byte(0x80);
}

// The high bit of the lowest byte that JSON cannot carry as it is or that is not ASCII; 0 where there is
// none.
constexpr std::uint64_t special_bytes(std::uint64_t word) {
  const std::uint64_t control = (word - each_byte(0x20)) & ~word;
  const std::uint64_t high = word;
  return ((control | high) & each_byte(0x80)) | zero_bytes(word ^ each_byte('"')) |
         zero_bytes(word ^ each_byte('\\')) | zero_bytes(word ^ each_byte(0x7f));
}

std::uint64_t load_word(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// Character after the backslash; 'u' = \u00XX; 0 = as it is.
constexpr std::array<char, 128> kEscapes = [] {
  std::array<char, 128> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  table[0x7f] = 'u';
  return table;
}();

char* write_unicode_escape(char* out, std::uint32_t code_point) {
  static constexpr char kHex[] = "0123456789abcdef";
  *out++ = '\\';
  *out++ = 'u';
  for (int shift = 12; shift >= 0; shift -= 4) *out++ = kHex[code_point >> shift & 0xfu];
  return out;
}

char* write_ascii(char* out, std::uint8_t c) {
  const char escape = kEscapes[c];
  if (escape == 'u') return write_unicode_escape(out, c);
  if (escape != 0) {
    *out++ = '\\';
    *out++ = escape;
    return out;
  }
  *out++ = static_cast<char>(c);
  return out;
}

char* write_beyond_ascii(char* out, std::string_view text, std::size_t at, const Utf8Step& step) {
  static constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
  if (!step.valid) {
    return out + kReplacement.copy(out, kReplacement.size());
  }
  if (step.code_point < 0xa0) return write_unicode_escape(out, step.code_point);  // C1
  std::memcpy(out, text.data() + at, step.length);
  return out + step.length;
}

}  // namespace

void append_json_string(TextBuffer& out, std::string_view text) {
  constexpr std::size_t kWorstPerByte = 6;  // \u00XX
  char* to = out.room(text.size() * kWorstPerByte + 2 + sizeof(std::uint64_t));
  *to++ = '"';
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= sizeof(std::uint64_t)) {
      const std::uint64_t word = load_word(text.data() + at);
      const std::uint64_t special = special_bytes(word);
      const std::size_t plain =
          static_cast<std::size_t>(std::countr_zero(special)) / 8;  // 8 where there is none
      std::memcpy(to, &word, sizeof(word));
      to += plain;
      at += plain;
      if (special == 0) continue;
    }
    const auto c = static_cast<std::uint8_t>(text[at]);
    if (c < 0x80) {
      to = write_ascii(to, c);
      ++at;
    } else {
      const Utf8Step step = utf8_step(text, at);
      to = write_beyond_ascii(to, text, at, step);
      at += step.length;
    }
  }
  *to++ = '"';
  out.commit(to);
}

bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= sizeof(std::uint64_t) && (load_word(text.data() + at) & each_byte(0x80)) == 0) {
      at += sizeof(std::uint64_t);
      continue;
    }
    const Utf8Step step = utf8_step(text, at);
    if (!step.valid) return false;
    at += step.length;
  }
  return true;
}

void append_base64(TextBuffer& out, std::string_view bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto byte = [&](std::size_t i) { return std::uint32_t{static_cast<std::uint8_t>(bytes[i])}; };
  char* to = out.room((bytes.size() + 2) / 3 * 4);
  const auto write_group = [&](std::uint32_t group) {
    for (int shift = 18; shift >= 0; shift -= 6) *to++ = kAlphabet[group >> shift & 0x3fu];
  };
  std::size_t at = 0;
  for (; bytes.size() - at >= 3; at += 3) write_group(byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2));
  const std::size_t rest = bytes.size() - at;
  if (rest > 0) {
    write_group(byte(at) << 16 | (rest == 2 ? byte(at + 1) << 8 : 0));
    to[-1] = '=';
    if (rest == 1) to[-2] = '=';
  }
  out.commit(to);
}

}  // namespace spanlight
