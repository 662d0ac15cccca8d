#pragma once
// The state of one walk through a frame's headers, shared by the layers. Private to this room.
//
// Each layer reads its header at `at`, moves on, and names the next step; decode.cpp loops. No layer calls
// another, so hostile nesting costs turns of a bounded loop, never stack.
//
// Three ends bound what a layer may read, and each gives another fault:
//   claim    what the innermost length field promises        beyond it: the headers contradict themselves
//   end      the least of all lengths around, and the wire   beyond it: cut on its way to us, `truncated`
//   captured what the capture kept                            beyond it: `truncated`
// `claim` may lie behind `end`: mirrors cut the frame inside a tunnel (ERSPAN's T bit) and some switches cut
// mirrored frames without a sign. The rest then counts as claimed and not captured.

#include <algorithm>
#include <cstdint>

#include "decode/decode.h"
#include "decode/ip_protocol.h"

namespace spanlight::walk {

enum class Step : std::uint8_t {
  ethernet,
  ethertype,  // `type` says what follows
  length_or_type,
  cooked_v1,
  cooked_v2,
  loopback,
  nflog,
  ppp,
  ip,  // 4 or 6 by the first nibble
  ipv4,
  ipv6,
  next_header,  // `protocol` says what follows
  done,         // `result` says how it went
};

constexpr std::uint32_t kNoClaim = 0xffffffff;

struct Walk {
  Bytes head;
  std::uint32_t captured;
  std::uint32_t end;  // >= at
  const DecodeOptions& options;
  Packet& packet;
  Fragment& fragment;

  std::uint32_t at = 0;
  std::uint32_t claim = kNoClaim;  // >= at
  std::uint16_t type = 0;
  std::uint8_t protocol = 0;
  std::uint8_t layers = 0;
  DecodeResult result = DecodeResult::ok;
  IpAddress src, dst;

  // A UDP header here is not looked into: what seemed a tunnel was none.
  std::uint32_t opaque_udp_at = kNoClaim;
  // The innermost UDP header whose payload is being read as a tunnel.
  std::uint32_t tunnel_udp_at = kNoClaim;

  Step stop(DecodeResult why) {
    result = why;
    return Step::done;
  }

  // True if `n` header bytes at `at` can be read; otherwise the walk's result is set and the layer returns
  // Step::done.
  bool has(std::uint32_t n, DecodeResult contradiction) {
    if (n <= std::min({claim, end, captured, static_cast<std::uint32_t>(head.size())}) - at) [[likely]]
      return true;
    result = n > claim - at                     ? contradiction
             : n > std::min(end, captured) - at ? DecodeResult::truncated
                                                : DecodeResult::too_many_headers;
    return false;
  }

  // One more tag, label, extension header or tunnel.
  bool layer() {
    if (layers == kHeadersMax) {
      result = DecodeResult::too_many_headers;
      return false;
    }
    ++layers;
    return true;
  }

  // A length field: nothing of this layer lies beyond `n` bytes from `at`.
  void limit(std::uint32_t n) {
    claim = n < kNoClaim - at ? at + n : kNoClaim;
    end = std::min(end, claim);
  }

  // What a tunnel carries answers to its own lengths alone.
  void enter(Tunnel tunnel, std::uint32_t id) {
    claim = kNoClaim;
    packet.tunnel = tunnel;
    packet.tunnel_id = id;
  }

  // Bytes that are claimed and bytes that can be read from `at` on.
  std::uint32_t claimed() const { return (claim == kNoClaim ? end : claim) - at; }
  std::uint32_t available() const { return std::min(end, captured) - at; }

  std::uint8_t u8(std::uint32_t i) const { return head[at + i]; }
  std::uint16_t be16(std::uint32_t i) const {
    return static_cast<std::uint16_t>(head[at + i] << 8 | head[at + i + 1]);
  }
  std::uint32_t be32(std::uint32_t i) const { return std::uint32_t{be16(i)} << 16 | be16(i + 2); }
};

// link.cpp
Step ethernet(Walk& w);
Step length_or_type(Walk& w);
Step ethertype(Walk& w);
Step cooked_v1(Walk& w);
Step cooked_v2(Walk& w);
Step loopback(Walk& w);
Step nflog(Walk& w);
Step ppp(Walk& w);

// network.cpp
Step ip(Walk& w);
Step ipv4(Walk& w);
Step ipv6(Walk& w);
Step next_header(Walk& w);

// transport.cpp
Step tcp(Walk& w);
Step udp(Walk& w);
Step icmp(Walk& w);
Step sctp(Walk& w);

// label.cpp
Step mpls(Walk& w);

// tunnel.cpp
Step gre(Walk& w);
Step ip_in_ip(Walk& w);
// What its ports say that a UDP datagram carries.
inline Tunnel tunnel_of(const DecodeOptions& options, std::uint16_t src_port, std::uint16_t dst_port) {
  constexpr std::uint16_t kGtpPort = 2152, kTeredoPort = 3544;
  if (dst_port == options.vxlan_ports[0] || dst_port == options.vxlan_ports[1]) return Tunnel::vxlan;
  if (dst_port == options.geneve_port) return Tunnel::geneve;
  if (dst_port == kGtpPort) return Tunnel::gtp;
  return src_port == kTeredoPort || dst_port == kTeredoPort ? Tunnel::teredo : Tunnel::none;
}
// What a UDP datagram carries, `at` behind its header; Step::done with result ok if it is no tunnel.
Step udp_tunnel(Walk& w, std::uint16_t src_port, std::uint16_t dst_port);

}  // namespace spanlight::walk
