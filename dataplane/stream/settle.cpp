// Delivery: what is held leaves in order, holes are given up when they are due, ends are told.

#include <algorithm>
#include <cassert>

#include "stream/held_segments.h"
#include "stream/reassembler.h"
#include "stream/sequence.h"

namespace spanlight {
namespace {

bool head_is_next(const Stream& s) {
  return s.held != nullptr && s.held->seq == s.next_seq;
}

bool head_waits(const Stream& s, const Stream& o) {
  return waits_for(o, s.held->has_ack, s.held->ack);
}

// Up to where bytes of `s` are known to have been sent but have not come; reached(s) if none are.
std::uint32_t owed_until(const Stream& s) {
  if (s.fin_seen && s.held == nullptr) return s.marked_seq;  // the FIN found no slab: see take_fin()
  std::uint32_t until = s.acked_valid ? s.peer_acked : s.next_seq;
  if (s.held != nullptr) until = earlier(until, s.held->seq);
  return later(until, reached(s));
}

}  // namespace

// When the hole at the front of `s` is to be given up; 0 = there is none. Notes since when bytes are owed.
TimeNs Reassembler::due_at(const Conversation& c, Stream& s, TimeNs now) const {
  if (s.ended) return 0;
  if (!s.started) return s.acked_valid ? s.owed_since + skew_allowance() : 0;
  if (head_is_next(s)) return 0;  // waits for the other side, which has a deadline then
  TimeNs due = kNever;
  if (before(reached(s), owed_until(s))) {
    if (s.owed_since == 0) s.owed_since = std::max<TimeNs>(noted(now), 1);
    // A side that was never seen is not waited for once the conversation is older than the allowance.
    due = s.owed_since + (s.seen ? skew_allowance() : 0);
  } else {
    s.owed_since = 0;
  }
  if (s.held != nullptr) {
    due = std::min(due, s.held->since + (c.reset() ? skew_allowance() : limits_.hole_timeout_ns));
  }
  return due == kNever ? 0 : std::max<TimeNs>(due, 1);
}

// Delivers one held segment if one may go. Both sides ready: the earlier one first. Both next in their
// streams but each waiting for the other: one of them is a retransmission with a newer acknowledgement than
// it had at first, since bytes cannot have acknowledged what acknowledges them; the earlier one goes.
bool Reassembler::deliver_ready(Conversation& c, TimeNs now, StreamSink& sink) {
  const Stream& a = c.stream[0];
  const Stream& b = c.stream[1];
  const bool next[2] = {head_is_next(a), head_is_next(b)};
  bool may[2] = {next[0] && !head_waits(a, b), next[1] && !head_waits(b, a)};
  if (next[0] && next[1] && !may[0] && !may[1]) may[0] = may[1] = true;
  if (!may[0] && !may[1]) return false;
  const bool second = !may[0] || (may[1] && b.held->time < a.held->time);
  release(c, second ? 1 : 0, now, sink);
  return true;
}

bool Reassembler::deliver_all_ready(Conversation& c, TimeNs now, StreamSink& sink) {
  bool any = false;
  while (deliver_ready(c, now, sink)) any = true;
  return any;
}

// One thing at a time: an end, a held segment, a hole that is due. False: nothing is left to do.
bool Reassembler::step(Conversation& c, TimeNs now, bool all_due, StreamSink& sink) {
  for (unsigned side = 0; side < 2; ++side) {
    const Stream& s = c.stream[side];
    if (s.fin_seen && !s.ended && s.held == nullptr && s.next_seq == s.marked_seq) {
      end_side(c, side, End::fin, now, sink);
      return true;
    }
  }
  if (deliver_ready(c, now, sink)) return true;
  const TimeNs due[2] = {due_at(c, c.stream[0], now), due_at(c, c.stream[1], now)};
  const bool second = due[0] == 0 || (due[1] != 0 && due[1] < due[0]);
  const TimeNs first_due = due[second ? 1 : 0];
  c.hole_deadline = first_due;
  if (first_due == 0 || (!all_due && first_due > now)) return false;
  give_up(c, second ? 1 : 0, now, sink);
  return true;
}

// Bounded: every step takes a held segment, moves a stream to where its hole ends, or ends a side.
void Reassembler::settle(Conversation& c, TimeNs now, StreamSink& sink) {
  while (step(c, now, false, sink)) {
  }
  if (c.reset() && c.hole_deadline == 0) {
    for (unsigned side = 0; side < 2; ++side) {
      if (!c.stream[side].ended) end_side(c, side, End::reset, now, sink);
    }
  }
  assert(c.hole_deadline != 0 || (c.stream[0].held == nullptr && c.stream[1].held == nullptr));
}

// The wait for the front of a stream is over.
void Reassembler::give_up(Conversation& c, unsigned sender, TimeNs now, StreamSink& sink) {
  Stream& s = c.stream[sender];
  if (!s.started) {
    s.started = true;  // never seen: it begins at the first byte that was not yet acknowledged
    s.owed_since = 0;
    return;
  }
  const std::uint32_t until = owed_until(s);
  const bool owed = before(reached(s), until);
  assert(owed || s.held != nullptr);  // else due_at() had named no time
  // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the line above, which a release leaves out
  const std::uint32_t missing = (owed ? until : s.held->seq) - s.next_seq;
  // One number at the end, and nothing came behind it: a lost FIN far more often than a lost byte. Should
  // more follow, this byte will be part of that hole.
  if (owed && missing == 1 && s.held == nullptr && !s.fin_seen) {
    s.fin_counted = true;
    s.owed_since = 0;
    return;
  }
  declare(c, sender, missing, now, sink);
}

// The first held segment leaves, whatever it waits for.
void Reassembler::release(Conversation& c, unsigned sender, TimeNs now, StreamSink& sink) {
  Stream& s = c.stream[sender];
  if (s.held->seq != s.next_seq) declare(c, sender, s.held->seq - s.next_seq, now, sink);
  HeldSegment* segment = pop(s);
  if (segment->fin) {
    end_side(c, sender, End::fin, segment->time, sink);
  } else {
    const std::uint64_t acked = segment->has_ack ? acked_offset(c.stream[sender ^ 1], segment->ack) : 0;
    deliver(c, sender, {segment->view(), s.offset, segment->time, acked}, segment->cut, now, sink);
  }
  give_back(segment, slabs_);
}

// Bytes that are next, and the hole that the capture cut behind them.
void Reassembler::deliver(Conversation& c, unsigned sender, const Chunk& chunk, std::uint32_t cut, TimeNs now,
                          StreamSink& sink) {
  Stream& s = c.stream[sender];
  advance(s, static_cast<std::uint32_t>(chunk.bytes.size()));
  // A stream that moves has a new hole at its front.
  if (s.held != nullptr) s.held->since = std::max(s.held->since, noted(now));
  if (!chunk.bytes.empty()) sink.on_chunk(sender, chunk);
  if (cut == 0) return;
  counters_.cut_bytes += cut;
  declare(c, sender, cut, now, sink);
}

void Reassembler::declare(Conversation& c, unsigned sender, std::uint32_t missing, TimeNs now,
                          StreamSink& sink) {
  advance(c.stream[sender], missing);
  ++counters_.gaps;
  counters_.gap_bytes += missing;
  sink.on_gap(sender, {missing, gap_cause_, now});
}

void Reassembler::end_side(Conversation& c, unsigned sender, End end, TimeNs now, StreamSink& sink) {
  Stream& s = c.stream[sender];
  assert(s.held == nullptr);
  s.ended = true;
  s.fin_counted = end == End::fin;
  s.owed_since = 0;
  sink.on_end(sender, end, now);
}

void Reassembler::close(Conversation& c, End end, TimeNs now, StreamSink& sink) {
  let_go(c, now, sink);
  for (unsigned side = 0; side < 2; ++side) {
    if (!c.stream[side].ended) end_side(c, side, c.reset() ? End::reset : end, now, sink);
  }
  c.hole_deadline = 0;
}

}  // namespace spanlight
