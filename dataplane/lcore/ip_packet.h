#pragma once
// A datagram that was put together from fragments, as one IP packet again: how it travels to another worker.

#include <rte_mbuf.h>

#include "decode/packet.h"

namespace spanlight {

// What the outer headers of such a datagram said, which a bare IP packet does not tell any more. It travels
// in the headroom of the first mbuf.
struct Outside {
  std::uint32_t tunnel_id = 0;
  std::uint32_t key_tunnel_id = 0;
  std::uint16_t vlans[kVlansMax]{};
  std::uint16_t key_vlan = 0;
  Tunnel tunnel = Tunnel::none;
  Tunnel key_tunnel = Tunnel::none;
  std::uint8_t vlan_count = 0;
};
static_assert(sizeof(Outside) <= RTE_PKTMBUF_HEADROOM);

void write_outside(rte_mbuf* fresh, const Packet& packet);
void read_outside(const rte_mbuf* frame, Packet& packet);

// The IP header of such a packet, 40 bytes at most. Answers how many it wrote.
constexpr std::size_t kIpHeaderBytesMax = 40;
std::size_t write_ip_header(std::uint8_t* out, const Fragment& fragment, std::size_t datagram_bytes);

// An mbuf chain of `pool` that holds an IPv4 or IPv6 header and `datagram`; nullptr when the pool is
// exhausted.
rte_mbuf* ip_packet_of(const Fragment& fragment, Bytes datagram, rte_mempool* pool);

}  // namespace spanlight
