#include "flow/flow_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace spanlight {
namespace {

FlowKey key_of(std::uint32_t n) {
  FlowKey key;
  key.ip[0].bytes[12] = 10;
  key.port[0] = static_cast<std::uint16_t>(n);
  key.port[1] = static_cast<std::uint16_t>(n >> 16);
  key.protocol = 6;
  return key;
}

TEST(FlowTable, FindsWhatWasInsertedAndNothingElse) {
  FlowTable table(16);
  ASSERT_TRUE(table.ok());
  Flow* flow = table.insert(key_of(1), 99);
  ASSERT_NE(flow, nullptr);
  EXPECT_EQ(table.find(key_of(1), 99), flow);
  EXPECT_EQ(table.find(key_of(2), 99), nullptr) << "the hash locates, the whole key decides";
  table.erase(*flow, 99);
  EXPECT_EQ(table.find(key_of(1), 99), nullptr);
  EXPECT_EQ(table.live(), 0u);
}

TEST(FlowTable, HoldsItsCapacityAndRefusesOneMore) {
  FlowTable table(1'000);
  for (std::uint32_t i = 0; i < 1'000; ++i)
    ASSERT_NE(table.insert(key_of(i), i * 0x9e3779b97f4a7c15ull), nullptr) << i;
  EXPECT_EQ(table.insert(key_of(5'000), 5), nullptr);
  EXPECT_EQ(table.live(), 1'000u);
  for (std::uint32_t i = 0; i < 1'000; ++i)
    EXPECT_NE(table.find(key_of(i), i * 0x9e3779b97f4a7c15ull), nullptr) << i;
}

TEST(FlowTable, AnIndexUsedAgainHasAnotherGeneration) {
  FlowTable table(4);
  Flow* first = table.insert(key_of(1), 1);
  const std::uint32_t index = table.index_of(*first);
  const std::uint32_t generation = first->generation;
  table.erase(*first, 1);
  EXPECT_FALSE(table.is_live(index));
  Flow* second = table.insert(key_of(2), 2);
  EXPECT_EQ(table.index_of(*second), index);
  EXPECT_NE(second->generation, generation);
  EXPECT_TRUE(table.is_live(index));
}

TEST(FlowTable, CollidingHashesOverflowAndComeBackAfterErasures) {
  FlowTable table(4'096);
  std::vector<Flow*> flows;
  for (std::uint32_t i = 0; i < 100; ++i) flows.push_back(table.insert(key_of(i), 7));
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(table.find(key_of(i), 7), flows[i]);
  for (std::uint32_t i = 0; i < 100; i += 2) table.erase(*flows[i], 7);
  for (std::uint32_t i = 0; i < 100; ++i)
    ASSERT_EQ(table.find(key_of(i), 7), i % 2 == 0 ? nullptr : flows[i]) << i;
}

TEST(FlowTable, TheEvictionCandidateIsTheMostSilentOfThoseLookedAt) {
  FlowTable table(8);
  for (std::uint32_t i = 0; i < 8; ++i) table.insert(key_of(i), i)->last_seen = i == 5 ? 1 : 100 + i;
  ASSERT_NE(table.eviction_candidate(), nullptr);
  EXPECT_EQ(table.eviction_candidate()->key, key_of(5));
  FlowTable empty(8);
  EXPECT_EQ(empty.eviction_candidate(), nullptr);
}

TEST(FlowTable, APopulatedTableIsAsEmptyAsAnyAndWorksToItsLastFlow) {
  FlowTable table(20'000);
  ASSERT_TRUE(table.populate());
  EXPECT_EQ(table.live(), 0u);
  std::mt19937_64 random(1);
  for (std::uint32_t i = 0; i < 20'000; ++i) ASSERT_NE(table.insert(key_of(i), random()), nullptr) << i;
  EXPECT_EQ(table.insert(key_of(30'000), random()), nullptr);
}

// What an idle connection costs: its place in the table, whose index is shared by all.
TEST(FlowTable, AFlowWithItsShareOfTheIndexTakesAtMost256Bytes) {
  for (const std::uint32_t flows : {1'000u, 262'144u, 10'000'000u})
    EXPECT_LE(FlowTable::memory_bytes(flows), std::size_t{256} * flows) << flows;
}

TEST(FlowTable, AgreesWithAMapUnderRandomUse) {
  FlowTable table(512);
  std::map<std::uint32_t, Flow*> model;
  std::mt19937_64 random(3);
  const auto hash = [](std::uint32_t n) { return (n % 64) * 0x9e3779b97f4a7c15ull; };  // many collisions
  for (int step = 0; step < 200'000; ++step) {
    const auto n = static_cast<std::uint32_t>(random() % 1'024);
    const auto known = model.find(n);
    ASSERT_EQ(table.find(key_of(n), hash(n)), known == model.end() ? nullptr : known->second);
    if (known != model.end()) {
      if (random() % 2 == 0) {
        table.erase(*known->second, hash(n));
        model.erase(known);
      }
    } else if (Flow* flow = table.insert(key_of(n), hash(n))) {
      model[n] = flow;
    }
    ASSERT_EQ(table.live(), model.size());
  }
}

}  // namespace
}  // namespace spanlight
