// What may be shown on a terminal, and how wide it is there; durations and sizes for people.

#include <algorithm>
#include <array>
#include <charconv>

#include "record/table.h"
#include "record/utf8.h"

namespace spanlight {
namespace {

struct Range {
  std::uint32_t first, last;
};

template <std::size_t kCount>
bool is_in(const std::array<Range, kCount>& ranges, std::uint32_t code_point) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), code_point,
                                      [](std::uint32_t c, const Range& r) { return c < r.first; });
  return after != ranges.begin() && code_point <= std::prev(after)->last;
}

// Control and format characters: they move, hide or turn what stands around them. Also what is no character
// at all.
constexpr std::array<Range, 17> kNotShown = {{{0x00, 0x1f},
                                              {0x7f, 0x9f},
                                              {0xad, 0xad},
                                              {0x61c, 0x61c},
                                              {0x115f, 0x1160},
                                              {0x17b4, 0x17b5},
                                              {0x180b, 0x180f},
                                              {0x200b, 0x200f},
                                              {0x2028, 0x202e},
                                              {0x2060, 0x206f},
                                              {0x3164, 0x3164},
                                              {0xe000, 0xf8ff},  // private use: width unknown
                                              {0xfe00, 0xfe0f},  // variation selectors
                                              {0xfeff, 0xfeff},
                                              {0xffa0, 0xffa0},
                                              {0xfff0, 0xfffb},
                                              {0xe0000, 0x10ffff}}};

// Marks that stand on the character before them (the common blocks; others are counted as one column).
constexpr std::array<Range, 9> kMarks = {{{0x300, 0x36f},
                                          {0x483, 0x489},
                                          {0x591, 0x5bd},
                                          {0x610, 0x61a},
                                          {0x64b, 0x65f},
                                          {0x1ab0, 0x1aff},
                                          {0x1dc0, 0x1dff},
                                          {0x20d0, 0x20f0},
                                          {0xfe20, 0xfe2f}}};

// Two columns: East Asian Width W and F, and emoji.
constexpr std::array<Range, 12> kWide = {{{0x1100, 0x115e},
                                          {0x2e80, 0x303e},
                                          {0x3041, 0x33ff},
                                          {0x3400, 0x4dbf},
                                          {0x4e00, 0xa4cf},
                                          {0xa960, 0xa97f},
                                          {0xac00, 0xd7a3},
                                          {0xf900, 0xfaff},
                                          {0xfe30, 0xfe6f},
                                          {0xff01, 0xff60},
                                          {0xffe0, 0xffe6},
                                          {0x1f300, 0x3fffd}}};

constexpr unsigned kMarksMax = 2;  // on one character; more would paint over the lines around
constexpr unsigned kEscapeColumns = 4;
constexpr std::string_view kEllipsis = "…";

void append_escaped(TextBuffer& out, std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    const char escape[] = {'\\', 'x', kHex[byte >> 4], kHex[byte & 0xf]};
    out.append({escape, sizeof(escape)});
  }
}

// Three significant digits, cut and not rounded, so that 999.9 stays below 1000.
void append_significant(TextBuffer& out, std::uint64_t value, std::uint64_t unit, std::string_view name) {
  char* at = out.room(32);
  const std::uint64_t whole = value / unit;
  at = std::to_chars(at, at + 20, whole).ptr;
  if (unit > 1 && whole < 100) {
    const std::uint64_t hundredths =
        (value % unit) / (unit / 100);  // every unit here is 1 or a multiple of 100
    *at++ = '.';
    *at++ = static_cast<char>('0' + hundredths / 10);
    if (whole < 10) *at++ = static_cast<char>('0' + hundredths % 10);
  }
  *at++ = ' ';
  out.commit(at);
  out.append(name);
}

void append_two(TextBuffer& out, std::uint64_t high, char high_unit, std::uint64_t low, char low_unit) {
  char* at = out.room(32);
  at = std::to_chars(at, at + 20, high).ptr;
  *at++ = high_unit;
  *at++ = static_cast<char>('0' + low / 10);
  *at++ = static_cast<char>('0' + low % 10);
  *at++ = low_unit;
  out.commit(at);
}

}  // namespace

unsigned append_shown(TextBuffer& out, std::string_view text, unsigned width) {
  const std::size_t start = out.size();
  std::size_t fitting_size = start;  // where the ellipsis would go
  unsigned columns = 0, fitting_columns = 0, marks = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = utf8_step(text, at);
    const std::string_view bytes = text.substr(at, step.length);
    const bool is_mark = step.valid && is_in(kMarks, step.code_point);
    marks = is_mark ? marks + 1 : 0;
    const bool shown =
        step.valid && !is_in(kNotShown, step.code_point) && (!is_mark || (marks <= kMarksMax && at > 0));
    unsigned wide = 1;
    if (!shown) {
      wide = kEscapeColumns * step.length;
    } else if (is_mark) {
      wide = 0;
    } else if (is_in(kWide, step.code_point)) {
      wide = 2;
    }
    if (width != 0 && wide > width - columns) {
      out.truncate(fitting_size);
      out.append(kEllipsis);
      return fitting_columns + 1;
    }
    if (shown) {
      out.append(bytes);
    } else {
      append_escaped(out, bytes);
    }
    columns += wide;
    at += step.length;
    if (columns < width) {
      fitting_size = out.size();
      fitting_columns = columns;
    }
  }
  return columns;
}

void append_duration(TextBuffer& out, std::uint64_t duration_ns) {
  constexpr std::uint64_t kMicrosecond = 1'000, kMillisecond = 1'000'000, kSecond = 1'000'000'000;
  constexpr std::uint64_t kMinute_s = 60, kHour_s = 3'600, kDay_s = 86'400;
  if (duration_ns < kMicrosecond) return append_significant(out, duration_ns, 1, "ns");
  if (duration_ns < kMillisecond) return append_significant(out, duration_ns, kMicrosecond, "µs");
  if (duration_ns < kSecond) return append_significant(out, duration_ns, kMillisecond, "ms");
  const std::uint64_t seconds = duration_ns / kSecond;
  if (seconds < kMinute_s) return append_significant(out, duration_ns, kSecond, "s");
  if (seconds < kHour_s) return append_two(out, seconds / kMinute_s, 'm', seconds % kMinute_s, 's');
  if (seconds < kDay_s) return append_two(out, seconds / kHour_s, 'h', seconds % kHour_s / kMinute_s, 'm');
  if (seconds < 1'000 * kDay_s)
    return append_two(out, seconds / kDay_s, 'd', seconds % kDay_s / kHour_s, 'h');
  append_significant(out, seconds / kDay_s, 1, "d");
}

void append_bytes(TextBuffer& out, std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 7> kUnits = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  std::uint64_t unit = 1;
  std::size_t name = 0;
  while (bytes / unit >= 1'000 && name + 1 < kUnits.size()) {
    unit *= 1'000;
    ++name;
  }
  append_significant(out, bytes, unit, kUnits[name]);
}

}  // namespace spanlight
