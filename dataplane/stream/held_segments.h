#pragma once
// The segments of one direction that cannot be delivered yet: copied to the worker's slabs, one block each,
// linked in a ring that is sorted by sequence number. Invariants: no two overlap; all lie at or after the
// stream's next_seq; the acknowledgements of those that have one never fall; a FIN is the last.

#include "core/slab.h"
#include "stream/reassembler.h"
#include "stream/stream.h"

namespace spanlight {

struct HeldSegment {
  HeldSegment* next;
  HeldSegment* prev;
  TimeNs time;   // capture time of the bytes
  TimeNs since;  // since when the hole before this segment is known
  std::uint32_t seq;
  std::uint32_t bytes;  // behind this header
  std::uint32_t cut;    // bytes behind those that the capture cut off
  std::uint32_t ack;    // valid if has_ack
  // Of the whole ring; only the first segment's are kept.
  std::uint32_t ring_bytes;
  std::uint16_t ring_segments;
  bool has_ack;
  bool fin;  // a FIN and nothing else: bytes and cut are 0

  std::uint32_t end() const { return seq + bytes + cut; }
  Bytes view() const { return {reinterpret_cast<const std::uint8_t*>(this + 1), bytes}; }
};

constexpr std::size_t kHeldBytesMax = SlabPool::kPageBytes - sizeof(HeldSegment);  // in one block

// Bytes on their way into a stream. `wire` counts the captured bytes and those that were cut off behind them.
struct ArrivingSegment {
  Bytes bytes;
  std::uint32_t seq = 0;
  std::uint32_t wire = 0;
  std::uint32_t ack = 0;
  bool has_ack = false;
  TimeNs time = 0;
  TimeNs clock = 0;  // Segment::age_clock()
  TimeNs since = 0;  // what a hole before it dates from: Reassembler::noted()

  std::uint32_t end() const { return seq + wire; }
  void trim_front(std::uint32_t n);
};

// What hold() met on its way.
struct HoldMarks {
  bool added = false;       // bytes that were new
  bool overlapped = false;  // bytes that were held already
  bool conflict = false;    // ... and differed
};

// Copies those bytes of `a` that are not held yet and takes them off its front. False: a limit or the slabs
// were exhausted, or its place is too far from both ends of the ring; `a` has what is left.
bool hold(Stream& s, ArrivingSegment& a, const ReassemblyLimits& limits, SlabPool& slabs, HoldMarks& marks);

// Appends the FIN at s.marked_seq. False: no slab.
bool hold_fin(Stream& s, const ArrivingSegment& a, SlabPool& slabs);

// The acknowledgements of what is held mean nothing any more: the other side's numbers have jumped.
void forget_acks(Stream& s);

// Takes the first segment out of the ring; its block still has to be given back.
HeldSegment* pop(Stream& s);

void give_back(HeldSegment* segment, SlabPool& slabs);

}  // namespace spanlight
