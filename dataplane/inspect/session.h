#pragma once
// What is being made of one flow's payload: unidentified (heads are kept) → dissecting ⇄ parked → opaque. An
// Inspection lies in the worker's state slabs from the flow's first payload until it turns opaque or ends,
// and not while the flow is parked; the dissector's slot and every byte that waits lie in slabs of their own.
// Only the Inspector touches what is in here.

#include <cstdint>

#include "core/dissector.h"
#include "flow/flow.h"
#include "inspect/identify.h"
#include "stream/stream.h"

namespace spanlight {

// How the bytes came that wait while a message's start is searched for: once it is found, they are shown as
// if they came now. The first pieces are known apart, those behind share the last entry.
struct Arrivals {
  static constexpr std::uint32_t kMax = 8;
  struct One {
    std::uint32_t end;  // of the bytes that wait, up to here
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

// Bytes that the dissector does not want to see.
struct Skip {
  std::uint64_t left;
  std::uint64_t seen;
};

struct InspectedSide {
  Waiting waiting;
  union {
    Searched searched{};  // of what waits, until a protocol is known; then:
    Skip skip;
  };
  std::uint64_t missing = 0;  // bytes of holes: before identification, then inside the skip under way
  CandidateMask alive = 0;    // unidentified: candidates that this direction has not ruled out
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
  std::uint8_t first_speaker = 0;  // of the heads that are kept: who came first
  bool any_head : 1 = false;
};
static_assert(sizeof(Inspection) <= 256, "the smallest slab block");

}  // namespace spanlight
