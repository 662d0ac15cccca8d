#include "encode/mask.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace spanlight {

namespace {

std::size_t find_byte(std::string_view text, std::size_t from, char c) {
  const std::size_t at = text.find(c, from);
  return at == std::string_view::npos ? text.size() : at;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
  return -1;
}

// One character of a text in application/x-www-form-urlencoded (WHATWG URL, section 5.1), and the bytes that
// stand for it.
struct Character {
  char value;
  std::size_t bytes;
};

Character character_at(std::string_view text, std::size_t at) {
  if (text[at] == '+') return {' ', 1};
  if (text[at] != '%' || text.size() - at <= 2) return {text[at], 1};
  const int high = hex_digit(text[at + 1]), low = hex_digit(text[at + 2]);
  if (high < 0 || low < 0) return {text[at], 1};
  return {static_cast<char>(high * 16 + low), 3};
}

// A name that does not fit is in no set.
bool named_parameter(std::string_view raw, const NameSet& names) {
  if (raw.empty() || raw.size() > 3 * NameSet::kNameBytesMax) return false;
  std::array<char, 3 * NameSet::kNameBytesMax> decoded;
  std::size_t size = 0;
  for (std::size_t i = 0; i < raw.size();) {
    const Character each = character_at(raw, i);
    decoded[size++] = each.value;
    i += each.bytes;
  }
  const std::string_view name = trimmed({decoded.data(), size});
  if (names.contains(name)) return true;
  if (name.empty() || name.back() != ']') return false;
  const std::size_t first = name.find('[');
  if (first == std::string_view::npos) return false;
  if (names.contains(trimmed(name.substr(0, first)))) return true;
  const std::size_t last = name.rfind('[');
  return names.contains(trimmed(name.substr(last + 1, name.size() - last - 2)));
}

// The end of a cookie's value. Some servers read a quoted value through its `;`.
std::size_t cookie_value_end(std::string_view text, std::size_t from) {
  while (from < text.size() && (text[from] == ' ' || text[from] == '\t')) ++from;
  if (from < text.size() && text[from] == '"') {
    ++from;
    while (from < text.size() && text[from] != '"') from += text[from] == '\\' ? 2 : 1;
  }
  return find_byte(text, std::min(from, text.size()), ';');
}

}  // namespace

bool mask_range(MutableBytes text, std::size_t from, std::size_t to) {
  if (from >= to || to > text.size()) return false;
  std::memset(text.data() + from, kMaskCharacter, to - from);
  return true;
}

bool mask_parameters(MutableBytes bytes, const NameSet& names) {
  const std::string_view text = as_text(bytes);
  bool changed = false;
  std::size_t name_from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '=' && named_parameter(text.substr(name_from, i - name_from), names)) {
      const std::size_t end = find_byte(text, i + 1, '&');
      changed |= mask_range(bytes, i + 1, end);
      i = end;
      name_from = end + 1;
    } else if (c == '=' || c == '&' || c == ';' || c == '?' || c == '#') {
      name_from = i + 1;
    }
  }
  return changed;
}

bool mask_cookies(MutableBytes bytes, const NameSet& names) {
  const std::string_view text = as_text(bytes);
  bool changed = false;
  std::size_t name_from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '=' && names.contains(trimmed(text.substr(name_from, i - name_from)))) {
      const std::size_t end = cookie_value_end(text, i + 1);
      changed |= mask_range(bytes, i + 1, end);
      i = end;
      name_from = end + 1;
    } else if (c == '=' || c == ';' || c == ',') {
      name_from = i + 1;
    }
  }
  return changed;
}

bool mask_userinfo(MutableBytes bytes) {
  const std::string_view text = as_text(bytes);
  bool changed = false;
  for (std::size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", at)) {
    at += 3;
    // To the last `@`: a password may hold one that nobody escaped.
    const std::size_t end = std::min(text.find_first_of("/?# \t\r\n\"'<>", at), text.size());
    const std::size_t sign = text.substr(at, end - at).rfind('@');
    if (sign != std::string_view::npos) changed |= mask_range(bytes, at, at + sign);
    at = end;
  }
  return changed;
}

bool mask_encoded_keys(MutableBytes bytes, MutableBytes room, const NameSet& names) {
  const std::string_view text = as_text(bytes);
  std::size_t size = 0, end = 0;
  while (end < text.size() && size < room.size()) {
    const Character each = character_at(text, end);
    room[size++] = static_cast<std::uint8_t>(each.value);
    end += each.bytes;
  }
  bool changed = mask_range(bytes, end, text.size());
  const MutableBytes decoded = room.first(size);
  if (!mask_keys_in_text(decoded, names)) return changed;
  for (std::size_t i = 0, at = 0; at < end; ++i) {
    const Character each = character_at(text, at);
    const char now = static_cast<char>(decoded[i]);
    // What was an encoded `*` itself is masked too: it may be part of a value.
    if (now != each.value || now == kMaskCharacter) changed |= mask_range(bytes, at, at + each.bytes);
    at += each.bytes;
  }
  return changed;
}

}  // namespace spanlight
