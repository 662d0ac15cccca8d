#include "stream/held_segments.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "stream/sequence.h"

namespace spanlight {
namespace {

HeldSegment* next_of(const Stream& s, const HeldSegment* segment) {
  return segment->next == s.held ? nullptr : segment->next;
}

// Arrivals append, fill the hole in front, or are out of order by a few: whoever sends otherwise must not
// make us walk through thousands of segments for each of his.
constexpr unsigned kStepsMax = 256;

// Finds the last segment that starts at or before `seq`; nullptr if there is none. False: it is too far from
// both ends.
bool find_place(const Stream& s, std::uint32_t seq, HeldSegment*& place) {
  place = nullptr;
  if (s.held == nullptr || before(seq, s.held->seq)) return true;
  HeldSegment* back = s.held->prev;
  HeldSegment* front = s.held;
  for (unsigned step = 0; step < kStepsMax; ++step) {
    if (!before(seq, back->seq)) return place = back, true;
    back = back->prev;
    if (before(seq, front->next->seq)) return place = front, true;
    front = front->next;
  }
  return false;
}

// Links `segment` between `left` and its successor; `first`: the ring begins with it.
void link(Stream& s, HeldSegment* segment, HeldSegment* left, bool first) {
  if (first) {
    segment->ring_bytes = s.held != nullptr ? s.held->ring_bytes : 0;
    segment->ring_segments = s.held != nullptr ? s.held->ring_segments : std::uint16_t{0};
  }
  if (left == nullptr) {
    segment->next = segment->prev = segment;
  } else {
    segment->prev = left;
    segment->next = left->next;
    left->next->prev = segment;
    left->next = segment;
  }
  if (first) s.held = segment;
  s.held->ring_bytes += segment->bytes;
  ++s.held->ring_segments;
}

HeldSegment* last_of(const Stream& s) {
  return s.held != nullptr ? s.held->prev : nullptr;
}

// What was sent earlier cannot have acknowledged more than what was sent later. A retransmission carries a
// newer acknowledgement than its bytes had when they were first sent; its neighbours know better. Where that
// would change too many of them, the new segment gives way.
void order_acks(const Stream& s, HeldSegment* segment) {
  if (!segment->has_ack) return;
  const HeldSegment* after = next_of(s, segment);
  if (after != nullptr && after->has_ack) segment->ack = earlier(segment->ack, after->ack);
  const HeldSegment* lower_from = segment;  // the first one whose acknowledgement is to fall
  for (unsigned step = 0; lower_from != s.held; ++step) {
    const HeldSegment* p = lower_from->prev;
    if (!p->has_ack || !before(segment->ack, p->ack)) break;
    if (step == kStepsMax) {
      segment->ack = segment->prev->ack;
      return;
    }
    lower_from = p;
  }
  for (HeldSegment* p = segment; p != lower_from; p->ack = segment->ack) p = p->prev;
}

bool differs(const HeldSegment& held, const ArrivingSegment& a, std::uint32_t n) {
  const std::uint32_t skip = a.seq - held.seq;
  if (skip >= held.bytes) return false;  // the cut part: nothing to compare with
  const std::size_t size = std::min<std::size_t>({n, held.bytes - skip, a.bytes.size()});
  return size != 0 && std::memcmp(held.view().data() + skip, a.bytes.data(), size) != 0;
}

HeldSegment* block_for(std::size_t bytes, SlabPool& slabs) {
  const MutableBytes block = slabs.take(sizeof(HeldSegment) + bytes);
  return block.empty() ? nullptr : new (block.data()) HeldSegment;
}

// Copies the front of `a`, at most `room` sequence numbers of it, into a block behind `place`.
HeldSegment* add(Stream& s, HeldSegment* place, const HeldSegment* after, const ArrivingSegment& a,
                 std::uint32_t room, const ReassemblyLimits& limits, SlabPool& slabs) {
  const std::size_t whole = std::min<std::size_t>(room, a.bytes.size());
  const auto n = static_cast<std::uint32_t>(std::min(whole, kHeldBytesMax));
  const std::uint32_t held_bytes = s.held != nullptr ? s.held->ring_bytes : 0;
  const std::uint32_t held_segments = s.held != nullptr ? s.held->ring_segments : 0;
  if (held_segments >= limits.held_segments_max || held_bytes >= limits.held_bytes_max ||
      n > limits.held_bytes_max - held_bytes) {
    return nullptr;
  }
  HeldSegment* segment = block_for(n, slabs);
  if (segment == nullptr) return nullptr;
  segment->time = a.time;
  segment->since = after != nullptr ? std::min(a.since, after->since) : a.since;
  segment->seq = a.seq;
  segment->bytes = n;
  segment->cut = n == whole ? room - n : 0;
  segment->ack = a.ack;
  segment->has_ack = a.has_ack;
  segment->fin = false;
  if (n != 0) std::memcpy(segment + 1, a.bytes.data(), n);
  link(s, segment, place != nullptr ? place : last_of(s), place == nullptr);
  order_acks(s, segment);
  return segment;
}

}  // namespace

void ArrivingSegment::trim_front(std::uint32_t n) {
  seq += n;
  wire -= n;
  bytes = n < bytes.size() ? bytes.subspan(n) : Bytes{};
}

bool hold(Stream& s, ArrivingSegment& a, const ReassemblyLimits& limits, SlabPool& slabs, HoldMarks& marks) {
  // Held bytes prove that what the peer acknowledged was no FIN.
  s.fin_counted = false;
  HeldSegment* place = nullptr;
  if (!find_place(s, a.seq, place)) return false;
  while (a.wire != 0) {
    if (place != nullptr && before(a.seq, place->end())) {
      const std::uint32_t n = std::min(a.wire, place->end() - a.seq);
      marks.overlapped = true;
      marks.conflict |= differs(*place, a, n);
      a.trim_front(n);
      continue;
    }
    HeldSegment* after = place != nullptr ? next_of(s, place) : s.held;
    const std::uint32_t room = after != nullptr ? std::min(a.wire, after->seq - a.seq) : a.wire;
    if (room == 0) {
      place = after;
      continue;
    }
    place = add(s, place, after, a, room, limits, slabs);
    if (place == nullptr) return false;
    marks.added = true;
    a.trim_front(place->bytes + place->cut);
  }
  return true;
}

bool hold_fin(Stream& s, const ArrivingSegment& a, SlabPool& slabs) {
  HeldSegment* segment = block_for(0, slabs);
  if (segment == nullptr) return false;
  *segment = {.next = nullptr,
              .prev = nullptr,
              .time = a.time,
              .since = a.since,
              .seq = s.marked_seq,
              .bytes = 0,
              .cut = 0,
              .ack = a.ack,
              .ring_bytes = 0,
              .ring_segments = 0,
              .has_ack = a.has_ack,
              .fin = true};
  link(s, segment, last_of(s), s.held == nullptr);
  order_acks(s, segment);
  return true;
}

void forget_acks(Stream& s) {
  if (s.held == nullptr) return;
  HeldSegment* segment = s.held;
  do {
    segment->has_ack = false;
    segment = segment->next;
  } while (segment != s.held);
}

HeldSegment* pop(Stream& s) {
  HeldSegment* segment = s.held;
  segment->prev->next = segment->next;
  segment->next->prev = segment->prev;
  s.held = segment->next == segment ? nullptr : segment->next;
  if (s.held == nullptr) return segment;
  s.held->ring_bytes = segment->ring_bytes - segment->bytes;
  s.held->ring_segments = static_cast<std::uint16_t>(segment->ring_segments - 1);
  return segment;
}

void give_back(HeldSegment* segment, SlabPool& slabs) {
  slabs.give({reinterpret_cast<std::uint8_t*>(segment), sizeof(HeldSegment)});
}

}  // namespace spanlight
