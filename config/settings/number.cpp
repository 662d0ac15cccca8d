#include "settings/number.h"

#include <bit>
#include <limits>

#include "text/text.h"

namespace spanlight {

namespace {

struct Suffix {
  std::string_view name;
  std::uint64_t factor;  // in milliseconds or bytes
};

constexpr Suffix kDurations[] = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
constexpr Suffix kSizes[] = {{"GiB", 1u << 30},     {"MiB", 1u << 20}, {"KiB", 1u << 10}, {"B", 1},
                             {"GB", 1'000'000'000}, {"MB", 1'000'000}, {"KB", 1'000}};

bool is_duration(Unit unit) {
  return unit == Unit::seconds || unit == Unit::milliseconds;
}

std::span<const Suffix> suffixes_of(Unit unit) {
  if (unit == Unit::count) return {};
  return is_duration(unit) ? std::span<const Suffix>(kDurations) : std::span<const Suffix>(kSizes);
}

std::uint64_t factor_of(Unit unit) {
  switch (unit) {
    case Unit::seconds:
      return 1'000;
    case Unit::mebibytes:
      return 1u << 20;
    default:
      return 1;
  }
}

std::string_view plural_of(Unit unit) {
  switch (unit) {
    case Unit::seconds:
      return "seconds";
    case Unit::milliseconds:
      return "milliseconds";
    case Unit::mebibytes:
      return "MiB";
    case Unit::bytes:
      return "bytes";
    default:
      return "numbers";
  }
}

// "300s" → digits and the factor of their unit. False: not a number, or a unit that is not known.
bool split(std::string_view text, Unit unit, std::uint64_t& digits, std::uint64_t& factor) {
  const std::size_t end = text.find_first_not_of("0123456789");
  if (!text::parse_number(text.substr(0, end), digits)) return false;
  factor = factor_of(unit);
  if (end == std::string_view::npos) return true;
  std::string_view name = text.substr(end);
  if (name.size() > 1 && name[0] == ' ') name.remove_prefix(1);
  for (const Suffix& suffix : suffixes_of(unit)) {
    if (suffix.name != name) continue;
    factor = suffix.factor;
    return true;
  }
  return false;
}

}  // namespace

std::string format_number(std::int64_t value, const Range& range) {
  if (!range.word.empty() && value == range.word_value) return std::string(range.word);
  if (range.unit == Unit::count || value < 0) return std::to_string(value);
  // The largest unit that divides the value; bytes are written as such unless they are whole MiB or more.
  const std::uint64_t small = static_cast<std::uint64_t>(value) * factor_of(range.unit);
  for (const Suffix& suffix : suffixes_of(range.unit)) {
    const bool fits = small >= suffix.factor && small % suffix.factor == 0;
    if (fits) return std::to_string(small / suffix.factor) + std::string(suffix.name);
  }
  const std::string_view smallest = range.unit == Unit::seconds        ? "s"
                                    : range.unit == Unit::milliseconds ? "ms"
                                                                       : "B";
  return std::to_string(value) + std::string(range.unit == Unit::mebibytes ? "MiB" : smallest);
}

std::string describe_range(const Range& range) {
  std::string out = range.power_of_two ? "a power of two" : "a number";
  if (range.unit != Unit::count) out = is_duration(range.unit) ? "a duration" : "a size";
  out += " from " + format_number(range.least, {.unit = range.unit}) + " to " +
         format_number(range.most, {.unit = range.unit});
  if (!range.word.empty()) out += ", or " + std::string(range.word);
  return out;
}

std::string read_number(std::string_view text, const Range& range, std::int64_t& out) {
  if (!range.word.empty() && text == range.word) {
    out = range.word_value;
    return {};
  }
  const std::string shown = text.empty() ? "an empty text" : std::string(text);
  const std::string mend = "; give " + describe_range(range);
  const bool negative = text.size() > 1 && text[0] == '-' && text[1] >= '0' && text[1] <= '9';
  std::uint64_t digits = 0;
  std::uint64_t factor = 1;
  if (!negative && !split(text, range.unit, digits, factor)) {
    const std::string_view kind = range.unit == Unit::count ? "a whole number"
                                  : is_duration(range.unit) ? "a duration such as 300s, 5m or 20ms"
                                                            : "a size such as 16KiB or 64MiB";
    return shown + " is not " + std::string(kind) + mend;
  }
  std::string below =
      shown + " is below the least, " + format_number(range.least, {.unit = range.unit}) + mend;
  if (negative) return below;
  std::string above = shown + " is above the most, " + format_number(range.most, {.unit = range.unit}) + mend;
  if (digits > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / factor) return above;
  const std::uint64_t unit = factor_of(range.unit);
  if (digits * factor % unit != 0)
    return shown + " is not a whole number of " + std::string(plural_of(range.unit)) + mend;
  const auto value = static_cast<std::int64_t>(digits * factor / unit);
  if (value < range.least) return below;
  if (value > range.most) return above;
  if (range.power_of_two && !std::has_single_bit(static_cast<std::uint64_t>(value)))
    return shown + " is not a power of two" + mend;
  out = value;
  return {};
}

}  // namespace spanlight
