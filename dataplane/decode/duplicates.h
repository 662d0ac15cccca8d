#pragma once
// The same packet seen twice: a mirror of both ports of a path copies each frame at both, perhaps with another VLAN tag
// or a decremented TTL. Told from a retransmission by IP id, sequence, acknowledgement, flags, checksum and a window of
// 5 ms; payloads are never hashed. One worker's memory: a fixed table, newest wins.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "decode/packet.h"

namespace spanlight {

class DuplicateFilter {
 public:
  static constexpr DurationNs kWindowNs = 5 * kMillisecondNs;

  // `entries`: rounded up to a power of two; sized for the packets of one window (default 16,384).
  explicit DuplicateFilter(std::size_t entries = 16'384);

  // True if the same packet passed within the window; remembers it otherwise. `flow_hash`: a hash of packet.key.
  bool seen(const Packet& packet, std::uint64_t flow_hash, TimeNs now);

 private:
  struct Entry {
    TimeNs time;
    std::uint64_t flow_hash;
    std::uint32_t seq, ack;
    std::uint16_t ip_id, checksum;
    std::uint16_t payload_bytes;
    std::uint8_t flags, sender;
  };
  std::vector<Entry> entries_;
};

}  // namespace spanlight
