// What stands between quotation marks: escapes, times, durations.

#include <algorithm>
#include <charconv>

#include "filter/syntax.h"

namespace spanlight::filter {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

// CEL's escapes. \x and octal give a byte, so that a filter can look for bytes that are no text; \u and \U a
// character.
class Escapes {
 public:
  Escapes(std::string_view body, std::size_t position) : body_(body), position_(position) {}

  std::string decode() {
    while (at_ < body_.size()) {
      if (body_[at_] != '\\') {
        out_.push_back(body_[at_++]);
      } else {
        escape();
      }
    }
    return std::move(out_);
  }

 private:
  void escape() {
    constexpr std::string_view kLetters = "abfnrtv\\?\"'`";
    constexpr std::string_view kBytes = "\a\b\f\n\r\t\v\\?\"'`";
    const std::size_t start = at_++;
    const char c = at_ < body_.size() ? body_[at_++] : '\0';
    if (const std::size_t letter = kLetters.find(c); c != '\0' && letter != std::string_view::npos) {
      out_.push_back(kBytes[letter]);
    } else if (c == 'x' || c == 'X') {
      out_.push_back(static_cast<char>(digits(start, 2, 16)));
    } else if (c == 'u' || c == 'U') {
      const std::uint32_t point = digits(start, c == 'u' ? 4 : 8, 16);
      if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) wrong(start, "is no character");
      append_utf8(out_, point);
    } else if (c >= '0' && c <= '3') {
      --at_;
      out_.push_back(static_cast<char>(digits(start, 3, 8)));
    } else {
      wrong(start, "is no escape");
    }
  }

  std::uint32_t digits(std::size_t start, std::size_t count, int base) {
    const std::string_view text = body_.substr(at_, count);
    std::uint32_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (text.size() < count || read.ptr != text.data() + count) wrong(start, "is no escape");
    at_ += count;
    return value;
  }

  [[noreturn]] void wrong(std::size_t start, const char* what) const {
    const std::string_view text = body_.substr(start, std::max<std::size_t>(2, at_ - start));
    throw Wrong{{position_ + start, text.size(), '"' + std::string(text) + "\" " + what + '.',
                 "A backslash itself is \\\\; in r\"…\" nothing is an escape."}};
  }

  std::string_view body_;
  std::size_t position_;
  std::size_t at_ = 0;
  std::string out_;
};

// A cursor over fixed-width digits.
struct Cursor {
  std::string_view text;
  bool good = true;

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (text.empty() || text[0] < '0' || text[0] > '9') {
        good = false;
        return 0;
      }
      value = value * 10 + (text[0] - '0');
      text.remove_prefix(1);
    }
    return value;
  }
  bool take(char c) {
    if (text.empty() || text[0] != c) return false;
    text.remove_prefix(1);
    return true;
  }
  void need(char c) { good = take(c) && good; }
};

bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

std::int64_t days_to(int year, int month, int day) {
  constexpr int kBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  const std::int64_t past = year - 1;
  return past * 365 + past / 4 - past / 100 + past / 400 + kBefore[month - 1] +
         (month > 2 && is_leap(year) ? 1 : 0) + day - 1;
}

int days_in(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

std::int64_t fraction_ns(Cursor& in) {
  std::int64_t value = 0;
  std::int64_t unit = 100'000'000;
  bool any = false;
  while (!in.text.empty() && in.text[0] >= '0' && in.text[0] <= '9') {
    value += unit * (in.text[0] - '0');
    unit /= 10;  // what is finer than a nanosecond is cut
    in.text.remove_prefix(1);
    any = true;
  }
  in.good = in.good && any;
  return value;
}

std::int64_t unit_ns(std::string_view& text) {
  struct Unit {
    std::string_view name;
    std::int64_t ns;
  };
  static constexpr Unit kUnits[] = {{"ns", 1},
                                    {"us", 1'000},
                                    {"ms", 1'000'000},
                                    {"s", 1'000'000'000},
                                    {"m", 60'000'000'000},
                                    {"h", 3'600'000'000'000}};
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.ns;
  }
  return 0;
}

}  // namespace

std::string unquote(std::string_view literal, std::size_t position) {
  const bool raw = literal[0] == 'r' || literal[0] == 'R';
  const std::size_t start = raw ? 2 : 1;
  const std::string_view body = literal.substr(start, literal.size() - start - 1);
  return raw ? std::string(body) : Escapes(body, position + start).decode();
}

bool parse_time(std::string_view text, std::int64_t& time_ns) {
  Cursor in{text};
  const int year = in.digits(4);
  in.need('-');
  const int month = in.digits(2);
  in.need('-');
  const int day = in.digits(2);
  if (!in.take('T') && !in.take('t')) in.need(' ');
  const int hour = in.digits(2);
  in.need(':');
  const int minute = in.digits(2);
  in.need(':');
  const int second = in.digits(2);
  const std::int64_t fraction = in.take('.') ? fraction_ns(in) : 0;
  int offset_minutes = 0;
  if (!in.take('Z') && !in.take('z')) {
    const bool west = in.take('-');
    if (!west) in.need('+');
    const int hours = in.digits(2);
    in.need(':');
    const int minutes = in.digits(2);
    in.good = in.good && hours < 24 && minutes < 60;
    offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
  }
  if (!in.good || !in.text.empty() || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 ||
      second > 59)
    return false;
  if (year < 1970 || year > 2261 || day > days_in(year, month)) return false;
  const std::int64_t days = days_to(year, month, day) - days_to(1970, 1, 1);
  const std::int64_t minutes = (days * 24 + hour) * 60 + minute - offset_minutes;
  const std::int64_t seconds = minutes * 60 + second;
  time_ns = seconds * 1'000'000'000 + fraction;
  return time_ns >= 0;
}

bool parse_duration(std::string_view text, std::int64_t& duration_ns) {
  Cursor in{text};
  const bool negative = in.take('-');
  if (in.text.empty()) return false;
  std::int64_t sum = 0;
  while (!in.text.empty()) {
    std::int64_t whole = 0;
    const auto read = std::from_chars(in.text.data(), in.text.data() + in.text.size(), whole);
    if (read.ec != std::errc{} || whole < 0) return false;
    in.text.remove_prefix(static_cast<std::size_t>(read.ptr - in.text.data()));
    const std::int64_t fraction = in.take('.') ? fraction_ns(in) : 0;  // in billionths of the unit
    const std::int64_t unit = unit_ns(in.text);
    if (!in.good || unit == 0) return false;
    std::int64_t part = 0;
    if (__builtin_mul_overflow(whole, unit, &part)) return false;
    const auto less =
        static_cast<std::int64_t>(static_cast<double>(fraction) * static_cast<double>(unit) / 1e9);
    if (__builtin_add_overflow(part, less, &part) || __builtin_add_overflow(sum, part, &sum)) return false;
  }
  duration_ns = negative ? -sum : sum;
  return true;
}

}  // namespace spanlight::filter
