// Intake: where a segment lies in its stream, and which of its bytes are new.

#include "stream/reassembler.h"

#include <algorithm>
#include <cassert>

#include "stream/held_segments.h"
#include "stream/sequence.h"

namespace spanlight {
namespace {

bool near(std::uint32_t a, std::uint32_t b, std::uint32_t bytes) {
  const std::int64_t d = distance(a, b);
  return d <= std::int64_t{bytes} && -d <= std::int64_t{bytes};
}

// The highest sequence number of a started stream that anyone has spoken of.
std::uint32_t highest(const Stream& s) {
  const std::uint32_t sent = s.held != nullptr ? s.held->prev->end() : s.next_seq;
  return later(sent, s.peer_acked);
}

bool plausible(const Stream& s, const ArrivingSegment& a) {
  return a.wire <= kPlausibleBytes && distance(a.seq, s.next_seq) <= std::int32_t{kPlausibleBytes} &&
         distance(highest(s), a.seq) <= std::int32_t{kPlausibleBytes};
}

// Nothing but a probe of a living peer (RFC 9293, 3.8.4): one sequence number back, at most one byte.
bool is_keep_alive(const Stream& s, std::uint32_t seq, std::uint32_t wire) {
  return wire <= 1 && seq + 1 == (s.ended ? reached(s) : s.next_seq);
}

// A side's first segment. What the other side has acknowledged meanwhile says where it must go on, so that
// bytes which were lost or come late in between are known to be missing.
void join(Stream& s, const Segment& segment, const ArrivingSegment& a) {
  const bool syn = (segment.flags & tcp_flag::syn) != 0;
  if (s.acked_valid && !near(s.next_seq, a.seq, kPlausibleBytes)) s.acked_valid = false;
  const bool older = s.acked_valid && before(a.seq, s.next_seq) && !is_keep_alive(s, a.seq, a.wire);
  if (!s.acked_valid || syn || older) s.next_seq = a.seq;
  if (!s.acked_valid || before(s.peer_acked, s.next_seq)) s.peer_acked = s.next_seq;
  s.syn_seen = syn;
  s.started = true;
  s.seen = true;
  s.owed_since = 0;
}

// Nothing was delivered yet of a stream that we joined without its SYN: an earlier segment moves its
// beginning.
void move_beginning(Stream& s, const ArrivingSegment& a, bool syn) {
  if (s.syn_seen || s.offset != 0 || s.fin_counted || !before(a.seq, s.next_seq)) return;
  if (!near(a.seq, s.next_seq, kJoinBytes)) return;
  if (!syn && is_keep_alive(s, a.seq, a.wire)) return;
  s.next_seq = a.seq;
  s.owed_since = 0;
}

// A server that keeps nothing of an attempt (SYN cookies) answers the SYN that was sent again with other
// numbers. They hold while nobody has acknowledged the first ones, and nothing came by them.
void answer_anew(Stream& s, const Segment& segment, const ArrivingSegment& a) {
  if ((segment.flags & tcp_flag::ack) == 0 || s.acked_valid || s.offset != 0 || s.held != nullptr) return;
  if (s.fin_seen || s.fin_counted || s.ended) return;
  s.next_seq = s.peer_acked = a.seq;
}

// Takes note of what `segment` says the other side has sent. False: it says nothing, or nothing that can be.
bool note_ack(Stream& o, const Segment& segment, TimeNs since) {
  if ((segment.flags & tcp_flag::ack) == 0) return false;
  if (!o.started && !o.acked_valid) {
    o.next_seq = o.peer_acked = segment.ack;
    o.acked_valid = true;
    o.owed_since = std::max<TimeNs>(since, 1);
    return true;
  }
  if (distance(highest(o), segment.ack) > std::int32_t{kPlausibleBytes}) return false;
  if (distance(o.next_seq, segment.ack) < -std::int32_t{kAckLagBytes}) return false;
  if (!o.started) o.next_seq = earlier(o.next_seq, segment.ack);
  o.peer_acked = later(o.peer_acked, segment.ack);
  o.acked_valid = true;
  return true;
}

// A RST is believed when it lies near what its sender has sent, or before its sender has sent anything: the
// answer to a SYN that is refused has the sequence number 0 (RFC 9293, 3.10.7.1).
bool believes_reset(const Stream& s, std::uint32_t seq) {
  if (!s.started && !s.acked_valid) return true;
  return near(seq, s.next_seq, kJoinBytes) || near(seq, s.peer_acked, kJoinBytes);
}

// Bytes behind the FIN of a stream, or far from all that it was: nothing that it sends again.
bool is_of_another(const Stream& s, const Segment& segment) {
  if (!s.fin_counted || segment.wire_bytes == 0 || is_keep_alive(s, segment.seq, segment.wire_bytes))
    return false;
  const std::uint32_t end = segment.seq + segment.wire_bytes;
  return before(s.next_seq, end) || !near(s.next_seq, end, kPlausibleBytes);
}

}  // namespace

bool Reassembler::reopens(const Conversation& c, unsigned sender, const Segment& segment) {
  if ((segment.flags & tcp_flag::rst) != 0) return false;
  const Stream& s = c.stream[sender];
  const bool is_over = c.stream[0].ended && c.stream[1].ended;
  if ((segment.flags & tcp_flag::syn) == 0) return is_over && is_of_another(s, segment);
  if (!s.started && !s.acked_valid) return is_over;
  const std::uint32_t first = segment.seq + 1;
  const std::uint32_t beginning = s.next_seq - static_cast<std::uint32_t>(s.offset);
  if (first == beginning) return false;  // retransmitted, or late
  if (s.syn_seen || is_over) return true;
  // We joined in the middle: a SYN from shortly before is that of the connection we know.
  return !(before(first, beginning) && near(first, beginning, kJoinBytes));
}

void Reassembler::on_unexpected(Conversation& c, unsigned sender, const Segment& segment, StreamSink& sink) {
  Stream& s = c.stream[sender];
  ArrivingSegment a;
  a.bytes = segment.payload;
  a.seq = segment.seq + ((segment.flags & tcp_flag::syn) != 0 ? 1u : 0u);
  a.wire = std::max(segment.wire_bytes, static_cast<std::uint32_t>(segment.payload.size()));
  a.ack = segment.ack;
  a.time = segment.time;
  a.clock = segment.age_clock();
  a.since = noted(a.clock);
  if ((segment.flags & tcp_flag::rst) != 0) {
    if (believes_reset(s, segment.seq)) {
      if (c.stream[sender ^ 1].started) note_ack(c.stream[sender ^ 1], segment, a.since);
      s.reset = true;
    } else {
      ++counters_.out_of_window;
    }
  } else if (locate(c, sender, segment, a, sink)) {
    s.strays = 0;
    Stream& o = c.stream[sender ^ 1];
    a.has_ack = note_ack(o, segment, a.since);
    // A side that no port shows: what it must have sent is told before the answer to it.
    if (o.started && !o.seen) settle(c, segment.age_clock(), sink);
    const std::uint32_t fin_seq = a.end();
    const bool fin = (segment.flags & tcp_flag::fin) != 0;
    if (a.wire != 0 || !fin) take_data(c, sender, a, sink);
    if (fin) take_fin(c, sender, a, fin_seq);
  }
  settle(c, segment.age_clock(), sink);
}

// Finds the segment's place relative to its stream, and starts the stream if need be. False: it does not
// belong.
bool Reassembler::locate(Conversation& c, unsigned sender, const Segment& segment, const ArrivingSegment& a,
                         StreamSink& sink) {
  Stream& s = c.stream[sender];
  const bool syn = (segment.flags & tcp_flag::syn) != 0;
  if (!s.started) {
    if (s.ended || a.wire > kPlausibleBytes) {
      ++counters_.out_of_window;
      return false;
    }
    join(s, segment, a);
    return true;
  }
  move_beginning(s, a, syn);
  if (syn) {
    answer_anew(s, segment, a);
    const bool same = a.seq == s.next_seq - static_cast<std::uint32_t>(s.offset);
    if (!same) {
      ++counters_.out_of_window;  // not the connection we know, and the caller did not open another
      return false;
    }
    if (s.syn_seen && a.wire == 0) ++counters_.retransmitted;
    s.syn_seen = true;
  } else if (!plausible(s, a)) {
    ++counters_.out_of_window;
    if (s.fin_seen || s.ended) return false;
    const bool agrees = s.strays > 0 && near(s.marked_seq, a.seq, kStrayStepBytes);
    s.strays = agrees ? std::min(static_cast<std::uint8_t>(s.strays + 1), kStraysAgreeing) : std::uint8_t{1};
    s.marked_seq = a.end();
    if (s.strays < kStraysAgreeing || a.wire > kPlausibleBytes) return false;
    rejoin(c, sender, a, sink);
  }
  s.seen = true;
  return true;
}

// The stream has jumped for good. How far is known modulo 2^32: acknowledgements of what was before cannot be
// compared with what comes now, and what the other side holds does not wait for them.
void Reassembler::rejoin(Conversation& c, unsigned sender, const ArrivingSegment& a, StreamSink& sink) {
  Stream& s = c.stream[sender];
  while (s.held != nullptr) release(c, sender, a.clock, sink);
  forget_acks(c.stream[sender ^ 1]);
  declare(c, sender, a.seq - s.next_seq, a.clock, sink);
}

void Reassembler::take_data(Conversation& c, unsigned sender, ArrivingSegment a, StreamSink& sink) {
  Stream& s = c.stream[sender];
  if (is_keep_alive(s, a.seq, a.wire)) {
    ++counters_.keep_alives;
    return;
  }
  if (a.wire == 0) return;
  if (s.ended || (s.fin_seen && before(s.marked_seq, a.end()))) {
    const std::uint32_t last = s.ended ? s.next_seq : s.marked_seq;
    if (before(last, a.end())) ++counters_.out_of_window;  // bytes behind a FIN or a RST
    if (s.ended || !before(a.seq, last)) {
      if (!before(last, a.end())) ++counters_.retransmitted;
      return;
    }
    a.wire = last - a.seq;
    a.bytes = a.bytes.first(std::min<std::size_t>(a.bytes.size(), a.wire));
  }
  const std::int32_t old = distance(a.seq, s.next_seq);
  if (old > 0) {
    if (static_cast<std::uint32_t>(old) >= a.wire) {
      ++counters_.retransmitted;
      return;
    }
    a.trim_front(static_cast<std::uint32_t>(old));
  }
  place(c, sender, a, old > 0, sink);
}

namespace {

// Bytes that fill a hole were first sent before those behind it.
void lower_ack(const Stream& s, ArrivingSegment& a) {
  if (s.held == nullptr || !s.held->has_ack || !a.has_ack || !before(a.seq, s.held->seq)) return;
  a.ack = earlier(a.ack, s.held->ack);
}

}  // namespace

// Passes what is next in order and holds the rest. When holding is refused, the oldest wait of this direction
// is cut short until it is not. Every turn takes bytes off `a`, a segment out of a ring, or a hole away.
void Reassembler::place(Conversation& c, unsigned sender, ArrivingSegment& a, bool overlaps_old,
                        StreamSink& sink) {
  Stream& s = c.stream[sender];
  const Stream& o = c.stream[sender ^ 1];
  const bool early = a.seq != s.next_seq;
  lower_ack(s, a);
  const bool waits = waits_for(o, a.has_ack, a.ack);
  HoldMarks marks{.overlapped = overlaps_old};
  bool forced = false;
  while (a.wire != 0) {
    const bool free_to_go = forced || !waits_for(o, a.has_ack, a.ack);
    if (a.seq == s.next_seq && free_to_go && (s.held == nullptr || s.held->seq != a.seq)) {
      pass_front(c, sender, a, sink);
      marks.added = true;
      continue;
    }
    if (hold(s, a, limits_, slabs_, marks)) break;
    if (deliver_all_ready(c, a.clock, sink)) continue;
    ++counters_.limit_hits;
    forced = !cut_wait_short(c, sender, a, sink);
  }
  if (!marks.added) {
    ++counters_.retransmitted;
  } else if (early) {
    ++counters_.out_of_order;
  } else if (waits) {
    ++counters_.skew_held;
  }
  if (marks.added && marks.overlapped) ++counters_.overlaps;
  if (marks.conflict) ++counters_.overlap_conflicts;
}

// Ends what the front of this direction, held or `a`, waits for: the hole before it, else the hole of the
// other side. Bytes are held behind that one, so that its port is not late, and what overtook it would answer
// what was not asked yet. False: the other side has none, and this side no longer waits.
bool Reassembler::cut_wait_short(Conversation& c, unsigned sender, const ArrivingSegment& a,
                                 StreamSink& sink) {
  const Stream& s = c.stream[sender];
  const Stream& o = c.stream[sender ^ 1];
  const bool front_is_held = s.held != nullptr && !before(a.seq, s.held->seq);
  const std::uint32_t front = front_is_held ? s.held->seq : a.seq;
  if (front != s.next_seq) {
    declare(c, sender, front - s.next_seq, a.clock, sink);
    return true;
  }
  if (o.held != nullptr && o.held->seq != o.next_seq) {
    give_up(c, sender ^ 1, a.clock, sink);
    return true;
  }
  if (front_is_held) release(c, sender, a.clock, sink);
  return false;
}

// Delivers the front of `a`, up to what is held, as a view.
void Reassembler::pass_front(Conversation& c, unsigned sender, ArrivingSegment& a, StreamSink& sink) {
  const Stream& s = c.stream[sender];
  const std::uint32_t room = s.held != nullptr ? std::min(a.wire, s.held->seq - a.seq) : a.wire;
  const Bytes bytes = a.bytes.first(std::min<std::size_t>(room, a.bytes.size()));
  const std::uint64_t acked = a.has_ack ? acked_offset(c.stream[sender ^ 1], a.ack) : 0;
  counters_.in_order_bytes += bytes.size();
  deliver(c, sender, {bytes, s.offset, a.time, acked}, room - static_cast<std::uint32_t>(bytes.size()),
          a.clock, sink);
  a.trim_front(room);
}

// A FIN waits for the bytes before it and, as they do, for what it acknowledges. Without a slab to wait in it
// keeps its place among the bytes only.
void Reassembler::take_fin(Conversation& c, unsigned sender, const ArrivingSegment& a,
                           std::uint32_t fin_seq) {
  Stream& s = c.stream[sender];
  if (s.ended || s.fin_seen) {
    if (s.fin_seen && fin_seq == s.marked_seq && a.wire == 0) ++counters_.retransmitted;
    return;
  }
  const std::uint32_t sent = s.held != nullptr ? s.held->prev->end() : s.next_seq;
  if (before(fin_seq, sent)) {
    ++counters_.out_of_window;  // bytes behind it were seen already
    return;
  }
  s.fin_seen = true;
  s.strays = 0;
  s.marked_seq = fin_seq;
  s.fin_counted = false;
  const bool ready =
      s.held == nullptr && s.next_seq == fin_seq && !waits_for(c.stream[sender ^ 1], a.has_ack, a.ack);
  if (!ready && !hold_fin(s, a, slabs_)) ++counters_.limit_hits;
}

}  // namespace spanlight
