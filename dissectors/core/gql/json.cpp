#include "core/gql/json.h"

#include <algorithm>

namespace spanlight::gql {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = static_cast<char>(c | 0x20);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

// Four digits behind "\u"; -1: they are not there.
std::int32_t code_unit(std::string_view digits) {
  constexpr std::size_t kDigits = 4;
  if (digits.size() < kDigits) return -1;
  std::int32_t out = 0;
  for (const char c : digits.substr(0, kDigits)) {
    const int digit = hex_digit(c);
    if (digit < 0) return -1;
    out = out * 16 + digit;
  }
  return out;
}

// As UTF-8, at most three bytes; halves of surrogate pairs become a question mark each.
std::size_t put_unit(std::uint32_t unit, std::uint8_t* to) {
  if (unit >= 0xd800 && unit < 0xe000) unit = '?';
  if (unit < 0x80) {
    to[0] = static_cast<std::uint8_t>(unit);
    return 1;
  }
  if (unit < 0x800) {
    to[0] = static_cast<std::uint8_t>(0xc0 | unit >> 6);
    to[1] = static_cast<std::uint8_t>(0x80 | (unit & 0x3f));
    return 2;
  }
  to[0] = static_cast<std::uint8_t>(0xe0 | unit >> 12);
  to[1] = static_cast<std::uint8_t>(0x80 | (unit >> 6 & 0x3f));
  to[2] = static_cast<std::uint8_t>(0x80 | (unit & 0x3f));
  return 3;
}

char plain_escape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    default:
      return c;
  }
}

}  // namespace

bool Json::fail(Fault fault) {
  if (fault_ == Fault::none) fault_ = fault;
  return false;
}

void Json::blanks() {
  while (at_ < in_.size() && is_blank(in_[at_])) ++at_;
}

Json::Kind Json::kind() {
  if (!ok()) return Kind::none;
  blanks();
  if (at_ == in_.size()) {
    fail(Fault::short_input);
    return Kind::none;
  }
  switch (in_[at_]) {
    case '{':
      return Kind::object;
    case '[':
      return Kind::array;
    case '"':
      return Kind::string;
    default:
      return Kind::other;
  }
}

bool Json::enter() {
  const Kind here = kind();
  if (here != Kind::object && here != Kind::array) return fail(Fault::bad_value);
  ++at_;
  return true;
}

bool Json::next_key(std::string_view& key) {
  if (kind() == Kind::none) return false;
  if (in_[at_] == '}') {
    ++at_;
    return false;
  }
  if (in_[at_] == ',') ++at_;
  if (!text(key)) return false;
  if (kind() == Kind::none) return false;
  if (in_[at_] != ':') return fail(Fault::bad_value);
  ++at_;
  return true;
}

bool Json::next_item() {
  if (kind() == Kind::none) return false;
  if (in_[at_] == ']') {
    ++at_;
    return false;
  }
  if (in_[at_] == ',') ++at_;
  return kind() != Kind::none;
}

// Behind the opening quote; leaves the cursor behind the closing one.
bool Json::skip_text() {
  for (; at_ < in_.size(); ++at_) {
    const char c = in_[at_];
    if (c == '"') {
      ++at_;
      return true;
    }
    if (c == '\\')
      ++at_;
    else if (static_cast<unsigned char>(c) < ' ')
      return fail(Fault::bad_value);
  }
  at_ = in_.size();
  return fail(Fault::short_input);
}

bool Json::text(std::string_view& raw) {
  const Kind here = kind();
  if (here == Kind::none) return false;
  if (here != Kind::string) return fail(Fault::bad_value);
  const std::size_t begin = ++at_;
  const bool whole = skip_text();
  raw = in_.substr(begin, at_ - begin - (whole ? 1 : 0));
  return whole;
}

bool Json::skip() {
  std::uint32_t depth = 0;
  do {
    if (kind() == Kind::none) return false;
    const char c = in_[at_++];
    if (c == '{' || c == '[') {
      if (++depth > kDepthMax) return fail(Fault::too_deep);
    } else if (c == '}' || c == ']') {
      if (depth == 0) return fail(Fault::bad_value);
      --depth;
    } else if (c == '"') {
      if (!skip_text()) return false;
    } else if (c == ',' || c == ':') {
      if (depth == 0) return fail(Fault::bad_value);
    } else {
      constexpr std::string_view kEnds = ",:]} \t\r\n\"{[";
      at_ = std::min(in_.find_first_of(kEnds, at_), in_.size());
      if (at_ == in_.size() && depth == 0) return fail(Fault::short_input);
    }
  } while (depth > 0);
  return true;
}

bool Json::at_end() {
  blanks();
  return at_ == in_.size();
}

std::string_view unescape(std::string_view raw, MutableBytes room, bool& whole) {
  if (raw.find('\\') == std::string_view::npos) return raw;
  constexpr std::size_t kUnitBytesMax = 3, kEscapeBytes = 6;
  std::size_t used = 0, at = 0;
  while (at < raw.size() && room.size() - used >= kUnitBytesMax) {
    if (raw[at] != '\\' || raw.size() - at < 2) {
      room[used++] = static_cast<std::uint8_t>(raw[at++]);
      continue;
    }
    const std::int32_t unit = raw[at + 1] == 'u' ? code_unit(raw.substr(at + 2)) : -1;
    if (unit >= 0) {
      used += put_unit(static_cast<std::uint32_t>(unit), room.data() + used);
      at += kEscapeBytes;
    } else {
      room[used++] = static_cast<std::uint8_t>(plain_escape(raw[at + 1]));
      at += 2;
    }
  }
  if (at < raw.size()) whole = false;
  return as_text(Bytes(room).first(used));
}

}  // namespace spanlight::gql
