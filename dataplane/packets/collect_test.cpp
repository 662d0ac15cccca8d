// What is collected is read back by libpcap.

#include "packets/collect.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace spanlight {
namespace {

const std::atomic<bool> kGoOn{false};
const PacketsOrigin kOrigin{
    .application = "spanlight", .comment = "packets of a test", .ports = {"tap-a", "tap-b"}};

void keep(PacketRing& ring, TimeNs time, std::uint64_t conn_id, std::string_view text,
          std::uint32_t wire_bytes = 0, LinkType link = LinkType::ethernet, std::uint8_t port = 0) {
  const MutableBytes room = ring.room(static_cast<std::uint32_t>(text.size()));
  ASSERT_NE(room.data(), nullptr);
  std::memcpy(room.data(), text.data(), room.size());
  ring.commit({.time = time,
               .conn_id = conn_id,
               .wire_bytes = std::max(wire_bytes, static_cast<std::uint32_t>(text.size())),
               .port = port,
               .link = link});
}

struct Read {
  TimeNs time;
  std::string bytes;
  std::uint32_t wire_bytes;
};

struct ReadFile {
  int link = -1;
  std::vector<Read> packets;
  std::string fault;
};

ReadFile read_back(const std::vector<std::uint8_t>& pcapng) {
  ReadFile out;
  char fault[PCAP_ERRBUF_SIZE] = "";
  FILE* file = fmemopen(const_cast<std::uint8_t*>(pcapng.data()), pcapng.size(), "rb");
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> capture(
      pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, fault), &pcap_close);
  if (!capture) {
    out.fault = fault;
    return out;
  }
  out.link = pcap_datalink(capture.get());
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  int result = 0;
  while ((result = pcap_next_ex(capture.get(), &header, &bytes)) == 1)
    out.packets.push_back(
        {static_cast<TimeNs>(header->ts.tv_sec) * kSecondNs + static_cast<TimeNs>(header->ts.tv_usec),
         std::string(reinterpret_cast<const char*>(bytes), header->caplen), header->len});
  if (result != PCAP_ERROR_BREAK) out.fault = pcap_geterr(capture.get());
  return out;
}

PacketsFile collect(const std::vector<const PacketRing*>& rings, PacketsRequest request, TimeNs oldest = 0) {
  return collect_packets(rings, request, oldest, kOrigin, kGoOn);
}

constexpr TimeNs kStart = 1'700'000'000 * kSecondNs;

TEST(Collect, TheConnectionsPacketsOfAllRingsByTime) {
  PacketRing a(PacketRing::kBytesMin, 65'536), b(PacketRing::kBytesMin, 65'536);
  keep(a, kStart + 10, 1, "first");
  keep(a, kStart + 20, 2, "another's");
  keep(a, kStart + 40, 1, "fourth", 1'500);
  keep(b, kStart + 30, 3, "third");
  keep(b, kStart + 15, 3, "out of order");
  const PacketsFile file = collect({&a, &b}, {.conn_ids = {3, 1}});
  EXPECT_EQ(file.count, 4u);
  EXPECT_FALSE(file.truncated);
  EXPECT_EQ(file.oldest, kStart + 10);
  const ReadFile read = read_back(file.pcapng);
  EXPECT_EQ(read.fault, "");
  EXPECT_EQ(read.link, DLT_EN10MB);
  ASSERT_EQ(read.packets.size(), 4u);
  const std::string expected[] = {"first", "out of order", "third", "fourth"};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(read.packets[i].bytes, expected[i]);
  EXPECT_EQ(read.packets[0].time, kStart + 10);  // nanoseconds are kept
  EXPECT_EQ(read.packets[3].wire_bytes, 1'500u);
}

TEST(Collect, TimesAndAgeBoundIt) {
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  for (TimeNs n = 1; n <= 10; ++n) keep(ring, kStart + n, 1, "x");
  EXPECT_EQ(collect({&ring}, {.conn_ids = {1}, .from = kStart + 3, .until = kStart + 5}).count, 3u);
  const PacketsFile young = collect({&ring}, {.conn_ids = {1}}, kStart + 8);
  EXPECT_EQ(young.count, 3u);
  EXPECT_EQ(young.oldest, kStart + 8);
  const PacketsFile none = collect({&ring}, {.conn_ids = {1}}, kStart + 11);
  EXPECT_EQ(none.count, 0u);
  EXPECT_EQ(none.oldest, 0u);
  EXPECT_EQ(collect({&ring}, {.conn_ids = {99}}).count, 0u);
  EXPECT_EQ(collect({}, {.conn_ids = {1}}).count, 0u);
}

TEST(Collect, WhatDoesNotFitIsSaid) {
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  for (TimeNs n = 1; n <= 100; ++n) keep(ring, kStart + n, 1, std::string(1'000, 'x'));
  for (const std::size_t most : {std::size_t{0}, std::size_t{100}, std::size_t{1'200}, std::size_t{50'000}}) {
    const PacketsFile file = collect({&ring}, {.conn_ids = {1}, .bytes_max = most});
    EXPECT_TRUE(file.truncated) << most;
    if (most >= 1'200) {
      EXPECT_LE(file.pcapng.size(), most);
      EXPECT_GT(file.pcapng.size() + 1'200, most);
    }
    const ReadFile read = read_back(file.pcapng);
    EXPECT_EQ(read.packets.size(), file.count);
    if (file.count > 0) {
      EXPECT_EQ(read.fault, "");
      EXPECT_EQ(read.packets[0].time, kStart + 1);  // the first ones are there
    }
  }
}

// Each port and link type is an interface of its own. libpcap refuses files of several link types, so the
// blocks are looked at here.
TEST(Collect, PortsAndLinkTypesAreInterfaces) {
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  keep(ring, kStart + 1, 1, "eth a", 0, LinkType::ethernet, 0);
  keep(ring, kStart + 2, 1, "eth b", 0, LinkType::ethernet, 1);
  keep(ring, kStart + 3, 1, "raw a", 0, LinkType::raw_ip, 0);
  keep(ring, kStart + 4, 1, "eth a again", 0, LinkType::ethernet, 0);
  keep(ring, kStart + 5, 1, std::string_view("\0\0\0\2 loop", 9), 0, LinkType::null_loopback, 9);
  keep(ring, kStart + 6, 1, std::string_view("\2\0\0\0 null", 9), 0, LinkType::null_loopback, 9);
  const PacketsFile file = collect({&ring}, {.conn_ids = {1}});
  std::vector<std::uint32_t> links, packets;
  for (std::size_t at = 0; at + 12 <= file.pcapng.size();) {
    std::uint32_t type = 0, bytes = 0, word = 0, again = 0;
    std::memcpy(&type, file.pcapng.data() + at, 4);
    std::memcpy(&bytes, file.pcapng.data() + at + 4, 4);
    std::memcpy(&word, file.pcapng.data() + at + 8, 4);
    ASSERT_EQ(bytes % 4, 0u);
    ASSERT_LE(bytes, file.pcapng.size() - at);
    std::memcpy(&again, file.pcapng.data() + at + bytes - 4, 4);
    EXPECT_EQ(bytes, again);
    if (type == 1) links.push_back(word & 0xffff);
    if (type == 6) packets.push_back(word);
    at += bytes;
  }
  EXPECT_EQ(links, (std::vector<std::uint32_t>{1, 1, 101, 108, 0}));
  EXPECT_EQ(packets, (std::vector<std::uint32_t>{0, 1, 2, 0, 3, 4}));
  const std::string text(file.pcapng.begin(), file.pcapng.end());
  EXPECT_NE(text.find("tap-a"), std::string::npos);
  EXPECT_NE(text.find("tap-b"), std::string::npos);
  EXPECT_NE(text.find("packets of a test"), std::string::npos);
}

TEST(Collect, AStopIsHeard) {
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  for (TimeNs n = 1; n <= 100; ++n) keep(ring, kStart + n, 1, "x");
  const std::atomic<bool> stop{true};
  EXPECT_EQ(collect_packets(std::vector<const PacketRing*>{&ring}, {.conn_ids = {1}}, 0, kOrigin, stop).count,
            0u);
}

}  // namespace
}  // namespace spanlight
