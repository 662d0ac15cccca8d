#pragma once
// Domain names on the wire (RFC 1035, 4.1.4) and as text. Compression is contained: a pointer leads to before
// everything that was read of its name, so that there are no loops.

#include <cstdint>

#include "core/reader.h"
#include "core/text_room.h"

namespace spanlight::dns {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kNameBytesMax = 255;  // without compression, with the root's byte
constexpr std::size_t kLabelBytesMax = 63;
constexpr unsigned kPointersMax = 126;  // in one name: as many as it may have labels

struct NameEnd {
  Fault fault = Fault::none;
  std::size_t end = 0;  // behind the name where it stands, not where its pointers lead
};

// Calls `on_label(Bytes)` for each label of the name at `at`, the root's excepted.
template <typename OnLabel>
NameEnd walk_name(Bytes message, std::size_t at, const OnLabel& on_label) {
  constexpr std::size_t kPointer = 0xc0;
  std::size_t before = at;  // where the next pointer must lead to
  std::size_t bytes = 1;
  unsigned pointers = 0;
  NameEnd out;
  for (;;) {
    if (at >= message.size()) return {.fault = Fault::short_input};
    const std::size_t length = message[at];
    if (length - 1 < kLabelBytesMax) [[likely]] {
      bytes += length + 1;
      if (bytes > kNameBytesMax) return {.fault = Fault::bad_length};
      if (length >= message.size() - at) return {.fault = Fault::short_input};
      on_label(message.subspan(at + 1, length));
      at += length + 1;
      continue;
    }
    if (length == 0) {
      if (pointers == 0) out.end = at + 1;
      return out;
    }
    if ((length & kPointer) != kPointer) return {.fault = Fault::bad_value};
    if (message.size() - at < 2) return {.fault = Fault::short_input};
    const std::size_t target = (length & 0x3f) << 8 | message[at + 1];
    if (target < kHeaderBytes || target >= before) return {.fault = Fault::bad_value};
    if (pointers == 0) out.end = at + 2;
    if (++pointers > kPointersMax) return {.fault = Fault::too_deep};
    before = at = target;
  }
}

inline NameEnd skip_name(Bytes message, std::size_t at) {
  return walk_name(message, at, [](Bytes) {});
}

// How bytes are shown that are no letters, digits or the like.
enum class NameStyle : std::uint8_t {
  zone_file,  // RFC 1035, 5.1: \. and the like for what a zone file would take for its own, \DDD else
  utf8,       // multicast DNS, RFC 6762, 16: as they are, but for dots, backslashes and control characters
};

// The name as text, without a dot at its end; the root alone is ".".
NameEnd write_name(TextRoom& out, Bytes message, std::size_t at, NameStyle style);

// Bytes that are text (a TXT record's strings) in the same way; dots stay as they are.
void write_bytes(TextRoom& out, Bytes bytes, NameStyle style);

// Two names as they stand on the wire, neither of them compressed: equal without regard to case (RFC 4343).
bool same_name(Bytes a, Bytes b);

}  // namespace spanlight::dns
