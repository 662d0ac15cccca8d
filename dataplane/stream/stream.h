#pragma once
// One direction of a TCP connection as its reassembler knows it, and the two together. Lives inside a Flow, on one
// worker; held segments lie in the worker's slabs. Only Reassembler changes what is in here.

#include <cstdint>

#include "core/bytes.h"
#include "core/dissector.h"
#include "core/time_ns.h"

namespace spanlight {

struct HeldSegment;  // an out-of-order segment, in a slab block of its own

struct Stream {
  std::uint64_t offset = 0;      // stream offset of next_seq: 0 = the first byte after the SYN, or where we joined
  std::uint32_t next_seq = 0;    // the sequence number that is delivered next
  std::uint32_t peer_acked = 0;  // highest acknowledgement that the other side sent for this stream
  HeldSegment* held = nullptr;   // sorted by sequence number, no overlaps
  std::uint32_t held_bytes = 0;
  std::uint32_t fin_seq = 0;     // valid if fin_seen
  bool started : 1 = false;      // next_seq is valid
  bool syn_seen : 1 = false;
  bool fin_seen : 1 = false;
  bool ended : 1 = false;        // the end was delivered
  bool acked_valid : 1 = false;
};

struct Conversation {
  Stream stream[2];           // by sender, as in Packet::sender
  TimeNs hole_deadline = 0;   // when the oldest hole is given up; 0 = no hole
  bool reset = false;
};

// A piece of one direction in order. `peer_acked`: see Window.
struct Chunk {
  Bytes bytes;
  std::uint64_t offset = 0;
  TimeNs time = 0;
  std::uint64_t peer_acked = 0;
};

struct Gap {
  std::uint64_t missing = 0;
  GapCause cause = GapCause::mirror;
  TimeNs time = 0;
};

// Who takes what the reassembler yields. `sender`: 0 or 1.
class StreamSink {
 public:
  virtual void on_chunk(unsigned sender, const Chunk& chunk) = 0;
  virtual void on_gap(unsigned sender, const Gap& gap) = 0;
  virtual void on_end(unsigned sender, End end, TimeNs time) = 0;  // once for each side

 protected:
  ~StreamSink() = default;
};

}  // namespace spanlight
