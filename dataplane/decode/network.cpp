// IPv4 (RFC 791), IPv6 and its extension headers (RFC 8200), AH (RFC 4302).

#include <cstring>

#include "decode/walk.h"

namespace spanlight::walk {

namespace {

IpAddress mapped(const std::uint8_t* bytes) {
  IpAddress a;
  a.bytes[10] = a.bytes[11] = 0xff;
  std::memcpy(a.bytes.data() + 12, bytes, 4);
  return a;
}

Step stop_at_fragment(Walk& w, std::uint32_t id, std::uint32_t offset, bool more) {
  w.fragment = {.src = w.src,
                .dst = w.dst,
                .id = id,
                .protocol = w.protocol,
                .more = more,
                .tunnel = w.packet.key.tunnel,
                .vlan = w.packet.key.vlan,
                .tunnel_id = w.packet.key.tunnel_id,
                .offset_in_datagram = offset,
                .payload_offset = w.at,
                .payload_bytes = std::min(w.available(), w.claimed()),
                .payload_wire_bytes = w.claimed()};
  return w.stop(DecodeResult::fragment);
}

// A header whose second byte counts its units of 8 bytes behind the first 8.
Step extension(Walk& w) {
  if (!w.layer() || !w.has(8, DecodeResult::bad_ip)) return Step::done;
  const std::uint32_t bytes = 8 + w.u8(1) * 8U;
  if (!w.has(bytes, DecodeResult::bad_ip)) return Step::done;
  w.protocol = w.u8(0);
  w.at += bytes;
  return Step::next_header;
}

// AH counts in units of 4 bytes, minus 2. What it authenticates is in clear.
Step authentication(Walk& w) {
  if (!w.layer() || !w.has(12, DecodeResult::bad_ip)) return Step::done;
  const std::uint32_t bytes = 8 + w.u8(1) * 4U;
  if (bytes < 12) return w.stop(DecodeResult::bad_ip);
  if (!w.has(bytes, DecodeResult::bad_ip)) return Step::done;
  w.protocol = w.u8(0);
  w.at += bytes;
  return Step::next_header;
}

Step fragment_header(Walk& w) {
  if (!w.layer() || !w.has(8, DecodeResult::bad_ip)) return Step::done;
  const std::uint16_t field = w.be16(2);
  const std::uint32_t id = w.be32(4);
  w.protocol = w.u8(0);
  w.at += 8;
  const bool more = (field & 1) != 0;
  const std::uint32_t offset = field & 0xfff8U;
  // An atomic fragment (RFC 6946) is whole.
  if (offset == 0 && !more) return Step::next_header;
  return stop_at_fragment(w, id, offset, more);
}

}  // namespace

Step ip(Walk& w) {
  if (!w.has(1, DecodeResult::bad_ip)) return Step::done;
  switch (w.u8(0) >> 4) {
    case 4:
      return Step::ipv4;
    case 6:
      return Step::ipv6;
    default:
      return w.stop(DecodeResult::bad_ip);
  }
}

Step ipv4(Walk& w) {
  if (!w.has(20, DecodeResult::bad_ip)) return Step::done;
  const std::uint32_t header_bytes = (w.u8(0) & 0x0fU) * 4;
  const std::uint32_t total_bytes = w.be16(2);
  if (w.u8(0) >> 4 != 4 || header_bytes < 20) return w.stop(DecodeResult::bad_ip);
  // Segmentation offload leaves 0 where the length does not fit or is not yet known: then the frame's length
  // rules.
  if (total_bytes != 0) {
    if (total_bytes < header_bytes) return w.stop(DecodeResult::bad_ip);
    w.claim = w.at + total_bytes;
    w.end = std::min(w.end, w.claim);
  }
  if (!w.has(header_bytes, DecodeResult::bad_ip)) return Step::done;
  w.src = mapped(w.head.data() + w.at + 12);
  w.dst = mapped(w.head.data() + w.at + 16);
  w.packet.ttl = w.u8(8);
  w.packet.ip_id = w.be16(4);
  w.packet.has_ip_id = true;
  w.protocol = w.u8(9);
  const std::uint16_t field = w.be16(6);
  w.at += header_bytes;
  constexpr std::uint16_t kMore = 0x2000, kOffset = 0x1fff;
  if ((field & (kMore | kOffset)) == 0) [[likely]]
    return Step::next_header;
  return stop_at_fragment(w, w.packet.ip_id, (field & kOffset) * 8U, (field & kMore) != 0);
}

Step ipv6(Walk& w) {
  if (!w.has(40, DecodeResult::bad_ip)) return Step::done;
  if (w.u8(0) >> 4 != 6) return w.stop(DecodeResult::bad_ip);
  w.protocol = w.u8(6);
  w.packet.ttl = w.u8(7);
  w.packet.ip_id = 0;
  w.packet.has_ip_id = false;
  std::memcpy(w.src.bytes.data(), w.head.data() + w.at + 8, 16);
  std::memcpy(w.dst.bytes.data(), w.head.data() + w.at + 24, 16);
  const std::uint16_t payload_bytes = w.be16(4);
  w.at += 40;
  // 0: a jumbogram (RFC 2675) or segmentation offload. No padding follows so long a packet: the frame's
  // length rules.
  if (payload_bytes != 0) w.limit(payload_bytes);
  return Step::next_header;
}

Step next_header(Walk& w) {
  switch (w.protocol) {
    case ip_protocol::tcp:
      return tcp(w);
    case ip_protocol::udp:
      return udp(w);
    case ip_protocol::sctp:
      return sctp(w);
    case ip_protocol::authentication:
      return authentication(w);
    case ip_protocol::gre:
      return gre(w);
    case ip_protocol::ipv4:
    case ip_protocol::ipv6:
      return ip_in_ip(w);
    case ip_protocol::mpls:
      return w.options.decapsulate ? mpls(w) : w.stop(DecodeResult::other_transport);
    default:
      break;
  }
  if (w.src.is_v4()) {
    return w.protocol == ip_protocol::icmp ? icmp(w) : w.stop(DecodeResult::other_transport);
  }
  switch (w.protocol) {
    case ip_protocol::icmpv6:
      return icmp(w);
    case ip_protocol::hop_by_hop:
    case ip_protocol::routing:
    case ip_protocol::destination_options:
    case ip_protocol::mobility:
    case ip_protocol::hip:
    case ip_protocol::shim6:
      return extension(w);
    case ip_protocol::fragment:
      return fragment_header(w);
    default:
      return w.stop(DecodeResult::other_transport);
  }
}

}  // namespace spanlight::walk
