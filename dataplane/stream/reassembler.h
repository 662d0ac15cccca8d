#pragma once
// TCP segments → bytes in order, holes declared, ends told. The only owner of sequence arithmetic. One for each worker.
//
// In order: a segment that continues its stream is delivered as a view, without a copy. What comes early is copied to
// the worker's slabs. Causal order between the directions: a segment that acknowledges bytes of the other direction
// that we have not seen yet waits for them, since a TAP's two directions may be skewed.
// A hole is declared
//   - when the peer has acknowledged past it and the skew allowance has passed,
//   - when no peer speaks (a mirror of one direction) and hole_timeout has passed,
//   - when a limit on held bytes is hit,
//   - at once for the part of a segment that the capture cut off,
// and never by dropping the connection.

#include "core/slab.h"
#include "stream/stream.h"

namespace spanlight {

struct Segment {
  Bytes payload;                    // captured bytes
  std::uint32_t wire_bytes = 0;     // payload length that the headers claim, >= payload.size()
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint8_t flags = 0;           // tcp_flag
  TimeNs time = 0;
};

struct ReassemblyLimits {
  DurationNs skew_allowance_ns = 20 * kMillisecondNs;
  DurationNs hole_timeout_ns = 2 * kSecondNs;
  std::uint32_t held_bytes_max = 1'048'576;  // per direction
  std::uint32_t held_segments_max = 256;     // per direction
};

struct ReassemblyCounters {
  std::uint64_t in_order_bytes = 0;
  std::uint64_t out_of_order = 0;        // segments that came early
  std::uint64_t retransmitted = 0;       // segments that brought nothing new (keep-alives apart)
  std::uint64_t keep_alives = 0;
  std::uint64_t overlaps = 0;            // segments that brought new bytes beside old ones
  std::uint64_t overlap_conflicts = 0;   // overlapping bytes that differed: the first copy was kept
  std::uint64_t gaps = 0;
  std::uint64_t gap_bytes = 0;
  std::uint64_t skew_held = 0;           // segments that waited for the other direction
  std::uint64_t limit_hits = 0;          // holes declared early because a limit or the slabs were exhausted
  std::uint64_t out_of_window = 0;       // segments too far from the stream to belong to it
  std::uint64_t cut_bytes = 0;           // bytes that the capture cut off (snap length)
};

class Reassembler {
 public:
  Reassembler(const ReassemblyLimits& limits, SlabPool& slabs, ReassemblyCounters& counters);

  // True if `segment` opens a new connection on the ports of an old one: the caller closes the old one first.
  static bool reopens(const Conversation& c, unsigned sender, const Segment& segment);

  void on_segment(Conversation& c, unsigned sender, const Segment& segment, StreamSink& sink);

  // To be called when c.hole_deadline has passed.
  void on_time(Conversation& c, TimeNs now, StreamSink& sink);

  // Delivers what is held (holes declared), tells both ends, gives every slab back. The conversation is over.
  void close(Conversation& c, End end, TimeNs now, StreamSink& sink);

  // The cause that gaps are given from now on: the worker says `sensor` while its own drop counters move.
  void set_gap_cause(GapCause cause) { gap_cause_ = cause; }

 private:
  const ReassemblyLimits& limits_;
  SlabPool& slabs_;
  ReassemblyCounters& counters_;
  GapCause gap_cause_ = GapCause::mirror;
};

}  // namespace spanlight
