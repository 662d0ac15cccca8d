// Writes the seeds of decode_fuzz: decode_seeds DIRECTORY. One file for each kind of frame, one for
// fragments.

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "support/packet_builder.h"

using namespace spanlight::test;

namespace {

int failures = 0;

void write_file(const std::string& directory, const std::string& name, const Frame& bytes) {
  std::FILE* file = std::fopen((directory + "/" + name).c_str(), "wb");
  if (file == nullptr || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()) ++failures;
  if (file != nullptr) std::fclose(file);
}

void write(const std::string& directory, const std::string& name, std::uint8_t link,
           const std::vector<Frame>& frames, std::uint8_t options = 0) {
  Frame out = {link, options};
  for (const Frame& frame : frames) {
    out.push_back(static_cast<std::uint8_t>(frame.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(frame.size()));
    out.push_back(7);
    out.insert(out.end(), frame.begin(), frame.end());
  }
  write_file(directory, name, out);
}

// Fragments without frames: see decode_fuzz.cpp.
void write_pieces(const std::string& directory, const std::string& name, const std::vector<Frame>& pieces) {
  constexpr std::uint8_t kPieces = 16;
  Frame out = {0, kPieces};
  for (const Frame& piece : pieces) out.insert(out.end(), piece.begin(), piece.end());
  write_file(directory, name, out);
}

PacketBuilder eth4() {
  return PacketBuilder().eth().ipv4("10.0.0.1", "10.0.0.2");
}
PacketBuilder eth6() {
  return PacketBuilder().eth().ipv6("fd00::1", "fd00::2");
}
Frame in4(PacketBuilder b) {
  return b.ipv4("10.1.0.1", "10.1.0.2").tcp().payload("GET").build();
}
Frame in6(PacketBuilder b) {
  return b.ipv6("fd01::1", "fd01::2").udp(5, 53).payload("q").build();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string dir = argv[1];
  const Frame v4 = in4({}), v6 = in6({});
  const std::vector<std::pair<const char*, Frame>> ethernet = {
      {"tcp", in4(PacketBuilder().eth())},
      {"syn", eth4().tcp({.flags = 2, .options = {2, 4, 5, 180, 1, 3, 3, 7}}).build()},
      {"udp6", in6(PacketBuilder().eth())},
      {"icmp", eth4().icmp(8, 0).payload("ping").build()},
      {"icmp6", eth6().icmp(128, 0).payload("ping").build()},
      {"sctp", eth4().sctp(1, 2).payload("chunk").build()},
      {"qinq", in4(PacketBuilder().eth().vlan(5, 0x88a8).vlan(6))},
      {"snap", in4(PacketBuilder().eth_802_3().llc_snap())},
      {"sap6", PacketBuilder().eth_802_3().raw({6, 6, 3}, Layer::llc).raw(v4).build()},
      {"pppoe", in4(PacketBuilder().eth().pppoe().ppp())},
      {"mpls", in4(PacketBuilder().eth().mpls(1).mpls(2))},
      {"pseudo_wire",
       PacketBuilder().eth().mpls(1).pseudo_wire_control_word().raw(in4(PacketBuilder().eth())).build()},
      {"pseudo_wire_bare", PacketBuilder().eth().mpls(1).raw(in4(PacketBuilder().eth())).build()},
      {"extensions", eth6().extension(0).extension(43, 2).extension(60).extension(51, 4).tcp().build()},
      {"options", PacketBuilder().eth().ipv4("10.0.0.1", "10.0.0.2", {.options = Frame(8, 1)}).tcp().build()},
      {"offload", PacketBuilder()
                      .eth()
                      .ipv4("10.0.0.1", "10.0.0.2", {.total_length_0 = true})
                      .tcp()
                      .payload(99)
                      .build()},
      {"vxlan", in4(eth4().vxlan(5).eth())},
      {"vxlan_gpe", in6(eth4().udp(1, 4789).raw({12, 0, 0, 2, 0, 0, 1, 0}, Layer::vxlan))},
      {"geneve", in6(eth4().geneve(5, Frame(8, 1)).eth())},
      {"gre", in4(eth4().gre({.checksum = true, .has_key = true, .has_sequence = true}))},
      {"gre_teb", in4(eth6().gre().eth())},
      {"pptp",
       in4(eth4().raw({0x30, 0x81, 0x88, 0x0b, 0, 30, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2}, Layer::gre).ppp())},
      {"erspan1", in4(eth4().erspan_1().eth())},
      {"erspan2", in4(eth4().erspan_2(5).eth())},
      {"erspan3", in4(eth4().erspan_3(5, true).eth())},
      {"erspan3_ip", in4(eth4().erspan_3(5, false, 2))},
      {"ipip", in6(eth4())},
      {"ip6ip6", in4(eth6())},
      {"teredo", in6(eth4().teredo(true, true))},
      {"gtp", in4(eth4().gtp(5, true, 2))},
      {"arp", PacketBuilder().eth(0x0806).payload(28).build()},
  };
  for (const auto& [name, frame] : ethernet) write(dir, name, 0, {frame, frame});
  write(dir, "tcp_cut", 0, {ethernet[0].second}, 5);
  write(dir, "gre_closed", 0, {in4(eth4().gre())}, 2);
  const PacketBuilder long4 =
      PacketBuilder().eth().ipv4("10.0.0.1", "10.0.0.2").vxlan(3).raw(in4(PacketBuilder().eth()));
  const PacketBuilder long6 = eth6().udp(1, 2).payload(200);
  std::vector<Frame> pieces = fragments_of(long4.build(), 14, 24);
  pieces.insert(pieces.begin() + 1, pieces[1]);
  pieces.push_back(pieces[0]);
  write(dir, "fragments4", 0, pieces);
  // Each fragment for 128 datagrams: more than are remembered, more bytes than are held.
  std::vector<Frame> many, large;
  const Frame datagram = PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload(8).build();
  for (std::uint32_t id = 0; id < 10; ++id) {
    pieces = fragments_of(datagram, 0, 8, id);
    many.push_back(pieces.front());
    if (id == 0) many.push_back(pieces.back());
    pieces.back()[6] = 0x1f;  // near the end of the longest datagram
    pieces.back()[7] = 0xf0;
    if (id < 2) large.push_back(pieces.back());
  }
  write(dir, "fragments_many", 3, many, 0x88);
  write(dir, "fragments_large", 3, large, 0x88);
  pieces = fragments_of(long4.build(), 14, 24);
  write(dir, "fragments_cut", 0, pieces, 4);
  Frame overlapping = pieces[1];
  overlapping.back() ^= 0xff;
  pieces.insert(pieces.begin() + 2, overlapping);
  write(dir, "fragments_overlap", 0, pieces);
  constexpr std::uint8_t kMore = 16, kPause = 12, kOther = 64, kNetwork = 128;
  write_pieces(dir, "pieces_in_order", {{kMore, 0, 1, 0}, {kMore, 2, 0, 0}, {0, 3, 0, 3}});
  write_pieces(dir, "pieces_every_second",
               {{0, 6, 0, 0},
                {kMore, 4, 0, 0},
                {kMore, 0, 0, 0},
                {kMore, 2, 0, 0},
                {kMore, 1, 0, 0},
                {kMore, 5, 0, 0},
                {kMore, 3, 0, 0},
                {0, 6, 0, 0}});
  write_pieces(dir, "pieces_overlap", {{kMore, 2, 3, 0}, {kMore | kOther, 0, 3, 0}, {kOther, 5, 3, 0}});
  write_pieces(dir, "pieces_late",
               {{kMore, 0, 0, 0}, {kMore | kPause, 1, 0, 0}, {kPause, 2, 0, 0}, {kMore, 0, 1, 0}});
  write_pieces(
      dir, "pieces_networks",
      {{kMore, 0, 1, 0}, {kMore | kNetwork | kOther, 0, 1, 0}, {kNetwork | kOther, 2, 0, 0}, {0, 2, 0, 0}});
  std::vector<Frame> networks;
  for (const std::size_t i : {0u, 1u})
    for (const std::uint32_t vni : {3u, 4u})
      networks.push_back(eth4().vxlan(vni).raw(fragments_of(long6.build(), 14, 160)[i], Layer::eth).build());
  write(dir, "fragments_networks", 0, networks);
  pieces = fragments_of(long6.build(), 14, 64);
  std::swap(pieces.front(), pieces.back());
  write(dir, "fragments6", 0, pieces);
  write(dir, "cooked1", 1, {cooked_v1(v4, 0x0800)});
  write(dir, "cooked1_llc", 1, {cooked_v1(in4(PacketBuilder().llc_snap()), 4)});
  write(dir, "cooked2", 2, {cooked_v2(v6, 0x86dd)});
  write(dir, "cooked2_llc", 2, {cooked_v2(in4(PacketBuilder().llc_snap()), 4)});
  write(dir, "raw", 3, {v4, v6});
  write(dir, "loopback", 4, {loopback(v4, 2, false), loopback(v6, 30, true)});
  write(dir, "nflog", 5, {nflog(v4, 2), nflog(v6, 10, true)});
  write(dir, "ppp", 6,
        {in4(PacketBuilder().ppp(true)), in6(PacketBuilder().ppp(false, true)),
         in4(PacketBuilder().ppp().mpls(3))});
  write(dir, "no_link", 7, {v4});
  return failures == 0 ? 0 : 1;
}
