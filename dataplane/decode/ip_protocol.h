#pragma once
// Numbers that the layers agree on (IANA: protocol numbers, IEEE 802 numbers).

#include <cstdint>

namespace spanlight {

namespace ip_protocol {
constexpr std::uint8_t hop_by_hop = 0, icmp = 1, ipv4 = 4, tcp = 6, udp = 17, ipv6 = 41, routing = 43,
                       fragment = 44, gre = 47, authentication = 51, icmpv6 = 58, destination_options = 60,
                       sctp = 132, mobility = 135, mpls = 137, hip = 139, shim6 = 140;
}  // namespace ip_protocol

namespace ethertype_number {
constexpr std::uint16_t ipv4 = 0x0800, arp = 0x0806, transparent_ethernet = 0x6558, vlan = 0x8100,
                        ipv6 = 0x86dd, ppp = 0x880b, mpls = 0x8847, mpls_multicast = 0x8848,
                        pppoe_session = 0x8864, service_vlan = 0x88a8, erspan_1_2 = 0x88be, erspan_3 = 0x22eb,
                        old_service_vlan = 0x9100;
constexpr std::uint16_t kFirst = 0x0600;      // smaller ones are 802.3 lengths
constexpr std::uint16_t kLengthMax = 0x05dc;  // 1500
}  // namespace ethertype_number

}  // namespace spanlight
