#pragma once
// What makes two packets one conversation: both end points in canonical order, protocol, and tunnel or VLAN
// identity. Equality is on the whole key; a hash only locates.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace spanlight {

// IPv6, or IPv4 as ::ffff:a.b.c.d. Network byte order.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
  bool is_v4() const {
    static constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::memcmp(bytes.data(), kMapped, sizeof(kMapped)) == 0;
  }
};

enum class Tunnel : std::uint8_t { none, vxlan, geneve, gre, erspan, ipip, teredo, gtp };

struct FlowKey {
  IpAddress ip[2];          // ip[0]:port[0] <= ip[1]:port[1]
  std::uint16_t port[2]{};  // host byte order; ICMP: 0
  std::uint8_t protocol = 0;
  Tunnel tunnel = Tunnel::none;
  std::uint16_t vlan = 0;  // outermost VLAN id, only where flow.vlanInKey is set
  std::uint32_t tunnel_id =
      0;  // VNI of VXLAN and Geneve (the same both ways); 0 for tunnels whose id may differ

  static constexpr std::size_t kWords = 6;
  // The last two overlap.
  std::uint64_t word(std::size_t i) const {
    static constexpr std::size_t kAt[kWords] = {0, 8, 16, 24, 32, 36};
    std::uint64_t w;
    std::memcpy(&w, reinterpret_cast<const char*>(this) + kAt[i], sizeof(w));
    return w;
  }
  // Without a branch and without a call: nearly always they are equal.
  friend bool operator==(const FlowKey& a, const FlowKey& b) {
    std::uint64_t different = 0;
    for (std::size_t i = 0; i < kWords; ++i) different |= a.word(i) ^ b.word(i);
    return different == 0;
  }
};
static_assert(sizeof(FlowKey) == 44 && std::has_unique_object_representations_v<FlowKey>);

}  // namespace spanlight
