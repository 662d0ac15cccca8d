#pragma once
// A finished batch of records on its way from a worker to the publishing thread: bytes in a buffer of the
// worker's pool. Buffers are made at start; after sending, the buffer returns to its pool over a ring.
// Nothing is copied, unless too many buffers are out at once (README.md, "Stalled subscribers").

#include <cstddef>
#include <cstdint>

namespace spanlight {

class BatchPool;

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
  std::uint64_t sequence = 0;
};

}  // namespace spanlight
