// Link layers: Ethernet II and 802.3, VLAN tags, PPPoE, PPP, and the pseudo headers of captures.

#include "decode/walk.h"

namespace spanlight::walk {

namespace {

// IEEE 802.2 LLC, perhaps with SNAP. IP is found behind SNAP (RFC 1042) or, rarely, behind SAP 6.
Step llc(Walk& w) {
  if (!w.has(3, DecodeResult::bad_link)) return Step::done;
  constexpr std::uint8_t kUnnumbered = 0x03, kSnapSap = 0xaa, kIpSap = 0x06;
  if (w.u8(2) != kUnnumbered || w.u8(0) != w.u8(1)) return w.stop(DecodeResult::not_ip);
  if (w.u8(0) == kIpSap) {
    w.at += 3;
    return Step::ip;
  }
  if (w.u8(0) != kSnapSap) return w.stop(DecodeResult::not_ip);
  if (!w.has(8, DecodeResult::bad_link)) return Step::done;
  // OUI 0: an EtherType follows. 00-00-f8: the same, from 802.1H bridges. All others are vendors' own (CDP,
  // PVST).
  const std::uint32_t oui = w.be32(2) & 0x00ffffff;
  if (oui != 0x000000 && oui != 0x0000f8) return w.stop(DecodeResult::not_ip);
  w.type = w.be16(6);
  w.at += 8;
  return Step::ethertype;
}

// IEEE 802.1Q, 802.1ad. A priority tag (VLAN id 0) names no VLAN and leaves no trace.
Step vlan(Walk& w) {
  if (!w.layer() || !w.has(4, DecodeResult::bad_link)) return Step::done;
  Packet& p = w.packet;
  const auto id = static_cast<std::uint16_t>(w.be16(0) & 0x0fff);
  if (id != 0) {
    if (p.vlan_count == 0 && w.options.vlan_in_key) p.key.vlan = id;
    if (p.vlan_count < kVlansMax) p.vlans[p.vlan_count++] = id;
  }
  w.type = w.be16(2);
  w.at += 4;
  return Step::length_or_type;
}

// RFC 2516, section 4. Discovery has an EtherType of its own; code 0 is session data.
Step pppoe(Walk& w) {
  if (!w.layer() || !w.has(6, DecodeResult::bad_link)) return Step::done;
  if (w.u8(0) != 0x11) return w.stop(DecodeResult::bad_link);
  if (w.u8(1) != 0) return w.stop(DecodeResult::not_ip);
  const std::uint16_t length = w.be16(4);
  w.at += 6;
  // 0 on offloaded frames, as in IP.
  if (length != 0) w.limit(length);
  return Step::ppp;
}

}  // namespace

Step ethernet(Walk& w) {
  if (!w.has(14, DecodeResult::bad_link)) return Step::done;
  w.type = w.be16(12);
  w.at += 14;
  return Step::length_or_type;
}

// IEEE 802.3, 3.2.6: up to 1500 it is a length, from 1536 on a type.
Step length_or_type(Walk& w) {
  if (w.type >= ethertype_number::kFirst) return Step::ethertype;
  if (w.type > ethertype_number::kLengthMax) return w.stop(DecodeResult::bad_link);
  w.limit(w.type);
  return llc(w);
}

Step ethertype(Walk& w) {
  switch (w.type) {
    case ethertype_number::ipv4:
      return Step::ipv4;
    case ethertype_number::ipv6:
      return Step::ipv6;
    case ethertype_number::vlan:
    case ethertype_number::service_vlan:
    case ethertype_number::old_service_vlan:
      return vlan(w);
    case ethertype_number::mpls:
    case ethertype_number::mpls_multicast:
      return mpls(w);
    case ethertype_number::pppoe_session:
      return pppoe(w);
    case ethertype_number::ppp:
      return Step::ppp;
    case ethertype_number::transparent_ethernet:
      return w.layer() ? Step::ethernet : Step::done;
    default:
      return w.stop(DecodeResult::not_ip);
  }
}

// LINKTYPE_LINUX_SLL: packet type, ARPHRD, address length, address[8], protocol.
Step cooked_v1(Walk& w) {
  if (!w.has(16, DecodeResult::bad_link)) return Step::done;
  w.type = w.be16(14);
  w.at += 16;
  constexpr std::uint16_t kLinuxLlc = 0x0004;  // ETH_P_802_2
  if (w.type == kLinuxLlc) return llc(w);
  return w.type >= ethertype_number::kFirst ? Step::ethertype : w.stop(DecodeResult::not_ip);
}

// LINKTYPE_LINUX_SLL2: protocol, reserved, interface[4], ARPHRD, packet type, address length, address[8].
Step cooked_v2(Walk& w) {
  if (!w.has(20, DecodeResult::bad_link)) return Step::done;
  w.type = w.be16(0);
  w.at += 20;
  constexpr std::uint16_t kLinuxLlc = 0x0004;
  if (w.type == kLinuxLlc) return llc(w);
  return w.type >= ethertype_number::kFirst ? Step::ethertype : w.stop(DecodeResult::not_ip);
}

// LINKTYPE_NULL and LINKTYPE_LOOP: an address family in four bytes, in the order of the host that captured.
// Families are small numbers, so only one order makes sense. IPv6 has another number on each system.
Step loopback(Walk& w) {
  if (!w.has(4, DecodeResult::bad_link)) return Step::done;
  std::uint32_t family = w.be32(0);
  if (family > 0xffff) family = __builtin_bswap32(family);
  w.at += 4;
  switch (family) {
    case 2:
      return Step::ipv4;
    case 10:  // Linux
    case 24:  // NetBSD, OpenBSD
    case 28:  // FreeBSD
    case 30:  // macOS
      return Step::ipv6;
    default:
      return w.stop(family > 0xff ? DecodeResult::bad_link : DecodeResult::not_ip);
  }
}

// LINKTYPE_NFLOG: family, version, resource id, then attributes (length with its own four bytes, type) padded
// to four bytes, in the order of the host that captured. The packet is an attribute and starts at its IP
// header.
Step nflog(Walk& w) {
  constexpr std::uint32_t kAttributesMax = 32;  // the kernel writes at most about twenty
  constexpr std::uint16_t kPayload = 9;         // NFULA_PAYLOAD
  if (!w.has(4, DecodeResult::bad_link)) return Step::done;
  if (w.u8(1) != 0) return w.stop(DecodeResult::bad_link);
  w.at += 4;
  for (std::uint32_t i = 0; i < kAttributesMax; ++i) {
    if (!w.has(4, DecodeResult::bad_link)) return Step::done;
    // Types are small numbers: their high byte is 0 and tells the order.
    const bool little = w.u8(3) == 0;
    if (!little && w.u8(2) != 0) return w.stop(DecodeResult::bad_link);
    const std::uint16_t length = little ? __builtin_bswap16(w.be16(0)) : w.be16(0);
    const std::uint8_t type = little ? w.u8(2) : w.u8(3);
    if (length < 4) return w.stop(DecodeResult::bad_link);
    if (type == kPayload) {
      w.at += 4;
      w.limit(length - 4U);
      return Step::ip;
    }
    const std::uint32_t padded = (length + 3U) & ~3U;
    if (!w.has(padded, DecodeResult::bad_link)) return Step::done;
    w.at += padded;
  }
  return w.stop(DecodeResult::too_many_headers);
}

// RFC 1661 and 1662: address and control (ff 03) may be missing, the protocol may be one byte (then it is
// odd).
Step ppp(Walk& w) {
  if (!w.has(1, DecodeResult::bad_link)) return Step::done;
  if (w.u8(0) == 0xff) {
    if (!w.has(3, DecodeResult::bad_link)) return Step::done;
    if (w.u8(1) != 0x03) return w.stop(DecodeResult::bad_link);
    w.at += 2;
  }
  std::uint16_t protocol = w.u8(0);
  if ((protocol & 1) == 0) {
    if (!w.has(2, DecodeResult::bad_link)) return Step::done;
    protocol = w.be16(0);
    ++w.at;
  }
  ++w.at;
  switch (protocol) {
    case 0x0021:
      return Step::ipv4;
    case 0x0057:
      return Step::ipv6;
    case 0x0281:
    case 0x0283:
      return mpls(w);
    default:
      return w.stop(DecodeResult::not_ip);  // LCP, IPCP, compressed headers …
  }
}

}  // namespace spanlight::walk
