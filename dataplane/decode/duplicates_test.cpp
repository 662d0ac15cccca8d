#include "decode/duplicates.h"

#include <gtest/gtest.h>

#include <functional>

#include "decode/decode_test_support.h"
#include "decode/flow_key_hash.h"

namespace spanlight {
namespace {

using namespace test;

Packet packet_of(const PacketBuilder& b) {
  return decode_frame(b.build()).packet;
}

PacketBuilder tcp4(const TcpFields& fields, const Ipv4Fields& ip = {.id = 7}) {
  return PacketBuilder().eth().ipv4("10.0.0.1", "10.0.0.2", ip).tcp(fields).payload("data");
}

bool second_is_duplicate(const Packet& first, const Packet& second, DurationNs apart = kMillisecondNs) {
  DuplicateFilter filter;
  EXPECT_FALSE(filter.seen(first, flow_hash(first.key), kSecondNs));
  return filter.seen(second, flow_hash(second.key), kSecondNs + apart);
}

TEST(Duplicates, the_same_packet_again) {
  const Packet p = packet_of(tcp4({.seq = 100, .ack = 5}));
  EXPECT_TRUE(second_is_duplicate(p, p));
  EXPECT_TRUE(second_is_duplicate(p, p, DuplicateFilter::kWindowNs));
  EXPECT_FALSE(second_is_duplicate(p, p, DuplicateFilter::kWindowNs + 1));
  EXPECT_TRUE(second_is_duplicate(p, p, ~DurationNs{0} - kMillisecondNs + 1))
      << "the copy bears an earlier time";
  const Packet routed = packet_of(PacketBuilder()
                                      .eth()
                                      .vlan(9)
                                      .ipv4("10.0.0.1", "10.0.0.2", {.id = 7, .ttl = 63})
                                      .tcp({.seq = 100, .ack = 5})
                                      .payload("data"));
  EXPECT_TRUE(second_is_duplicate(p, routed)) << "another VLAN, one hop further";
}

TEST(Duplicates, what_differs_is_another_packet) {
  const Packet p = packet_of(tcp4({.seq = 100, .ack = 5}));
  const std::pair<const char*, std::function<void(Packet&)>> changes[] = {
      {"IP id: a retransmission", [](Packet& q) { ++q.ip_id; }},
      {"sequence", [](Packet& q) { ++q.seq; }},
      {"acknowledgement", [](Packet& q) { ++q.ack; }},
      {"flags", [](Packet& q) { q.tcp_flags ^= tcp_flag::psh; }},
      {"checksum", [](Packet& q) { ++q.checksum; }},
      {"length", [](Packet& q) { ++q.payload_wire_bytes; }},
      {"sender", [](Packet& q) { q.sender ^= 1; }},
      {"flow", [](Packet& q) { ++q.key.port[0]; }},
      {"tenant", [](Packet& q) { q.key.tunnel_id = 4; }},
  };
  for (const auto& [name, change] : changes) {
    Packet q = p;
    change(q);
    EXPECT_FALSE(second_is_duplicate(p, q)) << name;
  }
}

TEST(Duplicates, datagrams) {
  const auto udp = [](std::uint16_t id, bool checksum, std::string_view text) {
    return packet_of(
        PacketBuilder().eth().ipv4("10.0.0.1", "10.0.0.2", {.id = id}).udp(1, 53, checksum).payload(text));
  };
  EXPECT_TRUE(second_is_duplicate(udp(7, true, "a"), udp(7, true, "a")));
  EXPECT_TRUE(second_is_duplicate(udp(7, false, "a"), udp(7, false, "a"))) << "the IP id is enough";
  EXPECT_TRUE(second_is_duplicate(udp(0, true, "a"), udp(0, true, "a"))) << "the checksum is enough";
  EXPECT_FALSE(second_is_duplicate(udp(0, false, "a"), udp(0, false, "a"))) << "nothing tells";
  EXPECT_FALSE(second_is_duplicate(udp(7, true, "a"), udp(8, true, "a")));
  EXPECT_FALSE(second_is_duplicate(udp(0, true, "a"), udp(0, true, "b")));
  const auto udp6 = [](bool checksum) {
    return packet_of(
        PacketBuilder().eth().ipv6("2001:db8::1", "2001:db8::2").udp(1, 53, checksum).payload("a"));
  };
  EXPECT_TRUE(second_is_duplicate(udp6(true), udp6(true)));
  EXPECT_FALSE(second_is_duplicate(udp6(false), udp6(false)));
}

TEST(Duplicates, an_offloaded_checksum_tells_nothing) {
  // Two answers of one length from one server in one millisecond, as the kernel hands them to a virtual
  // interface: the checksum field holds the sum of the pseudo header.
  const auto partial = [](Packet p, std::uint32_t sum) {
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    p.checksum = static_cast<std::uint16_t>(sum);
    return p;
  };
  const Packet v4 =
      packet_of(PacketBuilder().eth().ipv4("10.0.0.1", "10.0.0.2", {.id = 0}).udp(1, 53).payload("abcd"));
  const Packet p4 = partial(v4, 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 17 + 12);
  EXPECT_FALSE(second_is_duplicate(p4, p4));
  const Packet v6 =
      packet_of(PacketBuilder().eth().ipv6("2001:db8::1", "2001:db8::2").udp(1, 53).payload("abcd"));
  const Packet p6 = partial(v6, 2 * (0x2001 + 0x0db8) + 1 + 2 + 17 + 12);
  EXPECT_FALSE(second_is_duplicate(p6, p6));
}

TEST(Duplicates, other_transports) {
  const Packet ping =
      packet_of(PacketBuilder().eth().ipv6("2001:db8::1", "2001:db8::2").icmp(128, 0).payload("1234"));
  EXPECT_TRUE(second_is_duplicate(ping, ping));
  const Packet next =
      packet_of(PacketBuilder().eth().ipv6("2001:db8::1", "2001:db8::2").icmp(128, 0).payload("1235"));
  EXPECT_FALSE(second_is_duplicate(ping, next));
  Packet sctp =
      packet_of(PacketBuilder().eth().ipv6("2001:db8::1", "2001:db8::2").sctp(1, 2).payload("1234"));
  EXPECT_TRUE(second_is_duplicate(sctp, sctp));
  sctp.checksum = 0;  // left to the NIC
  EXPECT_FALSE(second_is_duplicate(sctp, sctp));
}

TEST(Duplicates, a_full_window_is_remembered_and_the_newest_wins) {
  DuplicateFilter filter(16'384);
  const Packet base = packet_of(tcp4({.seq = 1}));
  // Not the process's own seed: how evenly a table fills is a matter of luck.
  const std::uint64_t hash = flow_hash(base.key, FlowHashSeed{{3, 5, 7, 11, 13, 17}});
  const auto run = [&](unsigned from, unsigned to, TimeNs now) {
    unsigned duplicates = 0;
    for (unsigned i = from; i < to; ++i) {
      Packet p = base;
      p.seq = i * 1'448;
      p.ip_id = static_cast<std::uint16_t>(i);
      filter.prefetch(p, hash);
      duplicates += filter.seen(p, hash, now) ? 1 : 0;
    }
    return duplicates;
  };
  EXPECT_EQ(run(0, 2'000, 1'000), 0U);
  EXPECT_GT(run(0, 2'000, 2'000), 1'900U) << "one flow alone finds room for its window";
  EXPECT_EQ(run(10'000, 60'000, 3'000), 0U) << "no false ones under pressure";
  EXPECT_LT(run(0, 2'000, 4'000), 100U) << "the oldest were displaced";
}

TEST(Duplicates, the_smallest_table_works) {
  DuplicateFilter filter(0);
  const Packet p = packet_of(tcp4({.seq = 1}));
  EXPECT_FALSE(filter.seen(p, 1, 0));
  EXPECT_TRUE(filter.seen(p, 1, 0));
}

}  // namespace
}  // namespace spanlight
