// Links, IP and transports. Tunnels: tunnel_test.cpp.

#include <algorithm>
#include <random>
#include <tuple>

#include "decode/decode_test_support.h"
#include "decode/ip_protocol.h"

namespace spanlight {
namespace {

using namespace test;

constexpr const char* kA = "10.0.0.1";
constexpr const char* kB = "10.0.0.2";
constexpr const char* kA6 = "2001:db8::1";
constexpr const char* kB6 = "2001:db8::2";

PacketBuilder on_eth() {
  return PacketBuilder().eth();
}
PacketBuilder ip_tcp() {
  return PacketBuilder().ipv4(kA, kB).tcp().payload("GET");
}
PacketBuilder ip6_tcp() {
  return PacketBuilder().ipv6(kA6, kB6).tcp().payload("GET");
}

struct FrameCase {
  const char* name;
  Frame frame;
  LinkType link = LinkType::ethernet;
  std::string flow = kFlow4;
  std::vector<std::uint16_t> vlans = {};
};

// Each ends in TCP with the payload "GET".
std::vector<FrameCase> good_cases() {
  const auto tail4 = [](PacketBuilder b) { return b.ipv4(kA, kB).tcp().payload("GET").build(); };
  const auto tail6 = [](PacketBuilder b) { return b.ipv6(kA6, kB6).tcp().payload("GET").build(); };
  const Frame v4 = ip_tcp().build(), v6 = ip6_tcp().build();
  const auto cw = [](const Frame& inner) {
    return on_eth().mpls(16).pseudo_wire_control_word().raw(inner).build();
  };
  std::vector<FrameCase> cases = {
      {"ethernet ipv4", tail4(on_eth())},
      {"ethernet ipv6", tail6(on_eth()), LinkType::ethernet, kFlow6},
      {"vlan", tail4(on_eth().vlan(7)), LinkType::ethernet, kFlow4, {7}},
      {"priority tag", tail4(on_eth().vlan(0, 0x8100, 5))},
      {"qinq 88a8", tail4(on_eth().vlan(100, 0x88a8).vlan(7)), LinkType::ethernet, kFlow4, {100, 7}},
      {"qinq 9100", tail6(on_eth().vlan(100, 0x9100).vlan(7)), LinkType::ethernet, kFlow6, {100, 7}},
      {"five tags, four kept",
       tail4(on_eth().vlan(1).vlan(2).vlan(3).vlan(4).vlan(5)),
       LinkType::ethernet,
       kFlow4,
       {1, 2, 3, 4}},
      {"802.3 snap", tail4(PacketBuilder().eth_802_3().llc_snap())},
      {"vlan with 802.3 snap", tail4(on_eth().vlan(9).llc_snap()), LinkType::ethernet, kFlow4, {9}},
      {"802.3 with ip's own sap", PacketBuilder().eth_802_3().raw({6, 6, 3}, Layer::llc).raw(v4).build()},
      {"mpls", tail4(on_eth().mpls(16))},
      {"mpls stack ipv6", tail6(on_eth().mpls(16).mpls(17).mpls(2)), LinkType::ethernet, kFlow6},
      {"mpls pseudo-wire, control word", cw(tail4(on_eth()))},
      {"mpls pseudo-wire, no control word", on_eth().mpls(16).raw(tail4(on_eth())).build()},
      {"pppoe", tail4(on_eth().pppoe().ppp())},
      {"pppoe ipv6", tail6(on_eth().vlan(3).pppoe().ppp()), LinkType::ethernet, kFlow6, {3}},
      {"ppp", tail4(PacketBuilder().ppp()), LinkType::ppp},
      {"ppp, address and control", tail4(PacketBuilder().ppp(true)), LinkType::ppp},
      {"ppp, short protocol", tail6(PacketBuilder().ppp(false, true)), LinkType::ppp, kFlow6},
      {"ppp, all short", tail4(PacketBuilder().ppp(true, true)), LinkType::ppp},
      {"ppp mpls", tail4(PacketBuilder().ppp().mpls(16)), LinkType::ppp},
      {"raw ipv4", v4, LinkType::raw_ip},
      {"raw ipv6", v6, LinkType::raw_ip, kFlow6},
      {"cooked v1", cooked_v1(v4, 0x0800), LinkType::linux_cooked_v1},
      {"cooked v1 vlan",
       cooked_v1(PacketBuilder().raw({0, 9, 0x08, 0}).raw(v4).build(), 0x8100),
       LinkType::linux_cooked_v1,
       kFlow4,
       {9}},
      {"cooked v1 llc", cooked_v1(PacketBuilder().llc_snap().ipv4(kA, kB).tcp().payload("GET").build(), 4),
       LinkType::linux_cooked_v1},
      {"cooked v2", cooked_v2(v6, 0x86dd), LinkType::linux_cooked_v2, kFlow6},
      {"cooked v2 llc", cooked_v2(PacketBuilder().llc_snap().ipv4(kA, kB).tcp().payload("GET").build(), 4),
       LinkType::linux_cooked_v2},
      {"loopback little", loopback(v4, 2, false), LinkType::null_loopback},
      {"loopback big", loopback(v4, 2, true), LinkType::null_loopback},
      {"nflog", nflog(v4, 2), LinkType::nflog},
      {"nflog big-endian ipv6", nflog(v6, 10, true), LinkType::nflog, kFlow6},
      {"ipv4 options", on_eth().ipv4(kA, kB, {.options = Frame(12, 1)}).tcp().payload("GET").build()},
      {"ipv4 total length 0", on_eth().ipv4(kA, kB, {.total_length_0 = true}).tcp().payload("GET").build()},
      {"ipv6 payload length 0",
       on_eth().ipv6(kA6, kB6, {.payload_length_0 = true}).tcp().payload("GET").build(), LinkType::ethernet,
       kFlow6},
      {"ipv4 authentication header", on_eth().ipv4(kA, kB).extension(51, 4).tcp().payload("GET").build()},
      {"ipv6 jumbo option",
       on_eth().ipv6(kA6, kB6, {.payload_length_0 = true}).extension(0).tcp().payload("GET").build(),
       LinkType::ethernet, kFlow6},
      {"ipv6 all extension headers",
       on_eth()
           .ipv6(kA6, kB6)
           .extension(0)
           .extension(60, 2)
           .extension(43, 3)
           .extension(51, 4)
           .extension(60)
           .extension(135)
           .tcp()
           .payload("GET")
           .build(),
       LinkType::ethernet, kFlow6},
      {"ipv6 atomic fragment",
       on_eth().ipv6(kA6, kB6).fragment_header(9, 0, false).tcp().payload("GET").build(), LinkType::ethernet,
       kFlow6},
      {"tcp options", on_eth().ipv4(kA, kB).tcp({.options = Frame(40, 1)}).payload("GET").build()},
  };
  for (const std::uint32_t family : {10U, 24U, 28U, 30U}) {
    cases.push_back({"loopback ipv6", loopback(v6, family, false), LinkType::null_loopback, kFlow6});
    cases.push_back({"loopback ipv6 big", loopback(v6, family, true), LinkType::null_loopback, kFlow6});
  }
  return cases;
}

TEST(Decode, finds_the_flow_and_the_payload) {
  for (const FrameCase& c : good_cases()) {
    SCOPED_TRACE(c.name);
    const Decoded d = decode_frame(c.frame, c.link);
    ASSERT_EQ(d.result, DecodeResult::ok);
    EXPECT_EQ(flow_of(d.packet), c.flow);
    EXPECT_EQ(payload_of(c.frame, d.packet), "GET");
    EXPECT_EQ(d.packet.payload_wire_bytes, 3U);
    EXPECT_EQ(d.packet.frame_bytes, c.frame.size());
    EXPECT_EQ(d.packet.seq, 1U);
    EXPECT_EQ(d.packet.ttl, 64);
    EXPECT_EQ(d.packet.has_ip_id, c.flow == kFlow4);
    EXPECT_EQ(d.packet.tunnel, Tunnel::none);
    EXPECT_EQ(std::vector<std::uint16_t>(d.packet.vlans, d.packet.vlans + d.packet.vlan_count), c.vlans);
  }
}

TEST(Decode, every_strict_prefix_of_the_headers_is_truncated) {
  for (const FrameCase& c : good_cases()) {
    SCOPED_TRACE(c.name);
    const auto wire = static_cast<std::uint32_t>(c.frame.size());
    for (std::uint32_t n = 0; n < wire; ++n) {
      const Frame cut(c.frame.begin(), c.frame.begin() + n);
      for (const std::uint32_t told :
           {wire, std::max(n, 1U)}) {  // with and without the true length on the wire
        const Decoded d = decode_frame(cut, c.link, {}, told);
        if (n < wire - 3) {
          EXPECT_EQ(d.result, DecodeResult::truncated) << "prefix " << n;
        } else {
          EXPECT_EQ(d.result, DecodeResult::ok) << "prefix " << n;
          EXPECT_EQ(d.packet.payload_bytes, n - (wire - 3)) << "prefix " << n;
        }
      }
    }
  }
}

TEST(Decode, what_the_capture_cut_off_is_claimed_and_not_there) {
  Frame frame = on_eth().ipv4(kA, kB).tcp().payload(1'000).build();
  frame.resize(154);
  const Decoded d = decode_frame(frame, LinkType::ethernet, {}, 1'054);
  ASSERT_EQ(d.result, DecodeResult::ok);
  EXPECT_EQ(d.packet.payload_wire_bytes, 1'000U);
  EXPECT_EQ(d.packet.payload_bytes, 100U);
}

TEST(Decode, padding_is_not_payload) {
  for (Frame frame : {on_eth().ipv4(kA, kB).tcp().build(), on_eth().ipv6(kA6, kB6).tcp().build()}) {
    frame.resize(frame.size() + 6, 0xee);
    const Decoded d = decode_frame(frame);
    ASSERT_EQ(d.result, DecodeResult::ok);
    EXPECT_EQ(d.packet.payload_bytes, 0U);
    EXPECT_EQ(d.packet.payload_wire_bytes, 0U);
  }
  Frame udp = on_eth().ipv4(kA, kB).udp(1, 2).payload("hi").build();
  udp.resize(60, 0xee);
  EXPECT_EQ(decode_frame(udp).packet.payload_bytes, 2U);
}

TEST(Decode, segmentation_offload_of_64_KiB) {
  const Frame frame = on_eth().ipv4(kA, kB, {.total_length_0 = true}).tcp().payload(70'000).build();
  const Decoded d = decode_frame(frame);
  ASSERT_EQ(d.result, DecodeResult::ok);
  EXPECT_EQ(d.packet.payload_wire_bytes, 70'000U);
  // The head alone is enough.
  Packet packet;
  Fragment fragment;
  const auto bytes = static_cast<std::uint32_t>(frame.size());
  ASSERT_EQ(decode(Bytes(frame).first(kHeadBytesMax), bytes, bytes, LinkType::ethernet, {}, packet, fragment),
            DecodeResult::ok);
  EXPECT_EQ(packet.payload_bytes, 70'000U);
}

TEST(Decode, transports) {
  const Frame udp = on_eth().ipv4(kA, kB).udp(5353, 53).payload("q").build();
  Decoded d = decode_frame(udp);
  ASSERT_EQ(d.result, DecodeResult::ok);
  EXPECT_EQ(flow_of(d.packet), "10.0.0.1:5353 > 10.0.0.2:53 proto 17");
  EXPECT_EQ(payload_of(udp, d.packet), "q");
  EXPECT_NE(d.packet.checksum, 0);

  Frame zero_length = on_eth().ipv6(kA6, kB6).udp(5353, 53).payload("jumbo").build();
  zero_length[14 + 40 + 4] = zero_length[14 + 40 + 5] = 0;
  d = decode_frame(zero_length);
  ASSERT_EQ(d.result, DecodeResult::ok);
  EXPECT_EQ(payload_of(zero_length, d.packet), "jumbo");

  const Frame ping = on_eth().ipv4(kB, kA).icmp(8, 3).payload("abcd").build();
  d = decode_frame(ping);
  ASSERT_EQ(d.result, DecodeResult::ok);
  EXPECT_EQ(flow_of(d.packet), "10.0.0.2:0 > 10.0.0.1:0 proto 1");
  EXPECT_EQ(d.packet.sender, 1);
  EXPECT_EQ(d.packet.icmp_type, 8);
  EXPECT_EQ(d.packet.icmp_code, 3);
  EXPECT_EQ(payload_of(ping, d.packet), "abcd");

  d = decode_frame(on_eth().ipv6(kA6, kB6).icmp(128, 0).build());
  ASSERT_EQ(d.result, DecodeResult::ok);
  EXPECT_EQ(d.packet.key.protocol, 58);

  d = decode_frame(on_eth().ipv4(kA, kB).sctp(2905, 2906).payload("chunk").build());
  ASSERT_EQ(d.result, DecodeResult::ok);
  EXPECT_EQ(flow_of(d.packet), "10.0.0.1:2905 > 10.0.0.2:2906 proto 132");
  EXPECT_EQ(d.packet.payload_bytes, 5U);
  EXPECT_EQ(d.packet.checksum, 0xa1b2 ^ 0xc3d4);
}

TEST(Decode, syn_options) {
  struct Options {
    const char* name;
    Frame bytes;
    std::uint8_t flags;
    std::uint16_t mss;
    std::uint8_t scale;
  };
  constexpr std::uint8_t kSyn = tcp_flag::syn;
  const Options table[] = {
      {"usual", {2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7}, kSyn, 1460, 7},
      {"none", {}, kSyn, 0, 255},
      {"not a syn", {2, 4, 5, 180}, tcp_flag::ack, 0, 255},
      {"end of list", {0, 4, 2, 4, 5, 180, 0, 0}, kSyn, 0, 255},
      {"scale beyond 14", {3, 3, 99, 0}, kSyn, 0, 14},
      {"length 0 ends the list", {3, 3, 2, 5, 0, 0, 0, 0}, kSyn, 0, 2},
      {"longer than the header", {3, 3, 2, 2, 40, 5, 180, 0}, kSyn, 0, 2},
      {"kind without a length", {3, 3, 2, 1, 1, 1, 1, 2}, kSyn, 0, 2},
      {"mss of a wrong length", {2, 3, 5, 0}, kSyn, 0, 255},
  };
  for (const Options& o : table) {
    SCOPED_TRACE(o.name);
    const Decoded d = decode_frame(on_eth().ipv4(kA, kB).tcp({.flags = o.flags, .options = o.bytes}).build());
    ASSERT_EQ(d.result, DecodeResult::ok);
    EXPECT_EQ(d.packet.mss, o.mss);
    EXPECT_EQ(d.packet.window_scale, o.scale);
  }
}

Frame patched(const PacketBuilder& b, std::size_t layer, std::size_t at, std::uint8_t value) {
  Frame f = b.build();
  f[b.offset_of(layer) + at] = value;
  return f;
}

TEST(Decode, what_is_wrong_has_its_cause) {
  struct Bad {
    const char* name;
    Frame frame;
    DecodeResult result;
    LinkType link = LinkType::ethernet;
  };
  PacketBuilder tags = on_eth(), tags_ok = on_eth();
  for (unsigned i = 0; i < kHeadersMax; ++i) tags_ok.vlan(1);
  for (unsigned i = 0; i <= kHeadersMax; ++i) tags.vlan(1);
  const auto tcp4 = [] { return on_eth().ipv4(kA, kB).tcp().payload("GET"); };
  PacketBuilder long_headers = on_eth().ipv6(kA6, kB6);
  long_headers.extension(0, 60).tcp();
  Frame attributes = {2, 0, 0, 0};
  for (int i = 0; i < 33; ++i) attributes.insert(attributes.end(), {4, 0, 1, 0});
  const Frame v4 = ip_tcp().build();
  using enum DecodeResult;
  const Bad table[] = {
      {"arp", on_eth().raw(Frame(46)).build(), not_ip},
      {"as many tags as allowed", tags_ok.ipv4(kA, kB).tcp().build(), ok},
      {"one tag more", tags.ipv4(kA, kB).tcp().build(), too_many_headers},
      {"type between length and type", PacketBuilder().eth(0x05ff).raw(Frame(46)).build(), bad_link},
      {"spanning tree", PacketBuilder().eth_802_3().raw({0x42, 0x42, 3, 0, 0, 0, 0, 0}).build(), not_ip},
      {"llc information frame", PacketBuilder().eth_802_3().raw({0xaa, 0xaa, 0, 0, 0, 0, 8, 0}).build(),
       not_ip},
      {"llc of another sap", PacketBuilder().eth_802_3().raw({0xf0, 0xf0, 3, 0}).build(), not_ip},
      {"snap of a vendor", PacketBuilder().eth_802_3().raw({0xaa, 0xaa, 3, 0, 0, 12, 0x20, 0}).build(),
       not_ip},
      {"802.3 length too short for llc", PacketBuilder().eth(2).raw(Frame(46, 0xaa)).build(), bad_link},
      {"802.3 length too short for snap",
       PacketBuilder().eth(5).raw({0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0}).build(), bad_link},
      {"pppoe version", patched(on_eth().pppoe().ppp().ipv4(kA, kB).tcp(), 1, 0, 0x21), bad_link},
      {"pppoe discovery code", patched(on_eth().pppoe().ppp().ipv4(kA, kB).tcp(), 1, 1, 9), not_ip},
      {"pppoe length too short", patched(on_eth().pppoe().ppp().ipv4(kA, kB).tcp(), 1, 5, 3), bad_ip},
      {"ppp lcp", PacketBuilder().raw({0xff, 3, 0xc0, 0x21, 1, 1}).build(), not_ip, LinkType::ppp},
      {"ppp control", PacketBuilder().raw({0xff, 4, 0, 0x21, 1, 1}).build(), bad_link, LinkType::ppp},
      {"loopback iso", loopback(v4, 7, false), not_ip, LinkType::null_loopback},
      {"loopback nonsense", loopback(v4, 0x01010101, false), bad_link, LinkType::null_loopback},
      {"cooked novell", cooked_v1(v4, 1), not_ip, LinkType::linux_cooked_v1},
      {"cooked v2 can", cooked_v2(v4, 0xc), not_ip, LinkType::linux_cooked_v2},
      {"nflog version", {2, 1, 0, 0, 8, 0, 9, 0, 0, 0, 0, 0}, bad_link, LinkType::nflog},
      {"nflog attribute length", {2, 0, 0, 0, 3, 0, 9, 0}, bad_link, LinkType::nflog},
      {"nflog attribute type", {2, 0, 0, 0, 8, 0, 9, 9}, bad_link, LinkType::nflog},
      {"nflog without end", attributes, too_many_headers, LinkType::nflog},
      {"raw of no ip", Frame(40, 0x50), bad_ip, LinkType::raw_ip},
      {"unknown link type", v4, bad_link, static_cast<LinkType>(99)},
      {"mpls of nothing known", on_eth().mpls(16).raw(Frame(40, 0x11)).build(), not_ip},
      {"mpls of nothing known, nibble 0", on_eth().mpls(16).raw(Frame(40, 0x01)).build(), not_ip},
      {"ipv4 version", patched(tcp4(), 1, 0, 0x55), bad_ip},
      {"ipv4 header length", patched(tcp4(), 1, 0, 0x44), bad_ip},
      {"ipv4 total shorter than its header", patched(tcp4(), 1, 3, 19), bad_ip},
      {"ipv4 total shorter than tcp", patched(tcp4(), 1, 3, 39), bad_transport},
      {"ipv6 version", patched(on_eth().ipv6(kA6, kB6).tcp(), 1, 0, 0x40), bad_ip},
      {"ipv6 payload shorter than tcp", patched(on_eth().ipv6(kA6, kB6).tcp(), 1, 5, 19), bad_transport},
      {"ipv6 payload shorter than its extension",
       patched(on_eth().ipv6(kA6, kB6).extension(0, 1).tcp(), 1, 5, 15), bad_ip},
      {"ipv6 fragment header cut by the length",
       patched(on_eth().ipv6(kA6, kB6).fragment_header(1, 8, true).payload(8), 1, 5, 7), bad_ip},
      {"authentication header too short", on_eth().ipv4(kA, kB).extension(51, 0).tcp().build(), bad_ip},
      {"ospf", on_eth().ipv4(kA, kB, {.protocol = 89}).payload(40).build(), other_transport},
      {"icmpv6 in ipv4", on_eth().ipv4(kA, kB, {.protocol = 58}).payload(40).build(), other_transport},
      {"hop-by-hop in ipv4", on_eth().ipv4(kA, kB, {.protocol = 0}).payload(40).build(), other_transport},
      {"esp in ipv6", on_eth().ipv6(kA6, kB6, {.next_header = 50}).payload(40).build(), other_transport},
      {"no next header", on_eth().ipv6(kA6, kB6, {.next_header = 59}).build(), other_transport},
      {"tcp header length", patched(tcp4(), 2, 12, 0x40), bad_transport},
      {"tcp header longer than the packet", patched(tcp4(), 2, 12, 0xf0), bad_transport},
      {"udp length below 8", patched(on_eth().ipv4(kA, kB).udp(1, 2).payload("x"), 2, 5, 7), bad_transport},
      {"udp length beyond ip's", patched(on_eth().ipv4(kA, kB).udp(1, 2).payload("x"), 2, 5, 10),
       bad_transport},
      {"udp cut by ip's length", patched(on_eth().ipv4(kA, kB).udp(1, 2), 1, 3, 27), bad_transport},
      {"icmp cut by ip's length", patched(on_eth().ipv4(kA, kB).icmp(8, 0), 1, 3, 23), bad_transport},
      {"sctp cut by ip's length", patched(on_eth().ipv4(kA, kB).sctp(1, 2), 1, 3, 31), bad_transport},
      {"empty frame", {}, truncated},
  };
  for (const Bad& b : table) {
    SCOPED_TRACE(b.name);
    EXPECT_EQ(decode_frame(b.frame, b.link).result, b.result);
  }
  // Headers beyond the head that the caller can show, though captured.
  const Frame frame = long_headers.payload(1'000).build();
  const auto bytes = static_cast<std::uint32_t>(frame.size());
  Packet packet;
  Fragment where;
  EXPECT_EQ(decode(Bytes(frame).first(kHeadBytesMax), bytes, bytes, LinkType::ethernet, {}, packet, where),
            too_many_headers);
  EXPECT_EQ(decode(frame, bytes, bytes, LinkType::ethernet, {}, packet, where), ok);
}

TEST(Decode, fragments_say_where_they_belong) {
  const PacketBuilder b = on_eth().vlan(7).ipv4(kA, kB).udp(1, 2).payload(100);
  const std::vector<Frame> pieces = fragments_of(b.build(), b.offset_of(2), 64, 0x1234);
  ASSERT_EQ(pieces.size(), 2U);
  const Decoded first = decode_frame(pieces[0]), last = decode_frame(pieces[1]);
  ASSERT_EQ(first.result, DecodeResult::fragment);
  ASSERT_EQ(last.result, DecodeResult::fragment);
  EXPECT_TRUE(first.fragment.more);
  EXPECT_FALSE(last.fragment.more);
  EXPECT_EQ(first.fragment.offset_in_datagram, 0U);
  EXPECT_EQ(last.fragment.offset_in_datagram, 64U);
  EXPECT_EQ(last.fragment.payload_bytes, 44U);
  EXPECT_EQ(last.fragment.payload_wire_bytes, 44U);
  EXPECT_EQ(last.fragment.payload_offset, 14U + 4 + 20);
  EXPECT_EQ(last.fragment.id, 0x1234U);
  EXPECT_EQ(last.fragment.protocol, 17);
  EXPECT_EQ(text_of(last.fragment.src), kA);
  EXPECT_EQ(text_of(last.fragment.dst), kB);
  EXPECT_EQ(last.packet.vlans[0], 7);
  EXPECT_EQ(last.fragment.vlan, 0);
  EXPECT_EQ(decode_frame(pieces[1], LinkType::ethernet, {.vlan_in_key = true}).fragment.vlan, 7);

  const PacketBuilder b6 = on_eth().ipv6(kA6, kB6).udp(1, 2).payload(100);
  const std::vector<Frame> pieces6 = fragments_of(b6.build(), b6.offset_of(1), 64, 0x12345678);
  const Decoded last6 = decode_frame(pieces6[1]);
  ASSERT_EQ(last6.result, DecodeResult::fragment);
  EXPECT_EQ(last6.fragment.id, 0x12345678U);
  EXPECT_EQ(last6.fragment.offset_in_datagram, 64U);
  EXPECT_EQ(last6.fragment.payload_bytes, 44U);
}

TEST(Decode, both_directions_have_one_key) {
  const Packet there = decode_frame(on_eth().ipv4(kA, kB).tcp({.src = 9, .dst = 5}).build()).packet;
  const Packet back = decode_frame(on_eth().ipv4(kB, kA).tcp({.src = 5, .dst = 9}).build()).packet;
  EXPECT_EQ(there.key, back.key);
  EXPECT_EQ(there.sender, 0);
  EXPECT_EQ(back.sender, 1);
  // One address at both ends: the ports decide.
  const Packet low = decode_frame(on_eth().ipv4(kA, kA).tcp({.src = 5, .dst = 9}).build()).packet;
  const Packet high = decode_frame(on_eth().ipv4(kA, kA).tcp({.src = 9, .dst = 5}).build()).packet;
  EXPECT_EQ(low.key, high.key);
  EXPECT_EQ(low.sender, 0);
  EXPECT_EQ(high.sender, 1);
}

TEST(Decode, vlan_is_in_the_key_only_where_asked_for) {
  const Frame tagged = on_eth().vlan(0).vlan(7).vlan(8).ipv4(kA, kB).tcp().build();
  const Frame plain = on_eth().ipv4(kA, kB).tcp().build();
  EXPECT_EQ(decode_frame(tagged).packet.key, decode_frame(plain).packet.key);
  const Packet keyed = decode_frame(tagged, LinkType::ethernet, {.vlan_in_key = true}).packet;
  EXPECT_EQ(keyed.key.vlan, 7);
}

// Plain frames are decoded in one look, and the walk reads the same bytes as raw IP: they agree on whatever
// is made of such a frame, and of its lengths.
TEST(Decode, the_short_way_and_the_walk_agree) {
  constexpr std::uint32_t kLink = 14;
  std::mt19937 engine(5);
  const auto random = [&engine] { return static_cast<std::uint32_t>(engine()); };
  constexpr std::uint16_t kTunnelPorts[] = {4789, 8472, 6081, 2152, 3544};
  const auto port = [&]() -> std::uint16_t {
    return random() % 8 == 0 ? kTunnelPorts[random() % std::size(kTunnelPorts)] : std::uint16_t{53};
  };
  unsigned good = 0, good_udp = 0;
  for (int round = 0; round < 200'000; ++round) {
    PacketBuilder headers = on_eth().ipv4(round % 2 == 0 ? kA : kB, kB);
    if (round % 4 < 2)
      headers.tcp();
    else
      headers.udp(port(), port());
    Frame frame = headers.payload(std::size_t{random() % 80}).build();
    const DecodeOptions options{.decapsulate = random() % 4 != 0};
    for (unsigned n = random() % 4; n > 0; --n)
      frame[kLink + random() % 40] = static_cast<std::uint8_t>(random() % 3 == 0 ? 0x50 : random());
    frame.resize(std::max<std::size_t>(kLink + 1, frame.size() - random() % 30));
    frame[kLink] = static_cast<std::uint8_t>(0x40 | (frame[kLink] & 0xf));  // raw IP would take a 6 for IPv6
    const auto captured = static_cast<std::uint32_t>(frame.size());
    const std::uint32_t wire = captured + (random() % 2) * (random() % 40);
    Packet direct, walked;
    Fragment fragment;
    const DecodeResult by_look = decode(frame, captured, wire, LinkType::ethernet, options, direct, fragment);
    const DecodeResult by_walk = decode(Bytes(frame).subspan(kLink), captured - kLink, wire - kLink,
                                        LinkType::raw_ip, options, walked, fragment);
    ASSERT_EQ(by_look, by_walk) << round;
    if (by_look != DecodeResult::ok) continue;
    ++good;
    good_udp += direct.key.protocol == ip_protocol::udp;
    walked.payload_offset += kLink;
    walked.frame_bytes += kLink;
    const auto all = [](const Packet& p) {
      return std::tuple(p.sender, p.ttl, p.ip_id, p.has_ip_id, p.seq, p.ack, p.tcp_flags, p.window,
                        p.checksum, p.mss, p.window_scale, p.payload_offset, p.payload_wire_bytes,
                        p.payload_bytes, p.frame_bytes);
    };
    ASSERT_EQ(direct.key, walked.key) << round;
    ASSERT_EQ(all(direct), all(walked)) << round;
  }
  EXPECT_GT(good, 50'000u);
  EXPECT_GT(good_udp, 25'000u);
}

}  // namespace
}  // namespace spanlight
