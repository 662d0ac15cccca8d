#pragma once
// The frames that nearly all are: Ethernet II, IPv4 without options and whole, TCP or UDP. Says what the walk
// would say, in one look; anything else, and all that is odd, is left to the walk. Private to the room.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "decode/ip_protocol.h"
#include "decode/packet.h"
#include "decode/walk.h"

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

constexpr std::uint32_t kIp = 14, kTransport = kIp + 20;

// Without options, fragments, and of this protocol. `least`: bytes of the transport's header.
inline bool is_ipv4(Bytes head, std::uint8_t protocol, std::uint32_t least) {
  constexpr std::uint16_t kIpv4 = 0x0800, kMoreOrOffset = 0x3fff;
  const std::uint8_t* h = head.data();
  return head.size() >= kTransport + least && be16(h + 12) == kIpv4 && h[kIp] == 0x45 &&
         (be16(h + kIp + 6) & kMoreOrOffset) == 0 && h[kIp + 9] == protocol;
}

inline void name_ends(const std::uint8_t* h, Packet& packet) {
  const std::uint32_t src = be32(h + kIp + 12), dst = be32(h + kIp + 16);
  const std::uint16_t src_port = be16(h + kTransport), dst_port = be16(h + kTransport + 2);
  const unsigned s = src < dst || (src == dst && src_port <= dst_port) ? 0 : 1;
  packet.key.ip[s] = mapped(h + kIp + 12);
  packet.key.ip[1 - s] = mapped(h + kIp + 16);
  packet.key.port[s] = src_port;
  packet.key.port[1 - s] = dst_port;
  packet.key.protocol = h[kIp + 9];
  packet.sender = static_cast<std::uint8_t>(s);
  packet.ttl = h[kIp + 8];
  packet.ip_id = be16(h + kIp + 4);
  packet.has_ip_id = true;
}

// `claim`: where the headers say that the payload ends.
inline void name_payload(std::uint32_t at, std::uint32_t claim, std::uint32_t captured, std::uint32_t wire,
                         Packet& packet) {
  packet.payload_offset = at;
  packet.payload_wire_bytes = claim - at;
  packet.payload_bytes = std::min({wire, captured, claim}) - at;
}

// False: not such a frame; `packet` is as it was. True: `packet`, empty before, is filled. A SYN is left to
// the walk, which reads its options.
inline bool tcp_in_ipv4(Bytes head, std::uint32_t captured, std::uint32_t wire, Packet& packet) {
  if (!is_ipv4(head, ip_protocol::tcp, 20)) return false;
  const std::uint8_t* h = head.data();
  const std::uint8_t* tcp = h + kTransport;
  const std::uint8_t flags = tcp[13];
  const std::uint32_t claim = kIp + be16(h + kIp + 2);
  const std::uint32_t header_bytes = (tcp[12] >> 4) * 4U;
  const std::uint32_t payload = kTransport + header_bytes;
  if ((flags & tcp_flag::syn) != 0 || header_bytes < 20 || payload > claim || payload > head.size())
    return false;
  name_ends(h, packet);
  packet.seq = be32(tcp + 4);
  packet.ack = be32(tcp + 8);
  packet.tcp_flags = flags;
  packet.window = be16(tcp + 14);
  packet.checksum = be16(tcp + 16);
  name_payload(payload, claim, captured, wire, packet);
  return true;
}

// The same. What may be a tunnel is left to the walk, and so is a length of 0, which leaves it to IP's.
inline bool udp_in_ipv4(Bytes head, std::uint32_t captured, std::uint32_t wire, const DecodeOptions& options,
                        Packet& packet) {
  constexpr std::uint32_t kUdpBytes = 8;
  if (!is_ipv4(head, ip_protocol::udp, kUdpBytes)) return false;
  const std::uint8_t* h = head.data();
  const std::uint8_t* udp = h + kTransport;
  const std::uint32_t bytes = be16(udp + 4);
  const std::uint32_t claim = kTransport + bytes;
  if (bytes < kUdpBytes || claim > kIp + be16(h + kIp + 2)) return false;
  if (options.decapsulate && walk::tunnel_of(options, be16(udp), be16(udp + 2)) != Tunnel::none) return false;
  name_ends(h, packet);
  packet.checksum = be16(udp + 6);
  name_payload(kTransport + kUdpBytes, claim, captured, wire, packet);
  return true;
}

}  // namespace spanlight::plain
