#include "dns/name.h"

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace spanlight::dns {
namespace {

enum class Shown : std::uint8_t {
  plain,
  quote,  // as it is, but not inside of a JSON string
  escaped,
  decimal
};
using Table = std::array<Shown, 256>;

constexpr Table table_of(NameStyle style, bool dots) {
  Table table{};
  for (unsigned b = 0; b < table.size(); ++b) {
    const bool graphic = b > 0x20 && b < 0x7f;
    const bool more = style == NameStyle::utf8 && (b == 0x20 || b >= 0x80);
    table[b] = graphic || more ? Shown::plain : Shown::decimal;
  }
  table['"'] = Shown::quote;
  table['\\'] = Shown::escaped;
  if (dots) table['.'] = Shown::escaped;
  if (style == NameStyle::zone_file && dots)
    for (const unsigned char c : {'"', '(', ')', ';', '@', '$'}) table[c] = Shown::escaped;
  if (!dots) table[' '] = Shown::plain;
  return table;
}

constexpr Table kLabel[] = {table_of(NameStyle::zone_file, true), table_of(NameStyle::utf8, true)};
constexpr Table kText[] = {table_of(NameStyle::zone_file, false), table_of(NameStyle::utf8, false)};

// A plain byte's bit in the table of its low half: which high halves make it plain (2 to 7). pshufb looks
// both halves up, sixteen bytes at a time.
constexpr std::size_t kStrideBytes = 16;
using Halves = std::array<std::uint8_t, kStrideBytes>;
constexpr Halves rows_of(const Table& table) {
  Halves rows{};
  for (unsigned b = 0; b < 0x80; ++b)
    if (table[b] == Shown::plain) rows[b & 15] = static_cast<std::uint8_t>(rows[b & 15] | 1u << (b >> 4));
  return rows;
}
constexpr Halves kLabelRows[] = {rows_of(kLabel[0]), rows_of(kLabel[1])};
constexpr Halves kHighBits = {1, 2, 4, 8, 16, 32, 64, 128};

__m128i load(const void* bytes) {
  return _mm_loadu_si128(static_cast<const __m128i*>(bytes));
}

// Whether every byte of the label is. Its bytes, in whole strides, are then at `to`; so many are readable.
bool copy_plain(Bytes label, std::size_t readable, const Halves& rows, char* to) {
  for (std::size_t at = 0; at < label.size(); at += kStrideBytes) {
    if (readable - at < kStrideBytes) return false;
    const __m128i in = load(label.data() + at);
    const __m128i high = _mm_and_si128(_mm_srli_epi16(in, 4), _mm_set1_epi8(15));
    // The row of a byte from 0x80 on is 0.
    const __m128i plain = _mm_and_si128(_mm_shuffle_epi8(load(rows.data()), in),
                                        _mm_shuffle_epi8(load(kHighBits.data()), high));
    const auto others =
        static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(plain, _mm_setzero_si128())));
    const auto of_label = (std::uint32_t{1} << std::min(label.size() - at, kStrideBytes)) - 1;
    if ((others & of_label) != 0) return false;
    _mm_storeu_si128(static_cast<__m128i*>(static_cast<void*>(to + at)), in);
  }
  return true;
}

// A name whose labels are shown as they are: nearly all are. Empty: it is none, or too near to the end of the
// message or the room; nothing was written then.
std::optional<NameEnd> write_plain_name(TextRoom& out, Bytes message, std::size_t at, const Halves& rows) {
  char* const text = out.reserve(kNameBytesMax + kStrideBytes);
  if (text == nullptr) return {};
  const std::uint8_t* const message_end = message.data() + message.size();
  char* to = text;
  bool plain = true;
  const NameEnd end = walk_name(message, at, [&](Bytes label) {
    plain = plain && copy_plain(label, static_cast<std::size_t>(message_end - label.data()), rows, to);
    to += label.size();
    *to++ = '.';
  });
  if (!plain || end.fault != Fault::none || to == text) return {};
  out.keep(static_cast<std::size_t>(to - text) - 1);
  return end;
}

// What is left for bytes one by one: nearly all of it is, too.
bool all_plain(Bytes bytes, const Table& table) {
  static_assert(static_cast<unsigned>(Shown::plain) == 0);
  unsigned seen = 0;
  for (const std::uint8_t b : bytes) seen |= static_cast<unsigned>(table[b]);
  return seen == 0;
}

void write(TextRoom& out, Bytes bytes, const Table& table) {
  if (all_plain(bytes, table)) return out.put(as_text(bytes));
  for (const std::uint8_t b : bytes) {
    switch (table[b]) {
      case Shown::decimal:
        out.letter('\\');
        out.padded(b, 3);
        continue;
      case Shown::escaped:
        out.letter('\\');
        break;
      case Shown::plain:
      case Shown::quote:
        break;
    }
    out.letter(static_cast<char>(b));
  }
}

}  // namespace

NameEnd write_name(TextRoom& out, Bytes message, std::size_t at, NameStyle style) {
  if (const auto end = write_plain_name(out, message, at, kLabelRows[static_cast<unsigned>(style)]))
    return *end;
  bool any = false;
  const NameEnd end = walk_name(message, at, [&](Bytes label) {
    if (any) out.put('.');
    any = true;
    write(out, label, kLabel[static_cast<unsigned>(style)]);
  });
  if (!any && end.fault == Fault::none) out.put('.');
  return end;
}

void write_bytes(TextRoom& out, Bytes bytes, NameStyle style) {
  write(out, bytes, kText[static_cast<unsigned>(style)]);
}

bool same_name(Bytes a, Bytes b) {
  if (a.size() != b.size()) return false;
  if (std::memcmp(a.data(), b.data(), a.size()) == 0) return true;
  // Lengths of labels are below all letters.
  const auto lower = [](std::uint8_t c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace spanlight::dns
