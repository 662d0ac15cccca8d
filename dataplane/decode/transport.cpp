// TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792), ICMPv6 (RFC 4443), SCTP (RFC 9260).

#include "decode/walk.h"

namespace spanlight::walk {

namespace {

// `header_bytes` have been read; what follows is payload.
void payload_behind(Walk& w, std::uint32_t header_bytes) {
  w.at += header_bytes;
  w.packet.payload_offset = w.at;
  w.packet.payload_wire_bytes = w.claimed();
  w.packet.payload_bytes = std::min(w.available(), w.claimed());
}

// MSS and window scale of a SYN. Options that contradict themselves end the list; the segment is good without
// them.
void syn_options(Packet& packet, Bytes options) {
  constexpr std::uint8_t kEnd = 0, kNop = 1, kMss = 2, kWindowScale = 3;
  std::size_t i = 0;
  while (i < options.size() && options[i] != kEnd) {
    if (options[i] == kNop) {
      ++i;
      continue;
    }
    if (options.size() - i < 2) return;
    const std::size_t bytes = options[i + 1];
    if (bytes < 2 || bytes > options.size() - i) return;
    if (options[i] == kMss && bytes == 4) {
      packet.mss = static_cast<std::uint16_t>(options[i + 2] << 8 | options[i + 3]);
    } else if (options[i] == kWindowScale && bytes == 3) {
      // RFC 7323, 2.3: more than 14 is used as 14.
      packet.window_scale = std::min<std::uint8_t>(options[i + 2], 14);
    }
    i += bytes;
  }
}

void name_ends(Walk& w, std::uint8_t protocol, std::uint16_t src_port, std::uint16_t dst_port) {
  w.packet.key.protocol = protocol;
  canonicalise(w.packet, w.src, src_port, w.dst, dst_port);
}

}  // namespace

Step tcp(Walk& w) {
  if (!w.has(20, DecodeResult::bad_transport)) return Step::done;
  const std::uint32_t header_bytes = (w.u8(12) >> 4) * 4U;
  if (header_bytes < 20) return w.stop(DecodeResult::bad_transport);
  if (!w.has(header_bytes, DecodeResult::bad_transport)) return Step::done;
  Packet& p = w.packet;
  name_ends(w, ip_protocol::tcp, w.be16(0), w.be16(2));
  p.seq = w.be32(4);
  p.ack = w.be32(8);
  p.tcp_flags = w.u8(13);
  p.window = w.be16(14);
  p.checksum = w.be16(16);
  if ((p.tcp_flags & tcp_flag::syn) != 0) syn_options(p, w.head.subspan(w.at + 20, header_bytes - 20));
  payload_behind(w, header_bytes);
  return w.stop(DecodeResult::ok);
}

Step udp(Walk& w) {
  if (!w.has(8, DecodeResult::bad_transport)) return Step::done;
  const std::uint16_t src_port = w.be16(0), dst_port = w.be16(2);
  const std::uint32_t bytes = w.be16(4);
  // 0: a jumbogram or segmentation offload. Then IP's length rules.
  if (bytes != 0) {
    if (bytes < 8 || bytes > w.claim - w.at) return w.stop(DecodeResult::bad_transport);
    w.limit(bytes);
  }
  name_ends(w, ip_protocol::udp, src_port, dst_port);
  w.packet.checksum = w.be16(6);
  const std::uint32_t udp_at = w.at;
  payload_behind(w, 8);
  w.result = DecodeResult::ok;
  if (!w.options.decapsulate || udp_at == w.opaque_udp_at) return Step::done;
  const Step inside = udp_tunnel(w, src_port, dst_port);
  if (inside != Step::done || w.result != DecodeResult::ok) w.tunnel_udp_at = udp_at;
  return inside;
}

// Type, code and checksum; what follows depends on the type and is payload.
Step icmp(Walk& w) {
  if (!w.has(4, DecodeResult::bad_transport)) return Step::done;
  name_ends(w, w.protocol, 0, 0);
  w.packet.icmp_type = w.u8(0);
  w.packet.icmp_code = w.u8(1);
  w.packet.checksum = w.be16(2);
  payload_behind(w, 4);
  return w.stop(DecodeResult::ok);
}

// The common header; chunks are payload.
Step sctp(Walk& w) {
  if (!w.has(12, DecodeResult::bad_transport)) return Step::done;
  name_ends(w, ip_protocol::sctp, w.be16(0), w.be16(2));
  w.packet.checksum = w.be16(8) ^ w.be16(10);
  payload_behind(w, 12);
  return w.stop(DecodeResult::ok);
}

}  // namespace spanlight::walk
