#include "cassandra/segments.h"

#include <algorithm>
#include <array>

namespace spanlight::cassandra {
namespace {

constexpr std::size_t kChecksumBytes = 3;

// CRC-24 as Cassandra has it: polynomial 0x1974f0b, beginning with 0x875060. What each byte does to it:
constexpr std::array<std::uint32_t, 256> kChecksumOf = [] {
  std::array<std::uint32_t, 256> out{};
  for (std::uint32_t byte = 0; byte < out.size(); ++byte) {
    std::uint32_t crc = byte << 16;
    for (unsigned bit = 0; bit < 8; ++bit) {
      crc <<= 1;
      if ((crc & 0x1000000) != 0) crc ^= 0x1974f0b;
    }
    out[byte] = crc;
  }
  return out;
}();

std::uint32_t checksum(Bytes bytes) {
  std::uint32_t crc = 0x875060;
  for (const std::uint8_t byte : bytes) crc = (crc << 8 & 0xffffff) ^ kChecksumOf[(crc >> 16 ^ byte) & 0xff];
  return crc;
}

}  // namespace

Segment parse_segment(Bytes header, bool packed) {
  constexpr std::uint32_t kLengthMask = 0x1ffff;
  const std::size_t fields = header.size() - kChecksumBytes;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < fields; ++i) bits |= static_cast<std::uint64_t>(header[i]) << 8 * i;
  const std::uint32_t said = header[fields] | static_cast<std::uint32_t>(header[fields + 1]) << 8 |
                             static_cast<std::uint32_t>(header[fields + 2]) << 16;
  Segment out;
  out.length = static_cast<std::uint32_t>(bits & kLengthMask);
  if (packed) out.unpacked = static_cast<std::uint32_t>(bits >> 17 & kLengthMask);
  out.whole_frames = (bits >> (packed ? 34 : 17) & 1) != 0;
  // The checksum last: a start that is looked for is asked for at every byte.
  out.good = bits >> (packed ? 35 : 18) == 0 && out.length > 0 && checksum(header.first(fields)) == said;
  return out;
}

std::size_t Segments::find(Bytes window, bool packed, bool& found) {
  const std::size_t n = segment_header_bytes(packed);
  std::size_t at = 0;
  for (; window.size() - at >= n; ++at) {
    if (!parse_segment(window.subspan(at, n), packed).good) continue;
    found = true;
    return at;
  }
  return at;
}

void Segments::gap(Workshop& workshop, std::uint64_t missing) {
  if (missing > 0) missing += shown_;  // what was left of a window is gone with the hole
  shown_ = 0;
  const std::uint64_t of_payload = std::min(left_, missing);
  // What is missing of a segment that is known is missing of it alone; its checksum is not looked at.
  const bool contained = missing > 0 && missing <= left_ + trailer_;
  if (contained) {
    left_ -= of_payload;
    trailer_ = static_cast<std::uint8_t>(trailer_ - (missing - of_payload));
  } else {
    left_ = 0;
    trailer_ = 0;
  }
  lose(workshop);
}

void Segments::lose(Workshop& workshop) {
  within_.release(workshop);
  lost_ = true;
}

}  // namespace spanlight::cassandra
