#include "decode/flow_key_hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <set>
#include <vector>

namespace spanlight {
namespace {

FlowKey flow(unsigned client, std::uint16_t port) {
  FlowKey key;
  key.ip[0].bytes = {0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0xff,
                     0xff,
                     10,
                     0,
                     static_cast<std::uint8_t>(client >> 8),
                     static_cast<std::uint8_t>(client)};
  key.ip[1].bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 0, 1};
  key.port[0] = port;
  key.port[1] = 443;
  key.protocol = 6;
  return key;
}

TEST(FlowHash, every_bit_of_the_key_turns_about_half_of_the_hash) {
  std::mt19937_64 random(3);
  for (std::size_t bit = 0; bit < sizeof(FlowKey) * 8; ++bit) {
    int turned = 0;
    for (int round = 0; round < 64; ++round) {
      FlowKey a = flow(static_cast<unsigned>(random()), static_cast<std::uint16_t>(random()));
      const std::uint64_t before = flow_hash(a);
      reinterpret_cast<std::uint8_t*>(&a)[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      turned += std::popcount(before ^ flow_hash(a));
    }
    // 64 rounds of 64 bits: 2,048 expected; the bounds are more than ten standard deviations away.
    EXPECT_GT(turned, 1'600) << "bit " << bit;
    EXPECT_LT(turned, 2'500) << "bit " << bit;
  }
}

TEST(FlowHash, flows_of_a_real_network_spread_over_low_and_high_bits) {
  constexpr std::size_t kBuckets = 1'024;
  std::vector<unsigned> low(kBuckets), high(kBuckets);
  std::set<std::uint64_t> all;
  constexpr unsigned kFlows = 64 * kBuckets;
  for (unsigned i = 0; i < kFlows; ++i) {
    const std::uint64_t hash = flow_hash(flow(i / 256, static_cast<std::uint16_t>(32'768 + i % 256)));
    ++low[hash % kBuckets];
    ++high[hash >> 54];
    all.insert(hash);
  }
  EXPECT_EQ(all.size(), kFlows);
  for (std::size_t i = 0; i < kBuckets; ++i) {  // 64 expected, standard deviation 8
    EXPECT_GT(low[i], 15U);
    EXPECT_LT(low[i], 130U);
    EXPECT_GT(high[i], 15U);
    EXPECT_LT(high[i], 130U);
  }
}

TEST(FlowHash, another_seed_is_another_hash) {
  const FlowHashSeed one = {{1, 3, 5, 7, 9, 11}}, other = {{1, 3, 5, 7, 9, 13}};
  EXPECT_NE(flow_hash(flow(1, 1), one), flow_hash(flow(1, 1), other));
  EXPECT_EQ(flow_hash(flow(1, 1), one), flow_hash(flow(1, 1), one));
}

}  // namespace
}  // namespace spanlight
