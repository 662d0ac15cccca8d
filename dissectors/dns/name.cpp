#include "dns/name.h"

#include <algorithm>
#include <array>
#include <cstring>

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

// Nearly all names are.
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
