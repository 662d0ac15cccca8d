#pragma once
// The same packet seen twice: a mirror of both ports of a path copies each frame at both, perhaps with
// another VLAN tag or a decremented TTL. Told from a retransmission by IP id, sequence, acknowledgement,
// flags, checksum and a window of 5 ms; payloads are never hashed. One worker's memory: a fixed table, newest
// wins.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "decode/flow_key_hash.h"
#include "decode/packet.h"

namespace spanlight {

class DuplicateFilter {
 public:
  static constexpr DurationNs kWindowNs = 5 * kMillisecondNs;

  // `entries`: rounded up to a power of two, at least two; sized for the packets of one window (default
  // 16,384).
  explicit DuplicateFilter(std::size_t entries = 16'384);

  // True if the same packet passed within the window; remembers it otherwise. `flow_hash`: a hash of
  // packet.key.
  bool seen(const Packet& packet, std::uint64_t flow_hash, TimeNs now);

  // Fetches the one cache line that seen() will touch for this packet.
  void prefetch(const Packet& packet, std::uint64_t flow_hash) const {
    __builtin_prefetch(&set_of(packet, flow_hash), 1);
  }

 private:
  struct Entry {
    TimeNs time = kNever;
    std::uint64_t flow_hash = 0;
    std::uint32_t seq = 0, ack = 0;
    std::uint16_t ip_id = 0, checksum = 0;
    std::uint16_t payload_bytes = 0;
    std::uint8_t flags = 0, sender = 0;
  };
  struct alignas(64) Set {
    Entry way[2];  // the newer one first
  };
  static_assert(sizeof(Set) == 64);

  // The packets of one flow spread over all sets: a set would otherwise hold only its two newest.
  static std::size_t mix(const Packet& packet, std::uint64_t flow_hash) {
    const std::uint64_t own = std::uint64_t{packet.seq} << 32 ^ std::uint64_t{packet.ack} << 16 ^
                              std::uint64_t{packet.ip_id} << 8 ^ packet.checksum;
    return static_cast<std::size_t>(flow_hash_detail::fold(flow_hash ^ own, 0x9e3779b97f4a7c15));
  }
  const Set& set_of(const Packet& packet, std::uint64_t flow_hash) const {
    return sets_[mix(packet, flow_hash) & mask_];
  }

  std::vector<Set> sets_;
  std::size_t mask_;
};

}  // namespace spanlight
