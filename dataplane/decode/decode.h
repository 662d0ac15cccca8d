#pragma once
// Frame → Packet. Pure: bytes in, offsets and a key out; reads headers only, never the payload.
// Handles Ethernet, VLAN and QinQ (0x8100, 0x88a8, 0x9100), MPLS, IPv4, IPv6 with extension headers, TCP, UDP, ICMP and
// ICMPv6, SCTP; inside VXLAN, Geneve, GRE (and transparent Ethernet bridging), ERSPAN II and III, IP in IP (4in4, 6in4,
// 4in6, 6in6).

#include "decode/packet.h"

namespace spanlight {

struct DecodeOptions {
  bool vlan_in_key = false;
  bool decapsulate = true;
  std::uint16_t vxlan_ports[2] = {4789, 8472};
  std::uint16_t geneve_port = 6081;
};

constexpr unsigned kHeadersMax = 16;  // tags, labels, extension headers and tunnels of one frame, all together

// Headers lie within the frame's first kHeadBytesMax bytes; a frame whose do not is `too_many_headers`.
constexpr std::uint32_t kHeadBytesMax = 512;

// `head`: the first bytes of the frame in one piece, min(captured, kHeadBytesMax) or more.
// `captured`: bytes of the frame that were captured; `wire`: its length on the wire (>= captured).
// On DecodeResult::fragment `fragment` is filled and `packet` holds what the outer headers said (VLANs, tunnel).
DecodeResult decode(Bytes head, std::uint32_t captured, std::uint32_t wire, LinkType link, const DecodeOptions& options,
                    Packet& packet, Fragment& fragment);

// Continues behind an IP header whose datagram was put together again: `datagram` is the whole transport segment.
// payload_offset counts from datagram[0].
DecodeResult decode_datagram(Bytes datagram, const Fragment& first, const DecodeOptions& options, Packet& packet);

// Orders the two ends and sets `sender`.
void canonicalise(Packet& packet, const IpAddress& src, std::uint16_t src_port, const IpAddress& dst,
                  std::uint16_t dst_port);

}  // namespace spanlight
