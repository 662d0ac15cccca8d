#pragma once
// Frame → Packet. Pure: bytes in, offsets and a key out; reads headers only, never the payload.
// Links: Ethernet II and 802.3, VLAN and QinQ (0x8100, 0x88a8, 0x9100), MPLS and its Ethernet pseudo-wires,
// PPPoE, PPP, Linux cooked v1 and v2, raw IP, null and loopback, NFLOG. Network: IPv4, IPv6 with extension
// headers, AH. Transport: TCP, UDP, ICMP, ICMPv6, SCTP. Tunnels: VXLAN, Geneve, GRE, ERSPAN I to III, IP in
// IP, Teredo, GTP-U, MPLS in IP. A UDP datagram that looked like a tunnel and whose inside does not decode is
// that UDP datagram, `ok`.

#include "decode/packet.h"

namespace spanlight {

struct DecodeOptions {
  bool vlan_in_key = false;
  bool decapsulate = true;
  std::uint16_t vxlan_ports[2] = {4789, 8472};
  std::uint16_t geneve_port = 6081;
};

constexpr unsigned kHeadersMax =
    16;  // tags, labels, extension headers and tunnels of one frame, all together

// Headers lie within the frame's first kHeadBytesMax bytes; a frame whose do not is `too_many_headers`.
constexpr std::uint32_t kHeadBytesMax = 512;

constexpr std::uint32_t kDatagramBytesMax = 65'535;

// `head`: the first bytes of the frame in one piece, min(captured, kHeadBytesMax) or more.
// `captured`: bytes of the frame that were captured; `wire`: its length on the wire (>= captured).
// On DecodeResult::fragment `fragment` is filled and `packet` holds what the outer headers said (VLANs,
// tunnel).
DecodeResult decode(Bytes head, std::uint32_t captured, std::uint32_t wire, LinkType link,
                    const DecodeOptions& options, Packet& packet, Fragment& fragment);

// Continues behind an IP header whose datagram was put together again: `datagram` is the whole transport
// segment. payload_offset counts from datagram[0].
DecodeResult decode_datagram(Bytes datagram, const Fragment& first, const DecodeOptions& options,
                             Packet& packet);

// The same, and where the datagram carries a tunnel with another fragment in it (DecodeResult::fragment),
// `inner` is filled, its offsets counted from datagram[0]. The caller bounds how often it goes round.
// `packet`: as decode() left it for the fragment that completed the datagram; its VLANs, tunnel, TTL and IP
// id stay.
DecodeResult decode_datagram(Bytes datagram, const Fragment& first, const DecodeOptions& options,
                             Packet& packet, Fragment& inner);

// Orders the two ends and sets `sender`.
void canonicalise(Packet& packet, const IpAddress& src, std::uint16_t src_port, const IpAddress& dst,
                  std::uint16_t dst_port);

}  // namespace spanlight
