#include "record/flat_object.h"

namespace spanlight {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A whole number, as sensors write them: no leading zeros, no fraction.
std::size_t number_at(std::string_view text) {
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  std::size_t end = sign;
  while (end < text.size() && is_digit(text[end])) ++end;
  const bool leading_zero = end - sign > 1 && text[sign] == '0';
  return end == sign || leading_zero ? 0 : end;
}

}  // namespace

bool FlatObject::take(char c) {
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

bool FlatObject::take_text(std::string_view& out) {
  if (!take('"')) return false;
  for (std::size_t i = 0; i < rest_.size(); ++i) {
    const char c = rest_[i];
    if (c == '"') {
      out = rest_.substr(0, i);
      rest_.remove_prefix(i + 1);
      return true;
    }
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (c == '\\' && (++i == rest_.size() || (rest_[i] != '"' && rest_[i] != '\\'))) return false;
  }
  return false;
}

bool FlatObject::take_value(Member& out) {
  if (rest_.starts_with('"')) {
    out.kind = Member::Kind::text;
    return take_text(out.value);
  }
  for (const std::string_view word : {"true", "false"}) {
    if (!rest_.starts_with(word)) continue;
    out.kind = Member::Kind::boolean;
    out.value = word;
    rest_.remove_prefix(word.size());
    return true;
  }
  const std::size_t end = number_at(rest_);
  out.kind = Member::Kind::number;
  out.value = rest_.substr(0, end);
  rest_.remove_prefix(end);
  return end > 0;
}

bool FlatObject::next(Member& out) {
  if (state_ == State::ended || state_ == State::faulty) return false;
  const bool first = state_ == State::begins;
  if (first && !take('{')) return fail();
  if (take('}')) {
    state_ = State::ended;
    return false;
  }
  state_ = State::inside;
  if (!first && !take(',')) return fail();
  return (take_text(out.key) && take(':') && take_value(out)) || fail();
}

bool is_flat_object(std::string_view text) {
  FlatObject object(text);
  FlatObject::Member member;
  while (object.next(member)) {
  }
  return object.whole();
}

std::string_view unescaped(std::string_view value, std::string& room) {
  if (value.find('\\') == std::string_view::npos) return value;
  room.clear();
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) ++i;
    room += value[i];
  }
  return room;
}

}  // namespace spanlight
