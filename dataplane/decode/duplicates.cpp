#include "decode/duplicates.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "decode/ip_protocol.h"

namespace spanlight {

namespace {

// The sum that checksum offload leaves in a UDP header for the NIC to complete: of the pseudo header alone,
// so equal for all datagrams of one length between two ends.
std::uint16_t pseudo_header_sum(const Packet& packet) {
  const std::uint32_t udp_bytes = packet.payload_wire_bytes + 8;
  std::uint64_t sum = packet.key.protocol + (udp_bytes >> 16) + (udp_bytes & 0xffff);
  for (const IpAddress& ip : packet.key.ip) {
    for (std::size_t i = ip.is_v4() ? 12 : 0; i < ip.bytes.size(); i += 2)
      sum += ip.bytes[i] << 8 | ip.bytes[i + 1];
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

// False if nothing in the headers tells a second packet with the same contents from a second copy of the
// packet.
bool can_be_told(const Packet& packet) {
  if (packet.ip_id != 0) return true;
  switch (packet.key.protocol) {
    case ip_protocol::udp:
      return packet.checksum != 0 && packet.checksum != pseudo_header_sum(packet);
    case ip_protocol::sctp:
      return packet.checksum != 0;  // offloaded: left to the NIC
    default:
      return true;
  }
}

}  // namespace

DuplicateFilter::DuplicateFilter(std::size_t entries)
    : sets_(std::bit_ceil(std::max<std::size_t>(entries, 2)) / 2), mask_(sets_.size() - 1) {}

bool DuplicateFilter::seen(const Packet& packet, std::uint64_t flow_hash, TimeNs now) {
  if (!can_be_told(packet)) return false;
  const Entry entry = {
      .time = now,
      .flow_hash = flow_hash,
      .seq = packet.seq,
      .ack = packet.ack,
      .ip_id = packet.ip_id,
      .checksum = packet.checksum,
      .payload_bytes = static_cast<std::uint16_t>(packet.payload_wire_bytes),
      .flags = packet.tcp_flags,
      .sender = packet.sender,
  };
  Set& set = sets_[mix(packet, flow_hash) & mask_];
  for (const Entry& known : set.way) {
    // Two ports of one mirror may deliver out of order: the copy may bear the earlier time.
    const DurationNs apart = std::max(known.time, now) - std::min(known.time, now);
    if (apart > kWindowNs) continue;
    if (known.flow_hash == entry.flow_hash && known.seq == entry.seq && known.ack == entry.ack &&
        known.ip_id == entry.ip_id && known.checksum == entry.checksum &&
        known.payload_bytes == entry.payload_bytes && known.flags == entry.flags &&
        known.sender == entry.sender) {
      return true;
    }
  }
  set.way[1] = set.way[0];
  set.way[0] = entry;
  return false;
}

}  // namespace spanlight
