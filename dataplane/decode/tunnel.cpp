// Tunnels: GRE (RFC 2784, 2890, 2637), ERSPAN (draft-foschiano-erspan), IP in IP (RFC 2003, 4213, 2473),
// VXLAN (RFC 7348 and its GPE draft), Geneve (RFC 8926), Teredo (RFC 4380), GTP-U (3GPP TS 29.281).

#include "decode/walk.h"

namespace spanlight::walk {

namespace {

// The identity that VXLAN and Geneve give a flow is the same both ways; an ERSPAN session, a GRE key or a GTP
// tunnel end point may be another one for each direction and stays out of the key.
void name_network(Walk& w, Tunnel tunnel, std::uint32_t id) {
  w.enter(tunnel, id);
  w.packet.key.tunnel = tunnel;
  w.packet.key.tunnel_id = id;
}

// Type II: version(4)=1 vlan(12) | cos(3) encapsulation(2) truncated(1) session(10) | reserved(12) index(20).
Step erspan_2(Walk& w) {
  if (!w.has(8, DecodeResult::bad_link)) return Step::done;
  if (w.u8(0) >> 4 != 1) return w.stop(DecodeResult::bad_link);
  w.enter(Tunnel::erspan, w.be16(2) & 0x03ffU);
  w.at += 8;
  return Step::ethernet;
}

// Type III: version(4)=2 vlan(12) | cos(3) bso(2) truncated(1) session(10) | timestamp(32) | sgt(16) |
// p(1) frame type(5) hardware(6) direction(1) granularity(2) o(1), then 8 bytes more where o is set.
Step erspan_3(Walk& w) {
  if (!w.has(12, DecodeResult::bad_link)) return Step::done;
  if (w.u8(0) >> 4 != 2) return w.stop(DecodeResult::bad_link);
  const std::uint16_t flags = w.be16(10);
  const std::uint32_t bytes = (flags & 1) != 0 ? 20 : 12;
  if (!w.has(bytes, DecodeResult::bad_link)) return Step::done;
  w.enter(Tunnel::erspan, w.be16(2) & 0x03ffU);
  w.at += bytes;
  constexpr unsigned kEthernetFrame = 0, kIpPacket = 2;
  switch (flags >> 10 & 0x1f) {
    case kEthernetFrame:
      return Step::ethernet;
    case kIpPacket:
      return Step::ip;
    default:
      return w.stop(DecodeResult::not_ip);
  }
}

// VNI in bytes 4 to 6. Generic Protocol Extension says in byte 3 what follows if its P flag is set.
Step vxlan(Walk& w) {
  constexpr std::uint8_t kHasVni = 0x08, kHasProtocol = 0x04;
  if (!w.has(8, DecodeResult::bad_transport)) return Step::done;
  if ((w.u8(0) & kHasVni) == 0) return w.stop(DecodeResult::ok);
  if (!w.layer()) return Step::done;
  const bool extended = (w.u8(0) & kHasProtocol) != 0;
  const std::uint8_t protocol = w.u8(3);
  name_network(w, Tunnel::vxlan, w.be32(4) >> 8);
  w.at += 8;
  if (!extended) return Step::ethernet;
  switch (protocol) {
    case 1:
    case 2:
      return Step::ip;
    case 3:
      return Step::ethernet;
    case 5:
      return mpls(w);
    default:
      return w.stop(DecodeResult::not_ip);
  }
}

// version(2)=0 option length(6, in 4 bytes) | flags | protocol type | VNI(24) | reserved.
Step geneve(Walk& w) {
  if (!w.has(8, DecodeResult::bad_transport)) return Step::done;
  if (w.u8(0) >> 6 != 0) return w.stop(DecodeResult::ok);
  if (!w.layer()) return Step::done;
  const std::uint32_t bytes = 8 + (w.u8(0) & 0x3fU) * 4;
  if (!w.has(bytes, DecodeResult::bad_transport)) return Step::done;
  w.type = w.be16(2);
  name_network(w, Tunnel::geneve, w.be32(4) >> 8);
  w.at += bytes;
  return Step::ethertype;
}

// Version 1, G-PDU only: everything else is signalling. flags | type | length[2] | tunnel[4], then 4 bytes if
// any of E, S, PN is set, the last of which is the type of the first extension header (0 = none).
Step gtp(Walk& w) {
  constexpr std::uint8_t kVersionAndProtocol = 0xf0, kVersion1 = 0x30, kAnyOptional = 0x07, kExtension = 0x04;
  constexpr std::uint8_t kUserData = 0xff;
  if (!w.has(8, DecodeResult::bad_transport)) return Step::done;
  const std::uint8_t flags = w.u8(0);
  if ((flags & kVersionAndProtocol) != kVersion1 || w.u8(1) != kUserData) return w.stop(DecodeResult::ok);
  if (!w.layer()) return Step::done;
  const std::uint16_t length = w.be16(2);
  const std::uint32_t tunnel_id = w.be32(4);
  w.at += 8;
  if (length != 0) w.limit(length);
  if ((flags & kAnyOptional) != 0) {
    if (!w.has(4, DecodeResult::bad_transport)) return Step::done;
    std::uint8_t next = (flags & kExtension) != 0 ? w.u8(3) : 0;
    w.at += 4;
    // Each: length in 4 bytes, contents, type of the next.
    while (next != 0) {
      if (!w.layer() || !w.has(4, DecodeResult::bad_transport)) return Step::done;
      const std::uint32_t bytes = w.u8(0) * 4U;
      if (bytes == 0) return w.stop(DecodeResult::bad_transport);
      if (!w.has(bytes, DecodeResult::bad_transport)) return Step::done;
      next = w.u8(bytes - 1);
      w.at += bytes;
    }
  }
  w.enter(Tunnel::gtp, tunnel_id);
  return Step::ip;
}

// Section 5.1.1: an authentication header (00 01) and an origin indication (00 00), each at most once, then
// IPv6.
Step teredo(Walk& w) {
  if (!w.has(2, DecodeResult::bad_transport)) return Step::done;
  if (w.be16(0) == 0x0001) {
    if (!w.has(4, DecodeResult::bad_transport)) return Step::done;
    const std::uint32_t bytes = 13U + w.u8(2) + w.u8(3);  // nonce[8] and confirmation behind both
    if (!w.has(bytes + 2, DecodeResult::bad_transport)) return Step::done;
    w.at += bytes;
  }
  if (w.be16(0) == 0x0000) {
    if (!w.has(8, DecodeResult::bad_transport)) return Step::done;
    w.at += 8;
  }
  // Any program may use port 3544: only a datagram that holds just an IPv6 packet is one (a bubble carries
  // nothing).
  if (!w.has(40, DecodeResult::bad_transport)) return Step::done;
  const std::uint32_t payload_bytes = w.be16(4);
  if (w.u8(0) >> 4 != 6 || payload_bytes == 0 || 40 + payload_bytes > w.claimed())
    return w.stop(DecodeResult::ok);
  if (!w.layer()) return Step::done;
  w.enter(Tunnel::teredo, 0);
  return Step::ipv6;
}

}  // namespace

// flags(C R K S …) version(3) | protocol type | checksum, offset | key | sequence | acknowledgement (version
// 1). Version 1's key (RFC 2637, section 4.1): payload length(16) call id(16).
Step gre(Walk& w) {
  constexpr std::uint16_t kChecksum = 0x8000, kRouting = 0x4000, kKey = 0x2000, kSequence = 0x1000,
                          kAcknowledgement = 0x0080, kVersion = 0x0007;
  if (!w.options.decapsulate) return w.stop(DecodeResult::other_transport);
  if (!w.layer() || !w.has(4, DecodeResult::bad_transport)) return Step::done;
  const std::uint16_t flags = w.be16(0), type = w.be16(2);
  const unsigned version = flags & kVersion;
  if (version > 1) return w.stop(DecodeResult::bad_transport);
  // Source routes (RFC 1701) were withdrawn with RFC 2784 and are not read.
  if ((flags & kRouting) != 0) return w.stop(DecodeResult::other_transport);
  std::uint32_t bytes = 4;
  if ((flags & kChecksum) != 0) bytes += 4;
  const std::uint32_t key_at = bytes;
  if ((flags & kKey) != 0) bytes += 4;
  if ((flags & kSequence) != 0) bytes += 4;
  if (version == 1 && (flags & kAcknowledgement) != 0) bytes += 4;
  if (!w.has(bytes, DecodeResult::bad_transport)) return Step::done;
  std::uint32_t key = (flags & kKey) != 0 ? w.be32(key_at) : 0;
  if (version == 1) key &= 0xffff;
  w.at += bytes;
  w.type = type;
  w.enter(Tunnel::gre, key);
  if (type == ethertype_number::erspan_3) return erspan_3(w);
  if (type != ethertype_number::erspan_1_2) return Step::ethertype;
  // Type II has a sequence number and a header of its own; type I has neither.
  if ((flags & kSequence) != 0) return erspan_2(w);
  w.enter(Tunnel::erspan, 0);
  return Step::ethernet;
}

Step ip_in_ip(Walk& w) {
  if (!w.options.decapsulate) return w.stop(DecodeResult::other_transport);
  if (!w.layer()) return Step::done;
  w.enter(Tunnel::ipip, 0);
  return w.protocol == ip_protocol::ipv4 ? Step::ipv4 : Step::ipv6;
}

Step udp_tunnel(Walk& w, std::uint16_t src_port, std::uint16_t dst_port) {
  switch (tunnel_of(w.options, src_port, dst_port)) {
    case Tunnel::vxlan:
      return vxlan(w);
    case Tunnel::geneve:
      return geneve(w);
    case Tunnel::gtp:
      return gtp(w);
    case Tunnel::teredo:
      return teredo(w);
    default:
      return Step::done;
  }
}

}  // namespace spanlight::walk
