#pragma once
// Recent packets of one worker, as they were captured, oldest overwritten first. The memory is taken when the
// ring is made; the worker writes without a lock, an allocation or a wait; one reader at a time (the command
// thread) looks through it meanwhile.
//
// The ring is cut into chunks. The worker fills one after the other; a reader pins the one it looks at, and
// the worker, should it come round to that one just then, passes it over. So nobody ever reads bytes that
// somebody writes, and nothing that was read need be thrown away.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>

#include "core/bytes.h"
#include "core/time_ns.h"
#include "decode/packet.h"

namespace spanlight {

// What stands before a packet's bytes.
struct KeptPacket {
  TimeNs time = 0;
  std::uint64_t conn_id = 0;
  std::uint32_t wire_bytes = 0;  // on the wire
  std::uint32_t bytes = 0;       // kept
  std::uint8_t port = 0;         // index in the settings
  LinkType link = LinkType::ethernet;
  std::uint16_t unused = 0;
  std::uint32_t unused_too = 0;
};
static_assert(sizeof(KeptPacket) == 32);

struct KeptCounters {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t cut = 0;            // longer than the snap length
  std::uint64_t no_room = 0;        // not kept: readers were everywhere
  std::uint64_t chunks_passed = 0;  // over, because a reader was there: their packets stay a round longer
};

class PacketRing {
 public:
  static constexpr std::size_t kChunksMin = 8;
  static constexpr std::size_t kChunkBytesMost = std::size_t{4} << 20;
  static constexpr std::uint32_t kPacketBytesMax = 65'536;  // of one packet, at most a part of a chunk

  // `bytes`: at least kBytesMin. `snap`: of a packet so many bytes are kept, at most kPacketBytesMax.
  PacketRing(std::size_t bytes, std::uint32_t snap);
  static constexpr std::size_t kBytesMin = std::size_t{1} << 20;
  PacketRing(const PacketRing&) = delete;
  PacketRing& operator=(const PacketRing&) = delete;

  bool ok() const { return memory_ != nullptr; }
  void populate();  // takes its pages from the system, on the calling core
  std::size_t capacity_bytes() const { return chunk_count_ * chunk_bytes_; }

  // ---- worker ----

  // Room for a packet of which `captured` bytes are there: as many as will be kept. Fill it, then commit().
  // Without data: there is none, which is counted.
  MutableBytes room(std::uint32_t captured);
  void commit(KeptPacket packet);  // `bytes`: the room's, set here
  // Packets of this time and later are all there still; kNever: there is none yet.
  TimeNs whole_since() const { return whole_since_; }
  const KeptCounters& counters() const { return counters_; }

  // ---- reader: one at a time, any thread ----

  // Shows what is there, a chunk after the other, the oldest first, until the visitor says false. The bytes
  // are valid during the call.
  using Visit = std::function<bool(const KeptPacket& packet, Bytes bytes)>;
  void look_through(const Visit& visit) const;
  // Time of the first packet that is still there; 0: there is none.
  TimeNs oldest() const { return oldest_.load(std::memory_order_relaxed); }
  // Of the newest one, by the capture's clock.
  TimeNs newest() const { return newest_.load(std::memory_order_relaxed); }

 private:
  // `state`: how often a chunk had been claimed when this one was, and two bits. `filled`: the low half of
  // that number, and the bytes that are there to be read; of another number, nothing is.
  struct alignas(64) Chunk {
    std::atomic<std::uint64_t> state{0};
    std::atomic<std::uint64_t> filled{0};
    TimeNs first = 0;  // the worker's
  };
  static constexpr std::uint64_t kReading = 1, kWriting = 2;
  static constexpr unsigned kClaimShift = 2, kFilledShift = 32;
  struct Free {
    void operator()(std::uint8_t* memory) const { std::free(memory); }
  };

  bool claim_next();
  void note_oldest();
  bool look_at(std::size_t index, const Visit& visit) const;
  std::uint8_t* chunk_memory(std::size_t index) const { return memory_.get() + index * chunk_bytes_; }

  const std::size_t chunk_bytes_;
  const std::size_t chunk_count_;
  const std::uint32_t snap_;
  std::unique_ptr<std::uint8_t[], Free> memory_;
  std::unique_ptr<Chunk[]> chunks_;

  // Worker only.
  static constexpr std::size_t kNone = SIZE_MAX;
  std::size_t current_ = kNone;
  std::size_t used_ = 0;  // bytes of the current chunk
  std::uint64_t claims_ = 0;
  std::uint32_t room_ = 0;
  TimeNs whole_since_ = kNever;
  KeptCounters counters_;

  std::atomic<TimeNs> oldest_{0}, newest_{0};
};

}  // namespace spanlight
