#include "redis/resp.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace spanlight::redis {
namespace {

constexpr std::size_t kNumberBytesMax = 32;  // of a line that is a number

bool type_of(std::uint8_t sign, Type& type) {
  switch (sign) {
    case '+':
      type = Type::status;
      return true;
    case '-':
      type = Type::error;
      return true;
    case ':':
      type = Type::integer;
      return true;
    case '$':
      type = Type::bulk;
      return true;
    case '*':
      type = Type::array;
      return true;
    case '_':
      type = Type::nil;
      return true;
    case '#':
      type = Type::boolean;
      return true;
    case ',':
      type = Type::number;
      return true;
    case '(':
      type = Type::big_number;
      return true;
    case '!':
      type = Type::bulk_error;
      return true;
    case '=':
      type = Type::verbatim;
      return true;
    case '%':
      type = Type::map;
      return true;
    case '~':
      type = Type::set;
      return true;
    case '>':
      type = Type::push;
      return true;
    case '|':
      type = Type::attribute;
      return true;
    default:
      return false;
  }
}

bool is_text(Type type) {
  return type == Type::status || type == Type::error || type == Type::big_number;
}
bool is_counted(Type type) {
  return type >= Type::array;
}
bool is_bulk(Type type) {
  return type == Type::bulk || type == Type::bulk_error || type == Type::verbatim;
}

// Lines that are a number and nothing else.
bool is_number(Type type) {
  return type == Type::integer || is_bulk(type) || is_counted(type);
}

bool to_number(std::string_view text, std::int64_t& value) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc{} && end == text.data() + text.size() && !text.empty();
}

// Digits, signs, exponents, inf, nan: what a double may look like.
bool is_double(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || std::string_view("+-.eEinfa").find(c) != std::string_view::npos;
  });
}

// What `n` announces by the line's type; sets count and payload.
Fault announce_number(Line& line, std::int64_t n) {
  if (line.type == Type::integer) return Fault::none;
  if (n < -1) return Fault::bad_value;
  if (n < 0) {  // RESP2's null
    if (line.type != Type::bulk && line.type != Type::array) return Fault::bad_value;
    line.type = Type::nil;
    return Fault::none;
  }
  const auto length = static_cast<std::uint64_t>(n);
  if (is_bulk(line.type)) {
    if (length > kBulkBytesMax) return Fault::bad_length;
    line.payload = length + 2;
    return Fault::none;
  }
  if (length > kElementsMax) return Fault::too_many;
  line.count = line.type == Type::map || line.type == Type::attribute ? 2 * length : length;
  return Fault::none;
}

// What the text must be like by its type.
Fault announce(Line& line) {
  std::int64_t n = 0;
  switch (line.type) {
    case Type::boolean:
      return line.text == "t" || line.text == "f" ? Fault::none : Fault::bad_value;
    case Type::nil:
      return line.text.empty() ? Fault::none : Fault::bad_value;
    case Type::number:
      return is_double(line.text) ? Fault::none : Fault::bad_value;
    default:
      break;
  }
  if (!is_number(line.type)) return Fault::none;
  return to_number(line.text, n) ? announce_number(line, n) : Fault::bad_value;
}

// Most lines: a few digits and CR LF. False: anything else, also what may become one.
bool read_digits(Bytes in, Line& line) {
  constexpr std::size_t kDigitsMax = 9;
  const std::size_t most = std::min(in.size(), kDigitsMax + 1);
  std::int64_t n = 0;
  std::size_t at = 1;
  for (; at < most && in[at] >= '0' && in[at] <= '9'; ++at) n = n * 10 + (in[at] - '0');
  if (at == 1 || in.size() < at + 2 || in[at] != '\r' || in[at + 1] != '\n') return false;
  line.text = as_text(in.subspan(1, at - 1));
  line.bytes = at + 2;
  line.fault = announce_number(line, n);
  return true;
}

// The line's end: CR LF. Where it must be within `bytes_max` and is not: bad_length.
Fault find_end(Bytes in, std::size_t bytes_max, std::size_t& end) {
  const std::size_t look = std::min(in.size(), bytes_max);
  const void* found = look == 0 ? nullptr : std::memchr(in.data(), '\r', look);
  if (found == nullptr) return look == bytes_max ? Fault::bad_length : Fault::short_input;
  end = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - in.data());
  if (end + 1 == in.size()) return Fault::short_input;
  return in[end + 1] == '\n' ? Fault::none : Fault::bad_value;
}

}  // namespace

std::string_view type_name(Type type) {
  switch (type) {
    case Type::inline_command:
      return "inline";
    case Type::status:
      return "status";
    case Type::error:
    case Type::bulk_error:
      return "error";
    case Type::integer:
      return "integer";
    case Type::bulk:
      return "bulk";
    case Type::nil:
      return "nil";
    case Type::boolean:
      return "boolean";
    case Type::number:
      return "double";
    case Type::big_number:
      return "bignumber";
    case Type::verbatim:
      return "verbatim";
    case Type::array:
      return "array";
    case Type::map:
      return "map";
    case Type::set:
      return "set";
    case Type::push:
      return "push";
    case Type::attribute:
      break;
  }
  return "attribute";
}

// sign | text | CR LF
Line read_line(Bytes in) {
  Line line;
  if (in.empty()) {
    line.fault = Fault::short_input;
    return line;
  }
  if (!type_of(in[0], line.type)) {
    line.fault = Fault::bad_magic;
    return line;
  }
  if (is_number(line.type) && read_digits(in, line)) return line;
  const Bytes rest = in.subspan(1);
  std::size_t end = 0;
  line.fault = find_end(rest, is_text(line.type) ? kLineBytesMax : kNumberBytesMax, end);
  if (line.fault != Fault::none) return line;
  line.text = as_text(rest.first(end));
  line.bytes = 1 + end + 2;
  line.fault = announce(line);
  return line;
}

// Words up to LF. A CR before it is the end's.
Line read_inline(Bytes in) {
  Line line{.type = Type::inline_command};
  const std::size_t look = std::min(in.size(), kLineBytesMax);
  const void* found = look == 0 ? nullptr : std::memchr(in.data(), '\n', look);
  if (found == nullptr) {
    line.fault = look == kLineBytesMax ? Fault::bad_length : Fault::short_input;
    return line;
  }
  line.bytes = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - in.data()) + 1;
  line.text = as_text(in.first(line.bytes - 1));
  if (!line.text.empty() && line.text.back() == '\r') line.text.remove_suffix(1);
  return line;
}

bool Walk::accept(Type type, std::uint64_t count, bool& too_deep) {
  if (is_counted(type) && count > 0) {
    if (depth_ == kDepthMax) {
      too_deep = true;
      return true;
    }
    left_[depth_] = static_cast<std::uint32_t>(count);
    const auto bit = static_cast<std::uint16_t>(1u << depth_);
    attributes_ =
        static_cast<std::uint16_t>(type == Type::attribute ? attributes_ | bit : attributes_ & ~bit);
    ++depth_;
    return false;
  }
  if (type == Type::attribute) return false;
  // A value is complete, and with it every aggregate whose last it is. An attribute ends before its value.
  while (depth_ > 0) {
    if (--left_[depth_ - 1] > 0) return false;
    --depth_;
    if ((attributes_ >> depth_ & 1) != 0) return false;
  }
  return true;
}

bool Values::next(Value& value) {
  const Line line = read_line(rest_);
  if (line.fault != Fault::none) return false;
  value = {.type = line.type, .text = line.text, .bytes = line.text.size(), .count = line.count};
  rest_ = rest_.subspan(line.bytes);
  if (line.payload == 0) return true;
  value.bytes = line.payload - 2;
  value.text =
      as_text(rest_.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest_.size(), value.bytes))));
  rest_ = rest_.subspan(static_cast<std::size_t>(std::min<std::uint64_t>(rest_.size(), line.payload)));
  return true;
}

namespace {

// As sdssplitargs() does, but that escapes within quotes stay as they are.
void split_words(std::string_view line, Words& words, std::size_t most) {
  std::size_t at = 0;
  while (at < line.size()) {
    if (line[at] == ' ' || line[at] == '\t') {
      ++at;
      continue;
    }
    const char quote = line[at] == '"' || line[at] == '\'' ? line[at] : '\0';
    std::size_t end = at + (quote != '\0' ? 1 : 0);
    const std::size_t start = end;
    while (end < line.size() && (quote != '\0' ? line[end] != quote : line[end] != ' ' && line[end] != '\t'))
      end += quote != '\0' && line[end] == '\\' && end + 1 < line.size() ? 2u : 1u;
    const std::string_view word = line.substr(start, end - start);
    ++words.count;
    if (words.list.all().size() < most)
      words.list.add({.type = Type::bulk, .text = word, .bytes = word.size()});
    at = end + (quote != '\0' ? 1 : 0);
  }
}

}  // namespace

void read_words(std::string_view head, Words& words, std::size_t most) {
  if (head.empty()) return;
  if (head.front() != '*') {
    words.is_inline = true;
    const std::size_t end = head.find_first_of("\r\n");
    return split_words(head.substr(0, end), words, most);
  }
  Values values(head);
  Value value;
  if (!values.next(value) || value.type != Type::array) return;
  words.count = value.count;
  while (words.list.all().size() < std::min<std::uint64_t>(words.count, most) && values.next(value))
    words.list.add(value);
}

}  // namespace spanlight::redis
