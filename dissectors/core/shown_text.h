#pragma once
// Contents as they are shown in fields and summaries.

#include <string_view>

#include "core/text_room.h"

namespace spanlight {

constexpr std::string_view kJsonShown = "[json]";  // stands for what is shown as a body, or not at all

// The first bytes of a text, without the character that the end cuts.
inline std::string_view whole_characters(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

// Rules of redaction for keys apply to bodies: what has keys is not shown elsewhere. Does the key of an
// object stand in it, as in `42["login",{"password":"x"}]`?
inline bool holds_keys(std::string_view text) {
  // A quote behind a letter closes a key; another opens a text, as in `KEYS[1] .. ":" .. ARGV[1]`.
  const auto closes = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '-' || c == '$' || c == '\\' || static_cast<unsigned char>(c) >= 0x80;
  };
  for (std::size_t at = text.find('"'); at != std::string_view::npos; at = text.find('"', at + 1)) {
    if (at == 0 || !closes(text[at - 1])) continue;
    const std::size_t behind = text.find_first_not_of(" \t\r\n\\", at + 1);
    if (behind != std::string_view::npos && text[behind] == ':') return true;
  }
  return false;
}

// Is it JSON with an object in it? What begins as a list need not be JSON (`[a` is a range of Redis's).
inline bool is_json(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  if (at == std::string_view::npos) return false;
  return text[at] == '{' || (text[at] == '[' && text.find('{', at) != std::string_view::npos);
}

inline bool may_hold_keys(std::string_view text) {
  return is_json(text) || holds_keys(text);
}

// A word of a summary: short, and on one line.
inline void put_word(TextRoom& room, std::string_view text, std::size_t bytes_max) {
  const std::string_view shown = whole_characters(text, bytes_max);
  for (const char c : shown) room.put(static_cast<unsigned char>(c) < ' ' || c == 0x7f ? '.' : c);
  if (shown.size() < text.size()) room.put(std::string_view("…"));
}

}  // namespace spanlight
