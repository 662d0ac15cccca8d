#pragma once
// One direction of a TCP connection as its reassembler knows it, and the two together. Lives inside a Flow,
// on one worker; held segments lie in the worker's slabs. Only Reassembler changes what is in here.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/bytes.h"
#include "core/dissector.h"
#include "core/time_ns.h"

namespace spanlight {

struct HeldSegment;  // an out-of-order segment, in a slab block of its own

struct Stream {
  // Stream offset of next_seq: 0 = the first byte after the SYN, or where we joined.
  std::uint64_t offset = 0;
  // First of a ring sorted by sequence number, no overlaps: held->prev is the last.
  HeldSegment* held = nullptr;
  TimeNs owed_since = 0;  // since when bytes are owed: acknowledged by the peer, but not seen; 0 = none
  // The sequence number that is delivered next; not started: the first one acknowledged.
  std::uint32_t next_seq = 0;
  std::uint32_t peer_acked = 0;  // highest acknowledgement that the other side sent for this stream
  // fin_seen: the FIN's; else, if strays > 0: where the last segment out of the window ended.
  std::uint32_t marked_seq = 0;
  std::uint8_t strays = 0;   // segments out of the window in a row that agree with each other; before the FIN
  bool started : 1 = false;  // next_seq is valid
  bool seen : 1 = false;     // this side sent at least one segment
  bool syn_seen : 1 = false;
  bool fin_seen : 1 = false;
  bool fin_counted : 1 =
      false;               // next_seq is followed by a FIN that was delivered, or that the peer's ack implies
  bool ended : 1 = false;  // the end was delivered
  bool acked_valid : 1 = false;  // peer_acked is valid
  bool reset : 1 = false;        // this side's RST was believed
};
static_assert(sizeof(Stream) == 40);

struct Conversation {
  Stream stream[2];          // by sender, as in Packet::sender
  TimeNs hole_deadline = 0;  // when the oldest hole is given up; 0 = no hole and nothing held
  bool reset() const { return stream[0].reset || stream[1].reset; }
};
static_assert(sizeof(Conversation) == 88, "part of every flow");

// A piece of one direction in order, or a datagram. `peer_acked`: see Window.
struct Chunk {
  Bytes bytes;
  std::uint64_t offset = 0;
  TimeNs time = 0;
  std::uint64_t peer_acked = 0;
  std::size_t cut = 0;  // of a datagram: see Window

  // Past the first `n` bytes, or all of them.
  void advance(std::size_t n) {
    n = std::min(n, bytes.size());
    bytes = bytes.subspan(n);
    offset += n;
  }
};

struct Gap {
  std::uint64_t missing = 0;
  GapCause cause = GapCause::mirror;
  TimeNs time = 0;
};

// Who takes what the reassembler yields. `sender`: 0 or 1. Never calls back into the reassembler.
class StreamSink {
 public:
  virtual void on_chunk(unsigned sender, const Chunk& chunk) = 0;
  virtual void on_gap(unsigned sender, const Gap& gap) = 0;
  virtual void on_end(unsigned sender, End end, TimeNs time) = 0;  // once for each side

 protected:
  ~StreamSink() = default;
};

}  // namespace spanlight
