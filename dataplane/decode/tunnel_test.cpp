#include <functional>

#include "core/slab.h"
#include "decode/decode_test_support.h"
#include "decode/fragments.h"

namespace spanlight {
namespace {

using namespace test;

constexpr const char* kOutA = "192.168.0.1";
constexpr const char* kOutB = "192.168.0.2";
constexpr const char* kOutA6 = "fd00::1";
constexpr const char* kOutB6 = "fd00::2";

PacketBuilder outer() {
  return PacketBuilder().eth().ipv4(kOutA, kOutB);
}
PacketBuilder outer6() {
  return PacketBuilder().eth().ipv6(kOutA6, kOutB6);
}
PacketBuilder& inner(PacketBuilder& b) {
  return b.ipv4("10.0.0.1", "10.0.0.2").tcp().payload("GET");
}
PacketBuilder& inner6(PacketBuilder& b) {
  return b.ipv6("2001:db8::1", "2001:db8::2").tcp().payload("GET");
}

struct TunnelCase {
  const char* name;
  PacketBuilder builder;
  Tunnel tunnel;
  std::uint32_t id = 0;
  bool in_key = false;      // the tunnel's identity belongs to the flow
  bool falls_back = false;  // cut short it is still a UDP datagram
  std::string flow = kFlow4;
};

std::vector<TunnelCase> cases() {
  PacketBuilder vxlan = outer().vxlan(0x123456).eth(), vxlan6 = outer6().vxlan(7).eth().vlan(5);
  PacketBuilder gpe4 = outer().udp(1, 4789).raw({0x0c, 0, 0, 1, 0, 0, 9, 0}, Layer::vxlan);
  PacketBuilder gpe6 = outer().udp(1, 4789).raw({0x0c, 0, 0, 2, 0, 0, 9, 0}, Layer::vxlan);
  PacketBuilder gpe_eth = outer().udp(1, 8472).raw({0x0c, 0, 0, 3, 0, 0, 9, 0}, Layer::vxlan).eth();
  PacketBuilder gpe_mpls = outer().udp(1, 4789).raw({0x0c, 0, 0, 5, 0, 0, 9, 0}, Layer::vxlan).mpls(16);
  PacketBuilder geneve = outer().geneve(99).eth();
  PacketBuilder geneve_options = outer6().geneve(99, Frame(24, 1));
  PacketBuilder gre = outer().gre(),
                gre_all = outer().gre({.checksum = true, .has_key = true, .key = 77, .has_sequence = true});
  PacketBuilder gre6 = outer6().gre(), gre_teb = outer().gre({.has_key = true, .key = 5}).eth(),
                gre_mpls = outer().gre().mpls(20);
  PacketBuilder pptp =
      outer().raw({0x30, 0x81, 0x88, 0x0b, 0, 30, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2}, Layer::gre).ppp();
  PacketBuilder erspan1 = outer().erspan_1().eth(), erspan2 = outer().erspan_2(321).eth().vlan(6);
  PacketBuilder erspan3 = outer().erspan_3(322).eth(), erspan3_sub = outer().erspan_3(322, true).eth();
  PacketBuilder erspan3_ip = outer().erspan_3(1, false, 2);
  PacketBuilder in44 = outer(), in64 = outer(), in46 = outer6(), in66 = outer6(),
                mpls_in_ip = outer().mpls(16);
  PacketBuilder teredo = outer().teredo(), teredo_all = outer().teredo(true, true);
  PacketBuilder gtp = outer().gtp(0xabcdef01), gtp_seq = outer().gtp(2, true),
                gtp_ext = outer6().gtp(3, true, 2);
  PacketBuilder nested =
      outer().vxlan(1).eth().ipv4("172.16.0.1", "172.16.0.2").gre({.has_key = true, .key = 8}).eth();
  PacketBuilder mirrored = outer().erspan_2(4).eth().ipv4("172.16.0.1", "172.16.0.2").vxlan(11).eth();
  return {
      {"vxlan", inner(vxlan), Tunnel::vxlan, 0x123456, true, true},
      {"vxlan over ipv6, tagged inside", inner6(vxlan6), Tunnel::vxlan, 7, true, true, kFlow6},
      {"vxlan gpe ipv4", inner(gpe4), Tunnel::vxlan, 9, true, true},
      {"vxlan gpe ipv6", inner6(gpe6), Tunnel::vxlan, 9, true, true, kFlow6},
      {"vxlan gpe ethernet", inner(gpe_eth), Tunnel::vxlan, 9, true, true},
      {"vxlan gpe mpls", inner(gpe_mpls), Tunnel::vxlan, 9, true, true},
      {"geneve", inner(geneve), Tunnel::geneve, 99, true, true},
      {"geneve with options, bare ip", inner(geneve_options), Tunnel::geneve, 99, true, true},
      {"gre", inner(gre), Tunnel::gre},
      {"gre checksum, key, sequence", inner6(gre_all), Tunnel::gre, 77, false, false, kFlow6},
      {"gre over ipv6", inner(gre6), Tunnel::gre},
      {"gre ethernet", inner(gre_teb), Tunnel::gre, 5},
      {"gre mpls", inner(gre_mpls), Tunnel::gre},
      {"gre version 1 with ppp", inner(pptp), Tunnel::gre, 1},
      {"erspan 1", inner(erspan1), Tunnel::erspan},
      {"erspan 2", inner(erspan2), Tunnel::erspan, 321},
      {"erspan 3", inner(erspan3), Tunnel::erspan, 322},
      {"erspan 3 with subheader", inner(erspan3_sub), Tunnel::erspan, 322},
      {"erspan 3 of ip", inner(erspan3_ip), Tunnel::erspan, 1},
      {"4in4", inner(in44), Tunnel::ipip},
      {"6in4", inner6(in64), Tunnel::ipip, 0, false, false, kFlow6},
      {"4in6", inner(in46), Tunnel::ipip},
      {"6in6", inner6(in66), Tunnel::ipip, 0, false, false, kFlow6},
      {"mpls in ip", inner(mpls_in_ip), Tunnel::none},
      {"teredo", inner6(teredo), Tunnel::teredo, 0, false, true, kFlow6},
      {"teredo with authentication and origin", inner6(teredo_all), Tunnel::teredo, 0, false, true, kFlow6},
      {"gtp", inner(gtp), Tunnel::gtp, 0xabcdef01, false, true},
      {"gtp with sequence", inner(gtp_seq), Tunnel::gtp, 2, false, true},
      {"gtp with extension headers", inner(gtp_ext), Tunnel::gtp, 3, false, true},
      {"gre in vxlan", inner(nested), Tunnel::gre, 8, true, true},
      {"vxlan in erspan", inner(mirrored), Tunnel::vxlan, 11, true, true},
  };
}

TEST(Tunnels, the_inner_flow_is_found) {
  for (const TunnelCase& c : cases()) {
    SCOPED_TRACE(c.name);
    const Frame frame = c.builder.build();
    const Decoded d = decode_frame(frame);
    ASSERT_EQ(d.result, DecodeResult::ok);
    EXPECT_EQ(flow_of(d.packet), c.flow);
    EXPECT_EQ(payload_of(frame, d.packet), "GET");
    EXPECT_EQ(d.packet.tunnel, c.tunnel);
    EXPECT_EQ(d.packet.tunnel_id, c.id);
    EXPECT_EQ(d.packet.key.tunnel != Tunnel::none, c.in_key);
    EXPECT_EQ(d.packet.has_ip_id, c.flow == kFlow4);
  }
}

// Never lost, never worse than `truncated`: a cut UDP tunnel is its outer datagram, other tunnels are
// truncated.
TEST(Tunnels, every_strict_prefix) {
  for (const TunnelCase& c : cases()) {
    SCOPED_TRACE(c.name);
    const Frame frame = c.builder.build();
    for (std::size_t n = 0; n < frame.size() - 3; ++n) {
      const Decoded d = decode_frame(Frame(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(n)),
                                     LinkType::ethernet, {}, static_cast<std::uint32_t>(frame.size()));
      if (d.result == DecodeResult::ok) {
        EXPECT_TRUE(c.falls_back) << "prefix " << n;
        EXPECT_EQ(d.packet.key.protocol, 17) << "prefix " << n;
        EXPECT_GT(d.packet.payload_wire_bytes, d.packet.payload_bytes) << "prefix " << n;
      } else {
        EXPECT_EQ(d.result, DecodeResult::truncated) << "prefix " << n;
      }
    }
  }
}

TEST(Tunnels, not_looked_into_when_not_wanted) {
  const DecodeOptions outside = {.decapsulate = false};
  for (const TunnelCase& c : cases()) {
    SCOPED_TRACE(c.name);
    const Decoded d = decode_frame(c.builder.build(), LinkType::ethernet, outside);
    EXPECT_EQ(d.packet.tunnel, Tunnel::none);
    if (d.result == DecodeResult::ok) {
      EXPECT_EQ(d.packet.key.protocol, 17);
    } else {
      EXPECT_EQ(d.result, DecodeResult::other_transport);
    }
  }
}

TEST(Tunnels, a_datagram_that_only_looks_like_one_stays_what_it_is) {
  struct Looks {
    const char* name;
    std::uint16_t src, dst;
    Frame payload;
  };
  const auto bytes_of = [](const PacketBuilder& b) { return b.build(); };
  const Frame v6 = bytes_of(PacketBuilder().ipv6("::1", "::2").tcp());
  Frame v6_long = v6;
  v6_long[5] = 200;  // claims more than the datagram holds
  Frame many_extensions = {0x34, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x85};
  for (int i = 0; i < 40; ++i) many_extensions.insert(many_extensions.end(), {1, 0, 0, 0x85});
  const Looks table[] = {
      {"vxlan port, empty", 1, 4789, {}},
      {"vxlan port, no vni flag", 1, 4789, Frame(60, 0)},
      {"vxlan with arp inside", 1, 4789,
       bytes_of(PacketBuilder().raw({8, 0, 0, 0, 0, 0, 1, 0}).eth(0x0806).payload(28, '\0'))},
      {"vxlan with a broken ip inside", 1, 8472,
       bytes_of(PacketBuilder().raw({8, 0, 0, 0, 0, 0, 1, 0}).eth(0x0800).payload(40, '\0'))},
      {"vxlan gpe of service headers", 1, 4789, {12, 0, 0, 4, 0, 0, 1, 0, 1, 2, 3, 4}},
      {"geneve version", 1, 6081, Frame(60, 0x40)},
      {"geneve options too long", 1, 6081, {0x3f, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 1, 1, 1}},
      {"geneve of nothing known", 1, 6081, {0, 0, 0x12, 0x34, 0, 0, 1, 0, 1, 1, 1, 1}},
      {"gtp echo", 2152, 2152, {0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0}},
      {"gtp prime", 1, 2152, {0x20, 0xff, 0, 4, 0, 0, 0, 0, 0x45, 1, 0, 0}},
      {"gtp short", 1, 2152, {0x30, 0xff, 0}},
      {"gtp optional part missing", 1, 2152, {0x32, 0xff, 0, 0, 0, 0, 0, 1}},
      {"gtp extension of length 0", 1, 2152, {0x34, 0xff, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0x85, 0, 0, 0, 0}},
      {"gtp extension too long", 1, 2152, {0x34, 0xff, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0x85, 9, 0, 0, 0}},
      {"gtp extensions without end", 1, 2152, many_extensions},
      {"teredo bubble", 3544, 1, bytes_of(PacketBuilder().ipv6("::1", "::2"))},
      {"teredo too long", 1, 3544, v6_long},
      {"teredo of text", 3544, 1, Frame(60, 'x')},
      {"teredo short", 3544, 1, {0}},
      {"teredo authentication cut", 3544, 1, {0, 1}},
      {"teredo authentication cut in its values", 3544, 1, {0, 1, 9, 9, 1}},
      {"teredo origin cut", 3544, 1, {0, 0, 1}},
      {"teredo with ospf inside", 3544, 1,
       bytes_of(PacketBuilder().ipv6("::1", "::2", {.next_header = 89}).payload(8))},
  };
  for (const Looks& l : table) {
    SCOPED_TRACE(l.name);
    const Frame frame = outer().udp(l.src, l.dst).raw(l.payload).build();
    const Decoded d = decode_frame(frame);
    ASSERT_EQ(d.result, DecodeResult::ok);
    EXPECT_EQ(flow_of(d.packet), "192.168.0.1:" + std::to_string(l.src) +
                                     " > 192.168.0.2:" + std::to_string(l.dst) + " proto 17");
    EXPECT_EQ(payload_of(frame, d.packet), as_text(l.payload));
    EXPECT_EQ(d.packet.tunnel, Tunnel::none);
    EXPECT_EQ(d.packet.key.tunnel, Tunnel::none);
    EXPECT_EQ(d.packet.key.tunnel_id, 0U);
    EXPECT_EQ(d.packet.vlan_count, 0);
  }
}

TEST(Tunnels, what_is_wrong_has_its_cause) {
  struct Bad {
    const char* name;
    Frame frame;
    DecodeResult result;
  };
  PacketBuilder deep = outer(), deepest = outer();
  for (unsigned i = 0; i + 1 < kHeadersMax; ++i) deep.ipv4(kOutA, kOutB);
  for (unsigned i = 0; i < kHeadersMax; ++i) deepest.ipv4(kOutA, kOutB);
  using enum DecodeResult;
  const Bad table[] = {
      {"gre version 2", outer().raw({0, 2, 8, 0}, Layer::gre).build(), bad_transport},
      {"gre source route", outer().raw({0x40, 0, 8, 0, 0, 0, 0, 0}, Layer::gre).build(), other_transport},
      {"gre of nothing known", outer().gre({.type = 0x1234}).payload(40).build(), not_ip},
      {"gre cut by ip's length", outer().raw({0x20, 0, 8, 0}, Layer::gre).build(), bad_transport},
      {"erspan 2 version", outer().gre({.has_sequence = true, .type = 0x88be}).payload(40, 0x30).build(),
       bad_link},
      {"erspan 3 version", outer().gre({.has_sequence = true, .type = 0x22eb}).payload(40, 0x10).build(),
       bad_link},
      {"erspan 3 of infiniband", outer().erspan_3(1, false, 5).payload(40).build(), not_ip},
      {"4in4 of no ipv4", outer().raw(Frame(20, 0x51), Layer::ipv4).build(), bad_ip},
      {"as deep as allowed", inner(deep).build(), ok},
      {"one deeper", inner(deepest).build(), too_many_headers},
  };
  for (const Bad& b : table) {
    SCOPED_TRACE(b.name);
    EXPECT_EQ(decode_frame(b.frame).result, b.result);
  }
}

// ERSPAN's truncated sessions: the outer lengths agree with what was sent, the inner ones with what was
// mirrored.
TEST(Tunnels, a_frame_that_the_mirror_cut) {
  PacketBuilder whole = PacketBuilder().eth().ipv4("10.0.0.1", "10.0.0.2").tcp().payload(1'000);
  Frame mirrored = whole.build();
  mirrored.resize(100);
  const Decoded d = decode_frame(outer().erspan_2(1).raw(mirrored, Layer::eth).build());
  ASSERT_EQ(d.result, DecodeResult::ok);
  EXPECT_EQ(d.packet.payload_wire_bytes, 1'000U);
  EXPECT_EQ(d.packet.payload_bytes, 100U - 54);
  mirrored.resize(40);
  EXPECT_EQ(decode_frame(outer().erspan_2(1).raw(mirrored, Layer::eth).build()).result,
            DecodeResult::truncated);
}

class Datagrams : public ::testing::Test {
 protected:
  // Feeds a frame through decode and reassembly as a worker does; the payload of what comes out, or the
  // result's number.
  std::string feed(const Frame& frame) {
    Packet packet;
    Fragment fragment;
    const auto bytes = static_cast<std::uint32_t>(frame.size());
    DecodeResult result = decode(frame, bytes, bytes, LinkType::ethernet, {}, packet, fragment);
    Bytes from = frame;
    while (result == DecodeResult::fragment) {
      Fragment first;
      const Bytes payload = from.subspan(fragment.payload_offset, fragment.payload_bytes);
      from = fragments_.add(fragment, payload, 1, first);
      if (from.empty()) return "waiting";
      result = decode_datagram(from, first, {}, packet, fragment);
    }
    packet_ = packet;
    if (result != DecodeResult::ok) return std::to_string(static_cast<int>(result));
    return std::string(as_text(from.subspan(packet.payload_offset, packet.payload_bytes)));
  }

  SlabPool slabs_{1 << 22};
  FragmentCounters counters_;
  FragmentReassembler fragments_{slabs_, counters_};
  Packet packet_;
};

TEST_F(Datagrams, a_tunnel_in_fragments_with_fragments_in_it) {
  const std::string text(300, 'y');
  const PacketBuilder in = PacketBuilder().eth().ipv4("10.0.0.1", "10.0.0.2").tcp().payload(text);
  std::vector<std::string> results;
  for (const Frame& piece : fragments_of(in.build(), 14, 160, 5)) {
    const PacketBuilder out =
        PacketBuilder().eth().vlan(9).ipv4(kOutA, kOutB).vxlan(44).raw(piece, Layer::eth);
    for (const Frame& part :
         fragments_of(out.build(), 18, 96, static_cast<std::uint32_t>(100 + results.size()))) {
      results.push_back(feed(part));
    }
  }
  ASSERT_GE(results.size(), 5U);
  for (std::size_t i = 0; i + 1 < results.size(); ++i) EXPECT_EQ(results[i], "waiting");
  EXPECT_EQ(results.back(), text);
  EXPECT_EQ(flow_of(packet_), kFlow4);
  EXPECT_EQ(packet_.key.tunnel, Tunnel::vxlan);
  EXPECT_EQ(packet_.key.tunnel_id, 44U);
  EXPECT_EQ(packet_.vlans[0], 9);
  EXPECT_EQ(packet_.payload_wire_bytes, 300U);
}

TEST_F(Datagrams, ipv6_with_an_extension_header_behind_the_fragment_header) {
  PacketBuilder in = PacketBuilder().eth().ipv6("2001:db8::1", "2001:db8::2");
  in.extension(60).tcp().payload(std::string(100, 'z'));
  std::string last;
  for (const Frame& piece : fragments_of(in.build(), 14, 64)) last = feed(piece);
  EXPECT_EQ(last, std::string(100, 'z'));
  EXPECT_EQ(flow_of(packet_), kFlow6);
}

// The same addresses and identification in each: what a network's copies of one set-up look like.
TEST_F(Datagrams, networks_do_not_mix) {
  const auto pieces_of = [](char letter) {
    return fragments_of(
        PacketBuilder().eth().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload(100, letter).build(), 14, 64);
  };
  const std::vector<Frame> x = pieces_of('x'), y = pieces_of('y'), z = pieces_of('z');
  const auto feed_in = [this](PacketBuilder network, const Frame& piece) {
    return feed(network.raw(piece, Layer::eth).build());
  };
  EXPECT_EQ(feed_in(outer().vxlan(1), x[0]), "waiting");
  EXPECT_EQ(feed_in(outer().vxlan(2), y[0]), "waiting");
  EXPECT_EQ(feed_in(outer().geneve(2), z[0]), "waiting");
  EXPECT_EQ(feed_in(outer().vxlan(2), y[1]), std::string(100, 'y'));
  EXPECT_EQ(packet_.key.tunnel_id, 2U);
  EXPECT_EQ(feed_in(outer().geneve(2), z[1]), std::string(100, 'z'));
  EXPECT_EQ(packet_.key.tunnel, Tunnel::geneve);
  EXPECT_EQ(feed_in(outer().vxlan(1), x[1]), std::string(100, 'x'));
  EXPECT_EQ(packet_.key.tunnel_id, 1U);
}

TEST_F(Datagrams, what_seemed_a_tunnel_falls_back_and_keeps_its_outside) {
  const PacketBuilder in = PacketBuilder()
                               .eth()
                               .vlan(4)
                               .ipv4(kOutA, kOutB)
                               .udp(1, 4789)
                               .raw({8, 0, 0, 0, 0, 0, 1, 0})
                               .payload(100);
  std::string last;
  for (const Frame& piece : fragments_of(in.build(), 18, 64)) last = feed(piece);
  EXPECT_EQ(last.size(), 108U);
  EXPECT_EQ(flow_of(packet_), "192.168.0.1:1 > 192.168.0.2:4789 proto 17");
  EXPECT_EQ(packet_.key.tunnel, Tunnel::none);
  EXPECT_EQ(packet_.vlans[0], 4);
}

TEST_F(Datagrams, what_contradicts_itself_has_its_cause) {
  const Frame bad = PacketBuilder().eth().ipv4(kOutA, kOutB, {.protocol = 6}).payload(100, 0).build();
  std::string last;
  for (const Frame& piece : fragments_of(bad, 14, 64)) last = feed(piece);
  EXPECT_EQ(last, std::to_string(static_cast<int>(DecodeResult::bad_transport)));
  // The short form tells of an inner fragment and nothing more.
  Packet packet;
  const Frame in =
      fragments_of(PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload(100).build(), 0, 64)[0];
  const Fragment first = {.src = packet_.key.ip[0], .dst = packet_.key.ip[1], .protocol = 4};
  EXPECT_EQ(decode_datagram(in, first, {}, packet), DecodeResult::fragment);
}

}  // namespace
}  // namespace spanlight
