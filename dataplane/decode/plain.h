#pragma once
// The frame that nearly all are: Ethernet II, IPv4 without options and whole, TCP. Says what the walk would
// say, in one look; anything else, and all that is odd, is left to the walk. Private to the room.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "decode/ip_protocol.h"
#include "decode/packet.h"

namespace spanlight::plain {

inline std::uint16_t be16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
}
inline std::uint32_t be32(const std::uint8_t* p) {
  return std::uint32_t{be16(p)} << 16 | be16(p + 2);
}

inline IpAddress mapped(const std::uint8_t* address) {
  IpAddress ip;
  ip.bytes[10] = ip.bytes[11] = 0xff;
  std::memcpy(ip.bytes.data() + 12, address, 4);
  return ip;
}

// False: not such a frame; `packet` is as it was. True: `packet`, empty before, is filled. A SYN is left to
// the walk, which reads its options.
inline bool tcp_in_ipv4(Bytes head, std::uint32_t captured, std::uint32_t wire, Packet& packet) {
  constexpr std::uint32_t kIp = 14, kTcp = kIp + 20, kLeast = kTcp + 20;
  constexpr std::uint16_t kIpv4 = 0x0800, kMoreOrOffset = 0x3fff;
  if (head.size() < kLeast) return false;
  const std::uint8_t* h = head.data();
  const std::uint8_t flags = h[kTcp + 13];
  if (be16(h + 12) != kIpv4 || h[kIp] != 0x45 || (be16(h + kIp + 6) & kMoreOrOffset) != 0 ||
      h[kIp + 9] != ip_protocol::tcp || (flags & tcp_flag::syn) != 0)
    return false;
  const std::uint32_t claim = kIp + be16(h + kIp + 2);
  const std::uint32_t header_bytes = (h[kTcp + 12] >> 4) * 4U;
  const std::uint32_t payload = kTcp + header_bytes;
  if (header_bytes < 20 || payload > claim || payload > head.size()) return false;

  const std::uint32_t src = be32(h + kIp + 12), dst = be32(h + kIp + 16);
  const std::uint16_t src_port = be16(h + kTcp), dst_port = be16(h + kTcp + 2);
  const unsigned s = src < dst || (src == dst && src_port <= dst_port) ? 0 : 1;
  packet.key.ip[s] = mapped(h + kIp + 12);
  packet.key.ip[1 - s] = mapped(h + kIp + 16);
  packet.key.port[s] = src_port;
  packet.key.port[1 - s] = dst_port;
  packet.key.protocol = ip_protocol::tcp;
  packet.sender = static_cast<std::uint8_t>(s);
  packet.ttl = h[kIp + 8];
  packet.ip_id = be16(h + kIp + 4);
  packet.has_ip_id = true;
  packet.seq = be32(h + kTcp + 4);
  packet.ack = be32(h + kTcp + 8);
  packet.tcp_flags = flags;
  packet.window = be16(h + kTcp + 14);
  packet.checksum = be16(h + kTcp + 16);
  packet.payload_offset = payload;
  packet.payload_wire_bytes = claim - payload;
  packet.payload_bytes = std::min({wire, captured, claim}) - payload;
  return true;
}

}  // namespace spanlight::plain
