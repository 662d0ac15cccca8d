#pragma once
// Segments of version 5: frames within checked pieces, from the answer to STARTUP on.
//
//   17 bits length | 1 bit: holds whole frames | 6 bits 0 | u24 CRC | payload | u32 CRC
//   with LZ4: 17 bits length | 17 bits length unpacked, 0: not packed | 1 bit | 5 bits 0 | u24 CRC | payload
//   | u32 CRC
//
// All little-endian. Turns what comes into the windows that frames alone would be. Behind a hole the next
// segment is looked for by its header's checksum.

#include <algorithm>
#include <cstdint>

#include "core/dissector.h"
#include "core/inner_stream.h"
#include "core/unpack/unpack.h"

namespace spanlight::cassandra {

struct Segment {
  std::uint32_t length = 0;    // of the payload
  std::uint32_t unpacked = 0;  // 0: not packed
  bool whole_frames = false;
  bool good = false;  // its checksum is right
};
constexpr std::size_t segment_header_bytes(bool packed) {
  return packed ? 8 : 6;
}
constexpr std::size_t kTrailerBytes = 4;
Segment parse_segment(Bytes header, bool packed);

class Segments {
 public:
  // Of a packed one: larger ones are not unpacked, what is in them is lost.
  static constexpr std::size_t kPackedBytesMax = 60'000;

  // Takes all of the window that can be taken. `read(const Window&) -> Answer` gets what is in it.
  // `lost()` is told when frames cannot be read on.
  template <typename Read, typename Lost>
  Answer on_data(Workshop& workshop, const Window& window, bool packed, const Read& read, const Lost& lost);

  void gap(Workshop& workshop, std::uint64_t missing);  // bytes are missing
  bool lost() const { return lost_; }
  bool rests() const { return left_ == 0 && trailer_ == 0 && !lost_ && within_.empty(); }
  void release(Workshop& workshop) { within_.release(workshop); }

 private:
  void lose(Workshop& workshop);
  template <typename Lost>
  void lose(Workshop& workshop, const Lost& lost) {
    if (lost_) return;
    lose(workshop);
    lost();
  }
  static std::size_t find(Bytes window, bool packed, bool& found);

  InnerStream within_;
  std::uint64_t left_ = 0;      // of the payload under way
  std::uint32_t unpacked_ = 0;  // what it unpacks to
  std::uint8_t trailer_ = 0;    // of its checksum
  std::uint64_t shown_ = 0;     // bytes of it that were seen and left for later
  bool lost_ = false;           // frames are not read until a segment begins that holds whole ones
};

template <typename Read, typename Lost>
Answer Segments::on_data(Workshop& workshop, const Window& window, bool packed, const Read& read,
                         const Lost& lost) {
  std::size_t at = 0;
  shown_ = 0;
  while (at < window.bytes.size()) {
    const Bytes rest = window.bytes.subspan(at);
    if (left_ > 0 && unpacked_ > 0 && left_ <= kPackedBytesMax) {
      if (rest.size() < left_) {
        shown_ = rest.size();
        return {.consumed = at, .want = Answer::Want::wait, .n = static_cast<std::size_t>(left_)};
      }
      const Bytes payload = rest.first(static_cast<std::size_t>(left_));
      at += payload.size();
      left_ = 0;
      if (lost_) continue;
      const unpack::Unpacked out = unpack::unpack(workshop, unpack::Method::lz4, payload, unpacked_);
      const Window as{.offset = window.offset + at, .time = window.time, .peer_acked = window.peer_acked};
      const bool good = out.whole && within_.feed(workshop, out.bytes, as, read);
      workshop.previews.give(out.block);
      if (!good) lose(workshop, lost);
      continue;
    }
    if (left_ > 0) {
      const Bytes payload = rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size())));
      left_ -= payload.size();
      const Window as{.offset = window.offset + at, .time = window.time, .peer_acked = window.peer_acked};
      at += payload.size();
      if (!lost_ && (unpacked_ > 0 || !within_.feed(workshop, payload, as, read))) lose(workshop, lost);
      continue;
    }
    if (trailer_ > 0) {
      const std::size_t n = std::min<std::size_t>(trailer_, rest.size());
      trailer_ = static_cast<std::uint8_t>(trailer_ - n);
      at += n;
      continue;
    }
    const std::size_t header_bytes = segment_header_bytes(packed);
    if (rest.size() < header_bytes) return {.consumed = at, .want = Answer::Want::wait, .n = header_bytes};
    const Segment segment = parse_segment(rest.first(header_bytes), packed);
    if (!segment.good) {
      if (!lost_) ++workshop.counters.malformed;
      lose(workshop, lost);
      bool found = false;
      const std::size_t skipped = find(rest.subspan(1), packed, found);
      at += 1 + skipped;
      continue;
    }
    if (lost_ && segment.whole_frames) lost_ = false;
    at += header_bytes;
    left_ = segment.length;
    unpacked_ = segment.unpacked;
    trailer_ = kTrailerBytes;
  }
  return {.consumed = at};
}

}  // namespace spanlight::cassandra
