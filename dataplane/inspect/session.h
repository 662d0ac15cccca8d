#pragma once
// What is being made of one flow's payload: unidentified (heads are kept) → dissecting ⇄ parked → opaque. An
// Inspection lies in the worker's state slabs from the flow's first payload until it turns opaque or ends,
// and not while the flow is parked; the dissector's slot and every byte that waits lie in slabs of their own.
// Only the Inspector touches what is in here.

#include <array>
#include <cstdint>

#include "core/dissector.h"
#include "flow/flow.h"
#include "inspect/identify.h"
#include "stream/stream.h"

namespace spanlight {

// How the bytes came that wait until a protocol is known: then they are shown as if they came now. The first
// pieces are known apart, those behind share the last entry.
struct Arrivals {
  static constexpr std::uint32_t kMax = 8;
  struct One {
    std::uint32_t end;   // of the bytes that wait, up to here
    std::uint32_t turn;  // among those of both sides: clocks of captures are coarse
    TimeNs time;
    std::uint64_t peer_acked;
  };

  void add(const One& one) { entries[count == kMax ? kMax - 1 : count++] = one; }
  void drop(std::uint32_t bytes) {  // of the first ones
    std::uint32_t gone = 0;
    while (gone < count && entries[gone].end <= bytes) ++gone;
    for (std::uint32_t i = gone; i < count; ++i) {
      entries[i - gone] = entries[i];
      entries[i - gone].end -= bytes;
    }
    count -= gone;
  }

  std::uint32_t count = 0;
  One entries[kMax];
};

// Bytes of one direction that wait: a head that is not identified yet, or what the dissector left in the
// window.
struct Waiting {
  MutableBytes block;
  std::uint32_t used = 0;
  std::uint32_t front = 0;       // of the block: sizeof(Arrivals), if they are written down
  std::uint64_t offset = 0;      // stream offset of the first byte
  TimeNs time = 0;               // of the newest byte
  std::uint64_t peer_acked = 0;  // of the newest byte
  Bytes bytes() const { return block.empty() ? Bytes{} : block.subspan(front, used); }
  Arrivals* arrivals() const {
    return front == 0 || block.empty() ? nullptr : reinterpret_cast<Arrivals*>(block.data());
  }
};

// What waited of one side, taken apart.
struct Arrived {
  Waiting waited;
  struct One {
    Chunk chunk;
    std::uint32_t turn = 0;
  };
  std::array<One, Arrivals::kMax> all;
  std::size_t count = 0, next = 0;

  void add(const Chunk& chunk, std::uint32_t turn) { all[count++] = {chunk, turn}; }
  bool done() const { return next == count; }
  bool is_before(const Arrived& other) const {
    return static_cast<std::int32_t>(all[next].turn - other.all[other.next].turn) < 0;
  }
  const Chunk& take() { return all[next++].chunk; }
};

// Of a direction whose protocol is not known.
struct Unknown {
  Searched searched;          // of what waits
  std::uint64_t missing = 0;  // bytes of holes
};

// Bytes that the dissector does not want to see.
struct Skip {
  std::uint64_t left;
  std::uint64_t seen;  // and not yet told
  TimeNs last_byte;    // of those seen
};

struct InspectedSide {
  Waiting waiting;
  union {
    Unknown unknown{};  // until a protocol is known; then:
    Skip skip;
  };
  CandidateMask alive = 0;  // unidentified: candidates that this direction has not ruled out
  TimeNs end_time = 0;
  std::uint32_t wait_bytes = 0;      // the window is shown again when it holds so many
  std::uint32_t searched_bytes = 0;  // unidentified and lost: so much was looked through
  End end = End::fin;
  GapCause cause = GapCause::mirror;
  bool skipping : 1 = false;
  bool holding : 1 = false;
  bool lost : 1 = false;      // behind a hole or joined midstream: a message's start must be found first
  bool ended : 1 = false;     // the stream said so (`end`, `end_time`)
  bool end_told : 1 = false;  // and the dissector knows

  bool rests() const {
    return waiting.block.empty() && wait_bytes == 0 && !skipping && !holding && !lost && !ended;
  }
};

struct Inspection {
  InspectedSide side[2];  // by sender
  const Descriptor* protocol = nullptr;
  Dissector* dissector = nullptr;
  MutableBytes slot;
  std::uint8_t candidate = Flow::kNoProtocol;  // the protocol's index; none: not to be parked
  std::uint8_t handovers = 0;
};
static_assert(sizeof(Inspection) <= 256, "the smallest slab block");

}  // namespace spanlight
