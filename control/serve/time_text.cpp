#include "serve/time_text.h"

#include <array>
#include <charconv>
#include <chrono>

#include "process/clock.h"
#include "serve/clock.h"

namespace spanlight::serve {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kDurationMaxNs = 36'525ull * 86'400 * kSecondNs;

struct Unit {
  std::string_view name;
  std::uint64_t ns;
};
// Longer names first where one begins with another.
constexpr auto kUnits = std::to_array<Unit>({{"ns", 1},
                                             {"us", 1'000},
                                             {"ms", 1'000'000},
                                             {"s", kSecondNs},
                                             {"m", 60 * kSecondNs},
                                             {"h", 3'600 * kSecondNs},
                                             {"d", 86'400 * kSecondNs},
                                             {"w", 604'800 * kSecondNs}});

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// Exactly `digits` of them.
bool take_fixed(std::string_view& text, std::size_t digits, unsigned& out) {
  if (text.size() < digits) return false;
  out = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return false;
    out = out * 10 + static_cast<unsigned>(text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == any_of.npos) return false;
  text.remove_prefix(1);
  return true;
}

// What follows the seconds' point: any number of digits, of which nine count.
bool take_fraction(std::string_view& text, std::uint64_t& ns) {
  std::size_t digits = 0;
  std::uint64_t value = 0;
  std::uint64_t scale = kSecondNs;
  while (!text.empty() && is_digit(text.front())) {
    if (scale > 1) {
      scale /= 10;
      value = value * 10 + static_cast<std::uint64_t>(text.front() - '0');
    }
    text.remove_prefix(1);
    ++digits;
  }
  ns = value * scale;
  return digits > 0;
}

// Seconds east of Greenwich.
bool take_offset(std::string_view& text, std::int64_t& seconds) {
  seconds = 0;
  if (take(text, "Zz")) return true;
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
  const bool west = text.front() == '-';
  text.remove_prefix(1);
  unsigned hours = 0, minutes = 0;
  if (!take_fixed(text, 2, hours) || !take(text, ":") || !take_fixed(text, 2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  const std::int64_t east = std::int64_t{hours} * 3'600 + std::int64_t{minutes} * 60;
  seconds = west ? -east : east;
  return true;
}

std::optional<std::uint64_t> parse_rfc3339(std::string_view text) {
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!take_fixed(text, 4, year) || !take(text, "-") || !take_fixed(text, 2, month) || !take(text, "-") ||
      !take_fixed(text, 2, day) || !take(text, "Tt ") || !take_fixed(text, 2, hour) || !take(text, ":") ||
      !take_fixed(text, 2, minute) || !take(text, ":") || !take_fixed(text, 2, second))
    return std::nullopt;
  std::uint64_t fraction_ns = 0;
  std::int64_t offset_s = 0;
  if (take(text, ".") && !take_fraction(text, fraction_ns)) return std::nullopt;
  if (!take_offset(text, offset_s) || !text.empty()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;  // 60: a leap second
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - offset_s;
  constexpr std::int64_t kSecondsMax = 9'000'000'000;  // year 2255: nanoseconds fit in 63 bits
  if (seconds < 0 || seconds > kSecondsMax) return std::nullopt;
  return static_cast<std::uint64_t>(seconds) * kSecondNs + fraction_ns;
}

}  // namespace

std::uint64_t now_ns() {
  return wall_clock_ns();
}

std::optional<std::uint64_t> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    const std::optional<std::uint64_t> count = take_number(text);
    if (!count) return std::nullopt;
    const Unit* found = nullptr;
    for (const Unit& unit : kUnits) {
      if (!text.starts_with(unit.name)) continue;
      found = &unit;
      break;
    }
    if (found == nullptr || *count > kDurationMaxNs / found->ns) return std::nullopt;
    text.remove_prefix(found->name.size());
    total += *count * found->ns;
    if (total > kDurationMaxNs) return std::nullopt;
  }
  return total;
}

std::optional<std::uint64_t> parse_moment(std::string_view text, std::uint64_t now_ns) {
  if (text == "now") return now_ns;
  std::string_view rest = text;
  if (const std::optional<std::uint64_t> ns = take_number(rest); ns && rest.empty()) return ns;
  if (const std::optional<std::uint64_t> ago = parse_duration(text)) return *ago < now_ns ? now_ns - *ago : 0;
  return parse_rfc3339(text);
}

}  // namespace spanlight::serve
