#include "decode/toeplitz.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>

#include <random>
#include <vector>

namespace spanlight {
namespace {

IpAddress address(const char* text) {
  IpAddress a;
  if (inet_pton(AF_INET6, text, a.bytes.data()) == 1) return a;
  a.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  EXPECT_EQ(inet_pton(AF_INET, text, a.bytes.data() + 12), 1) << text;
  return a;
}

// The definition, bit by bit, independent of the tables.
std::uint32_t bitwise(Bytes key, Bytes input) {
  std::uint32_t hash = 0;
  for (std::size_t bit = 0; bit < input.size() * 8; ++bit) {
    if ((input[bit / 8] >> (7 - bit % 8) & 1) == 0) continue;
    for (std::size_t i = 0; i < 32; ++i) {
      const std::size_t k = bit + i;
      const unsigned key_bit = k / 8 < key.size() ? key[k / 8] >> (7 - k % 8) & 1U : 0U;
      hash ^= key_bit << (31 - i);
    }
  }
  return hash;
}

struct Vector {
  const char* dst;
  std::uint16_t dst_port;
  const char* src;
  std::uint16_t src_port;
  std::uint32_t pair, with_ports;
};

// "Verifying the RSS Hash Calculation", Microsoft.
constexpr Vector kVectors[] = {
    {"161.142.100.80", 1766, "66.9.149.187", 2794, 0x323e8fc2, 0x51ccc178},
    {"65.69.140.83", 4739, "199.92.111.2", 14230, 0xd718262a, 0xc626b0ea},
    {"12.22.207.184", 38024, "24.19.198.95", 12898, 0xd2d0a5de, 0x5c2b394a},
    {"209.142.163.6", 2217, "38.27.205.30", 48228, 0x82989176, 0xafc7327f},
    {"202.188.127.2", 1303, "153.39.163.191", 44251, 0x5d1809c5, 0x10e828a2},
    {"3ffe:2501:200:3::1", 1766, "3ffe:2501:200:1fff::7", 2794, 0x2cc18cd5, 0x40207d3d},
    {"ff02::1", 4739, "3ffe:501:8::260:97ff:fe40:efab", 14230, 0x0f0c461c, 0xdde51bbf},
    {"fe80::200:f8ff:fe21:67cf", 38024, "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, 0x4b61e985, 0x02d1feef},
};

TEST(Toeplitz, gives_microsofts_vectors) {
  const Toeplitz toeplitz(kMicrosoftRssKey);
  for (const Vector& v : kVectors) {
    SCOPED_TRACE(v.src);
    EXPECT_EQ(toeplitz.hash(address(v.src), address(v.dst)), v.pair);
    EXPECT_EQ(toeplitz.hash(address(v.src), v.src_port, address(v.dst), v.dst_port), v.with_ports);
  }
}

TEST(Toeplitz, agrees_with_the_definition_bit_by_bit) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint8_t> key(40), input(random() % 37);
    for (auto& byte : key) byte = static_cast<std::uint8_t>(random());
    for (auto& byte : input) byte = static_cast<std::uint8_t>(random());
    EXPECT_EQ(Toeplitz(key).hash(input), bitwise(key, input)) << "round " << round;
  }
}

TEST(Toeplitz, input_beyond_the_longest_is_ignored) {
  const std::vector<std::uint8_t> input(64, 0xab);
  const Toeplitz toeplitz(kMicrosoftRssKey);
  EXPECT_EQ(toeplitz.hash(input), toeplitz.hash(Bytes(input).first(Toeplitz::kInputBytesMax)));
}

TEST(RssHash, is_toeplitz_with_the_symmetric_key_whichever_way_the_packet_went) {
  const Toeplitz toeplitz(kSymmetricRssKey);
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    IpAddress a, b;
    for (auto& byte : a.bytes) byte = static_cast<std::uint8_t>(random());
    for (auto& byte : b.bytes) byte = static_cast<std::uint8_t>(random());
    if (round % 2 == 0) {
      for (IpAddress* ip : {&a, &b}) {
        for (std::size_t i = 0; i < 12; ++i) ip->bytes[i] = i < 10 ? 0 : 0xff;
      }
    }
    const auto a_port = static_cast<std::uint16_t>(random()), b_port = static_cast<std::uint16_t>(random());
    FlowKey key;
    key.ip[0] = a;
    key.ip[1] = b;
    key.port[0] = a_port;
    key.port[1] = b_port;
    EXPECT_EQ(rss_hash(key), toeplitz.hash(a, b)) << "no protocol: no ports";
    key.protocol = round % 3 == 0 ? 6 : 17;
    EXPECT_EQ(rss_hash(key), toeplitz.hash(a, a_port, b, b_port));
    EXPECT_EQ(rss_hash(key), toeplitz.hash(b, b_port, a, a_port)) << "other direction";
    EXPECT_EQ(rss_hash(a, b), toeplitz.hash(a, b));
    EXPECT_EQ(rss_hash(b, a), toeplitz.hash(a, b));
    EXPECT_EQ(rss_hash(a, b) >> 16, rss_hash(a, b) & 0xffff) << "both halves are equal";
  }
}

TEST(Owner, larger_indirection_tables_agree_with_ours) {
  for (const unsigned workers : {1U, 2U, 3U, 7U, 16U, 100U}) {
    for (std::uint32_t hash = 0; hash < 70'000; hash += 13) {
      EXPECT_LT(owner_of(hash, workers), workers);
      EXPECT_EQ(owner_of(hash, workers), indirection_entry(hash & 511, workers));
    }
  }
}

TEST(Owner, fragments_go_by_the_address_pair_and_packets_by_their_ports) {
  Fragment fragment;
  fragment.src = address("10.0.0.1");
  fragment.dst = address("10.0.0.2");
  Packet packet;
  packet.key.ip[0] = fragment.src;
  packet.key.ip[1] = fragment.dst;
  packet.key.port[0] = 1000;
  packet.key.port[1] = 2000;
  packet.key.protocol = 1;
  EXPECT_EQ(owner_of(packet, 128), owner_of(fragment, 128));
  packet.key.protocol = 17;
  EXPECT_EQ(owner_of(packet, 128), owner_of(rss_hash(packet.key), 128));
  EXPECT_NE(owner_of(packet, 128), owner_of(fragment, 128));
}

}  // namespace
}  // namespace spanlight
