#include "decode/decode.h"

#include <compare>
#include <cstring>

#include "decode/plain.h"
#include "decode/walk.h"

namespace spanlight {

namespace {

using walk::Step;
using walk::Walk;

Step first_step(Walk& w, LinkType link) {
  switch (link) {
    case LinkType::ethernet:
      return Step::ethernet;
    case LinkType::linux_cooked_v1:
      return Step::cooked_v1;
    case LinkType::linux_cooked_v2:
      return Step::cooked_v2;
    case LinkType::raw_ip:
      return Step::ip;
    case LinkType::null_loopback:
      return Step::loopback;
    case LinkType::nflog:
      return Step::nflog;
    case LinkType::ppp:
      return Step::ppp;
  }
  return w.stop(DecodeResult::bad_link);
}

// Ends: each turn either moves towards the transport header or passes Walk::layer(), which counts to
// kHeadersMax.
DecodeResult run(Walk& w, Step step) {
  while (step != Step::done) {
    switch (step) {
      case Step::ethernet:
        step = walk::ethernet(w);
        break;
      case Step::length_or_type:
        step = walk::length_or_type(w);
        break;
      case Step::ethertype:
        step = walk::ethertype(w);
        break;
      case Step::cooked_v1:
        step = walk::cooked_v1(w);
        break;
      case Step::cooked_v2:
        step = walk::cooked_v2(w);
        break;
      case Step::loopback:
        step = walk::loopback(w);
        break;
      case Step::nflog:
        step = walk::nflog(w);
        break;
      case Step::ppp:
        step = walk::ppp(w);
        break;
      case Step::ip:
        step = walk::ip(w);
        break;
      case Step::ipv4:
        step = walk::ipv4(w);
        break;
      case Step::ipv6:
        step = walk::ipv6(w);
        break;
      case Step::next_header:
        step = walk::next_header(w);
        break;
      case Step::done:
        break;
    }
  }
  return w.result;
}

// True if the walk failed inside what had seemed a UDP tunnel: the datagram is then what its outside says.
bool tunnel_was_none(const Walk& w) {
  return w.tunnel_udp_at != walk::kNoClaim && w.result != DecodeResult::ok &&
         w.result != DecodeResult::fragment;
}

}  // namespace

DecodeResult decode(Bytes head, std::uint32_t captured, std::uint32_t wire, LinkType link,
                    const DecodeOptions& options, Packet& packet, Fragment& fragment) {
  wire = std::max(wire, captured);
  if (head.size() > captured) head = head.first(captured);
  packet = Packet{};
  packet.frame_bytes = wire;
  packet.window_scale = kNoWindowScale;
  if (link == LinkType::ethernet && (plain::tcp_in_ipv4(head, captured, wire, packet) ||
                                     plain::udp_in_ipv4(head, captured, wire, options, packet)))
    return DecodeResult::ok;
  Walk w{.head = head,
         .captured = captured,
         .end = wire,
         .options = options,
         .packet = packet,
         .fragment = fragment};
  run(w, first_step(w, link));
  if (!tunnel_was_none(w)) return w.result;

  // Once more, and not into that datagram: its UDP header was already found good, so this walk ends there,
  // ok.
  packet = Packet{};
  packet.frame_bytes = wire;
  packet.window_scale = kNoWindowScale;
  Walk again{.head = head,
             .captured = captured,
             .end = wire,
             .options = options,
             .packet = packet,
             .fragment = fragment};
  again.opaque_udp_at = w.tunnel_udp_at;
  return run(again, first_step(again, link));
}

DecodeResult decode_datagram(Bytes datagram, const Fragment& first, const DecodeOptions& options,
                             Packet& packet, Fragment& inner) {
  const Packet outside = packet;
  const auto bytes = static_cast<std::uint32_t>(std::min<std::size_t>(datagram.size(), kDatagramBytesMax));
  Walk w{.head = datagram.first(bytes),
         .captured = bytes,
         .end = bytes,
         .options = options,
         .packet = packet,
         .fragment = inner};
  w.claim = bytes;
  w.src = first.src;
  w.dst = first.dst;
  w.protocol = first.protocol;
  Walk again = w;
  run(w, Step::next_header);
  if (!tunnel_was_none(w)) return w.result;

  packet = outside;
  again.opaque_udp_at = w.tunnel_udp_at;
  return run(again, Step::next_header);
}

DecodeResult decode_datagram(Bytes datagram, const Fragment& first, const DecodeOptions& options,
                             Packet& packet) {
  Fragment inner;
  return decode_datagram(datagram, first, options, packet, inner);
}

void canonicalise(Packet& packet, const IpAddress& src, std::uint16_t src_port, const IpAddress& dst,
                  std::uint16_t dst_port) {
  const int order = std::memcmp(src.bytes.data(), dst.bytes.data(), sizeof(src.bytes));
  const bool src_first = order < 0 || (order == 0 && src_port <= dst_port);
  const unsigned s = src_first ? 0 : 1, d = 1 - s;
  packet.key.ip[s] = src;
  packet.key.ip[d] = dst;
  packet.key.port[s] = src_port;
  packet.key.port[d] = dst_port;
  packet.sender = static_cast<std::uint8_t>(s);
}

}  // namespace spanlight
