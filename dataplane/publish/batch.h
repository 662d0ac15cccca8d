#pragma once
// A finished batch of records on its way from a worker to the publishing thread: bytes in a buffer of the
// worker's pool. Buffers are made at start; after sending, the buffer returns to its pool over a ring.
// Nothing is copied, unless too many buffers are out at once (README.md, "Stalled subscribers").

#include <cstddef>
#include <cstdint>

namespace spanlight {

class BatchPool;

// What the records of a batch are, counted as they were written, so that nobody needs to read them for it.
struct BatchTally {
  std::uint32_t by_state[4]{};  // wire::State
  std::uint32_t flagged_gap = 0;
  std::uint32_t errors = 0;  // records that their protocol calls an error
};

struct Batch {
  BatchPool* pool = nullptr;        // where it belongs; set by the pool
  std::uint8_t* storage = nullptr;  // the buffer, aligned to 64; so is its end
  std::size_t storage_bytes = 0;    // a multiple of 64
  std::size_t data_offset =
      0;  // FlatBuffers grow downwards: the message is storage[data_offset .. data_offset+data_bytes)
  std::size_t data_bytes = 0;
  std::uint16_t worker = 0;
  std::uint16_t topic = 0;  // index into the topic table: the protocol's place in registry()
  std::uint32_t records = 0;
  BatchTally tally;
  std::uint64_t sequence = 0;
};

}  // namespace spanlight
