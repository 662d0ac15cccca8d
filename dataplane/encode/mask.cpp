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

// application/x-www-form-urlencoded names (WHATWG URL, section 5.1). A name that does not fit is in no set.
bool named_parameter(std::string_view raw, const NameSet& names) {
  if (raw.empty() || raw.size() > 3 * NameSet::kNameBytesMax) return false;
  std::array<char, 3 * NameSet::kNameBytesMax> decoded;
  std::size_t size = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i] == '+' ? ' ' : raw[i];
    if (c == '%' && raw.size() - i > 2 && hex_digit(raw[i + 1]) >= 0 && hex_digit(raw[i + 2]) >= 0) {
      c = static_cast<char>(hex_digit(raw[i + 1]) * 16 + hex_digit(raw[i + 2]));
      i += 2;
    }
    decoded[size++] = c;
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

}  // namespace spanlight
