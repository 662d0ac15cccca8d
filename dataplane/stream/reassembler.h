#pragma once
// TCP segments → bytes in order, holes declared, ends told. The only owner of sequence arithmetic. One for
// each worker.
//
// In order: a segment that continues its stream is delivered as a view, without a copy. What comes early is
// copied to the worker's slabs. Causal order between the directions: a segment that acknowledges bytes of the
// other direction that we have not seen yet waits for them, since a TAP's two directions may be skewed. A
// hole is declared
//   - when the peer has acknowledged past it and the skew allowance has passed,
//   - when no peer speaks (a mirror of one direction) and hole_timeout has passed,
//   - when a limit on held bytes is hit,
//   - at once for the part of a segment that the capture cut off,
// and never by dropping the connection.

#include <algorithm>

#include "core/slab.h"
#include "decode/packet.h"
#include "stream/sequence.h"
#include "stream/stream.h"

namespace spanlight {

// A segment, an acknowledgement or a RST that is further than this from what is known of its stream does not
// belong to it; four such segments in a row that continue each other do (a sensor that was blind for long).
constexpr std::uint32_t kPlausibleBytes = 16u << 20;
constexpr std::uint8_t kStraysAgreeing = 4;
constexpr std::uint32_t kStrayStepBytes = 1u
                                          << 20;  // how far one of them may lie from where the last one ended
constexpr std::uint32_t kJoinBytes = 1u << 20;  // how far before the place where we joined a stream may begin
constexpr std::uint32_t kAckLagBytes =
    1u << 30;  // peer_acked is kept this near to next_seq: it is compared by sign

struct Segment {
  Bytes payload;                 // captured bytes
  std::uint32_t wire_bytes = 0;  // payload length that the headers claim, >= payload.size()
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint8_t flags = 0;  // tcp_flag
  TimeNs time = 0;
  // What holes age by. In a capture the packet's own time; live a clock that never runs ahead of packets
  // which wait unread on another port, whose timestamps may lie far back. 0 = `time`.
  TimeNs clock = 0;
  TimeNs age_clock() const { return clock != 0 ? clock : time; }
};

struct ReassemblyLimits {
  DurationNs skew_allowance_ns = 20 * kMillisecondNs;
  DurationNs hole_timeout_ns = 2 * kSecondNs;
  std::uint32_t held_bytes_max = 8'388'608;  // per direction
  std::uint32_t held_segments_max = 16'384;  // per direction
};

struct ReassemblyCounters {
  std::uint64_t in_order_bytes = 0;  // bytes that passed without a copy
  std::uint64_t out_of_order = 0;    // segments that came early
  std::uint64_t retransmitted = 0;   // segments that brought nothing new (keep-alives apart)
  std::uint64_t keep_alives = 0;
  std::uint64_t overlaps = 0;  // segments that brought new bytes beside old ones
  std::uint64_t overlap_conflicts =
      0;  // segments that differed from held bytes they overlap: the first copy was kept
  std::uint64_t gaps = 0;
  std::uint64_t gap_bytes = 0;
  std::uint64_t skew_held = 0;      // segments in order that waited for the other direction
  std::uint64_t limit_hits = 0;     // times that waiting was cut short: a limit or the slabs were exhausted
  std::uint64_t out_of_window = 0;  // segments too far from the stream, or behind its end, to belong to it
  std::uint64_t cut_bytes = 0;      // bytes that the capture cut off (snap length)
};

struct HeldSegment;
struct ArrivingSegment;

class Reassembler {
 public:
  Reassembler(const ReassemblyLimits& limits, SlabPool& slabs, ReassemblyCounters& counters)
      : limits_(limits), slabs_(slabs), counters_(counters) {}

  // True if `segment` opens a new connection on the ports of an old one, or, where that is over, has payload
  // that is of another one, whose opening was not seen: the caller closes the old one first.
  static bool reopens(const Conversation& c, unsigned sender, const Segment& segment);

  // Afterwards c.hole_deadline says when on_time() is due.
  void on_segment(Conversation& c, unsigned sender, const Segment& segment, StreamSink& sink) {
    if (expected(c, sender, segment)) {
      pass(c, sender, segment, sink);
    } else {
      on_unexpected(c, sender, segment, sink);
    }
  }

  // Instead of on_segment() where nobody reads the conversation any more: its ends alone are followed. What
  // was held before has left (let_go).
  static void pass_unread(Conversation& c, unsigned sender, std::uint8_t flags) {
    Stream& s = c.stream[sender];
    if ((flags & tcp_flag::fin) != 0) {
      s.ended = true;
      s.fin_counted = false;  // nobody knows where
    }
    if ((flags & tcp_flag::rst) != 0) s.reset = true;
  }

  // Delivers what is held, holes declared: what they lack will not be given.
  void let_go(Conversation& c, TimeNs now, StreamSink& sink) {
    while (step(c, now, true, sink)) {
    }
  }

  // To be called when c.hole_deadline has passed. Harmless at any other time.
  void on_time(Conversation& c, TimeNs now, StreamSink& sink) { settle(c, now, sink); }

  // Delivers what is held (holes declared), tells both ends, gives every slab back. The conversation is over.
  void close(Conversation& c, End end, TimeNs now, StreamSink& sink);

  // When what is given from now on was read, where holes age by a clock that stands still at times
  // (Segment::clock): they date from then, lest they be old at once when the clock goes on. 0: they date from
  // the clock.
  void set_read_time(TimeNs now) { read_time_ = now; }

  // The cause that gaps are given from now on: the worker says `sensor` while its own drop counters move.
  void set_gap_cause(GapCause cause) { gap_cause_ = cause; }

  // From now on no hole waits longer than this for what was acknowledged, whatever the limits say.
  void cut_skew_allowance(DurationNs most) { skew_allowance_most_ = most; }

 private:
  // The common case: both sides known, nothing held or owed, the next bytes of the stream or none, whole,
  // with an acknowledgement of nothing that we have not seen.
  static bool expected(const Conversation& c, unsigned sender, const Segment& segment) {
    constexpr std::uint8_t kSpecial = tcp_flag::fin | tcp_flag::syn | tcp_flag::rst | tcp_flag::ack;
    const Stream& s = c.stream[sender];
    const Stream& o = c.stream[sender ^ 1];
    return segment.seq == s.next_seq && c.hole_deadline == 0 && (segment.flags & kSpecial) == tcp_flag::ack &&
           s.started && s.seen && !s.fin_seen && !s.ended && o.started &&
           segment.payload.size() == segment.wire_bytes && segment.wire_bytes <= kPlausibleBytes &&
           distance(reached(o), segment.ack) <= 0 && distance(reached(o), segment.ack) > -int{kAckLagBytes};
  }

  void pass(Conversation& c, unsigned sender, const Segment& segment, StreamSink& sink) {
    Stream& s = c.stream[sender];
    Stream& o = c.stream[sender ^ 1];
    s.strays = 0;
    o.acked_valid = true;
    o.peer_acked = later(o.peer_acked, segment.ack);
    if (segment.wire_bytes == 0) return;
    const Chunk chunk{segment.payload, s.offset, segment.time, acked_offset(o, segment.ack)};
    advance(s, segment.wire_bytes);
    counters_.in_order_bytes += segment.wire_bytes;
    sink.on_chunk(sender, chunk);
  }

  static void advance(Stream& s, std::uint32_t n);

  // Intake (reassembler.cpp).
  void on_unexpected(Conversation& c, unsigned sender, const Segment& segment, StreamSink& sink);
  bool locate(Conversation& c, unsigned sender, const Segment& segment, const ArrivingSegment& a,
              StreamSink& sink);
  void rejoin(Conversation& c, unsigned sender, const ArrivingSegment& a, StreamSink& sink);
  void take_data(Conversation& c, unsigned sender, ArrivingSegment a, StreamSink& sink);
  void place(Conversation& c, unsigned sender, ArrivingSegment& a, bool overlaps_old, StreamSink& sink);
  bool cut_wait_short(Conversation& c, unsigned sender, const ArrivingSegment& a, StreamSink& sink);
  void pass_front(Conversation& c, unsigned sender, ArrivingSegment& a, StreamSink& sink);
  void take_fin(Conversation& c, unsigned sender, const ArrivingSegment& a, std::uint32_t fin_seq);

  // Delivery and its order (settle.cpp).
  void settle(Conversation& c, TimeNs now, StreamSink& sink);
  bool step(Conversation& c, TimeNs now, bool all_due, StreamSink& sink);
  bool deliver_all_ready(Conversation& c, TimeNs now, StreamSink& sink);
  bool deliver_ready(Conversation& c, TimeNs now, StreamSink& sink);
  TimeNs due_at(const Conversation& c, Stream& s, TimeNs now) const;
  void give_up(Conversation& c, unsigned sender, TimeNs now, StreamSink& sink);
  void release(Conversation& c, unsigned sender, TimeNs now, StreamSink& sink);
  void deliver(Conversation& c, unsigned sender, const Chunk& chunk, std::uint32_t cut, TimeNs now,
               StreamSink& sink);
  void declare(Conversation& c, unsigned sender, std::uint32_t missing, TimeNs now, StreamSink& sink);
  void end_side(Conversation& c, unsigned sender, End end, TimeNs now, StreamSink& sink);

  const ReassemblyLimits& limits_;
  SlabPool& slabs_;
  ReassemblyCounters& counters_;
  TimeNs noted(TimeNs clock) const { return clock > read_time_ ? clock : read_time_; }

  DurationNs skew_allowance() const { return std::min(limits_.skew_allowance_ns, skew_allowance_most_); }

  DurationNs skew_allowance_most_ = kNever;
  GapCause gap_cause_ = GapCause::mirror;
  TimeNs read_time_ = 0;
};

// The stream moves on by `n`: what was owed or waited for is measured afresh from here.
inline void Reassembler::advance(Stream& s, std::uint32_t n) {
  const std::int64_t lag = std::int64_t{distance(s.peer_acked, s.next_seq)} + n;
  s.next_seq += n;
  s.offset += n;
  s.fin_counted = false;
  s.owed_since = 0;
  if (lag > std::int64_t{kAckLagBytes}) s.peer_acked = s.next_seq - kAckLagBytes;
}

}  // namespace spanlight
