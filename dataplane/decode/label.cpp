// MPLS (RFC 3032). Nothing in a label stack says what lies under it: it is guessed, as routers do (RFC 4928).

#include "decode/walk.h"

namespace spanlight::walk {

namespace {

// True if an Ethernet header with an EtherType that we know may start `skip` bytes from `at`. Reads what is
// there.
bool looks_like_ethernet(const Walk& w, std::uint32_t skip) {
  if (std::min<std::size_t>(w.available(), w.head.size() - w.at) < skip + 14) return false;
  switch (w.be16(skip + 12)) {
    case ethertype_number::ipv4:
    case ethertype_number::ipv6:
    case ethertype_number::arp:
    case ethertype_number::vlan:
    case ethertype_number::service_vlan:
    case ethertype_number::old_service_vlan:
    case ethertype_number::mpls:
    case ethertype_number::pppoe_session:
      return true;
    default:
      return false;
  }
}

}  // namespace

Step mpls(Walk& w) {
  constexpr std::uint8_t kBottom = 0x01;
  for (bool bottom = false; !bottom; w.at += 4) {
    if (!w.layer() || !w.has(4, DecodeResult::bad_link)) return Step::done;
    bottom = (w.u8(2) & kBottom) != 0;
  }
  if (!w.has(1, DecodeResult::bad_link)) return Step::done;
  const unsigned nibble = w.u8(0) >> 4;
  if (nibble == 4 || nibble == 6) return Step::ip;
  // An Ethernet pseudo-wire, with a control word (RFC 4448: its first nibble is 0) or without.
  if (nibble == 0 && looks_like_ethernet(w, 4)) {
    w.at += 4;
    return Step::ethernet;
  }
  if (looks_like_ethernet(w, 0)) return Step::ethernet;
  // Too short to say: a cut frame is not to be counted as something strange.
  return w.available() < 18 ? w.stop(DecodeResult::truncated) : w.stop(DecodeResult::not_ip);
}

}  // namespace spanlight::walk
