#pragma once
// A decoded packet: where its parts lie, whose conversation it belongs to. Pure data, no DPDK; valid as long
// as the frame's bytes are.

#include <cstdint>

#include "core/bytes.h"
#include "core/time_ns.h"
#include "decode/flow_key.h"

namespace spanlight {

// What the first byte of a frame is. Values are ours; the ports translate.
enum class LinkType : std::uint8_t {
  ethernet,
  linux_cooked_v1,
  linux_cooked_v2,
  raw_ip,
  null_loopback,
  nflog,
  ppp
};
constexpr std::size_t kLinkTypes = static_cast<std::size_t>(LinkType::ppp) + 1;

// Why a frame ends at decode. Each is a counter.
enum class DecodeResult : std::uint8_t {
  ok,
  fragment,          // an IP fragment: goes to the fragment reassembler
  not_ip,            // ARP, LLDP, spanning tree … : not a fault
  other_transport,   // IP, but neither TCP, UDP, ICMP nor SCTP
  truncated,         // the captured bytes end inside a header
  bad_link,          // link-level header that cannot be
  bad_ip,            // version, header length or total length that cannot be
  bad_transport,     // TCP or UDP header that contradicts itself
  too_many_headers,  // more tags, extension headers or tunnels than kHeadersMax
  count_
};

namespace tcp_flag {
constexpr std::uint8_t fin = 0x01, syn = 0x02, rst = 0x04, psh = 0x08, ack = 0x10, urg = 0x20;
}

constexpr unsigned kVlansMax = 4;
constexpr std::uint8_t kNoWindowScale = 255;

struct Packet {
  FlowKey key;
  std::uint8_t sender = 0;  // which end of the key sent it: 0 or 1
  std::uint8_t ttl = 0;     // or hop limit
  std::uint8_t vlan_count = 0;
  Tunnel tunnel = Tunnel::none;      // innermost
  std::uint16_t vlans[kVlansMax]{};  // outermost first
  std::uint32_t tunnel_id = 0;       // VNI, GRE key, ERSPAN session
  std::uint16_t ip_id = 0;           // IPv4 identification; IPv6: 0
  bool has_ip_id = false;

  // TCP
  std::uint8_t tcp_flags = 0;
  std::uint16_t window = 0;
  std::uint16_t checksum =
      0;  // as on the wire (partial where the mirror is offloaded); SCTP: both halves folded
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t mss = 0;                       // from a SYN's options, 0 = none
  std::uint8_t window_scale = kNoWindowScale;  // from a SYN's options

  // ICMP; its payload starts behind type, code and checksum
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;

  // The transport payload: offset into the frame, bytes that the IP header claims, bytes that were captured
  // of them.
  std::uint32_t payload_offset = 0;
  std::uint32_t payload_wire_bytes = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t frame_bytes = 0;  // length on the wire
};

// Where an IP fragment's parts lie. Transport bytes start at `offset_in_datagram`.
struct Fragment {
  IpAddress src, dst;
  std::uint32_t id = 0;
  std::uint8_t protocol = 0;  // of the transport
  bool more = false;
  // The network that the addresses are of, as in FlowKey.
  Tunnel tunnel = Tunnel::none;
  std::uint16_t vlan = 0;
  std::uint32_t tunnel_id = 0;
  std::uint32_t offset_in_datagram = 0;
  std::uint32_t payload_offset = 0;  // into the frame
  std::uint32_t payload_bytes = 0;   // captured
  std::uint32_t payload_wire_bytes = 0;
};

}  // namespace spanlight
