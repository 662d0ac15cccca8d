#include "core/slab.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace spanlight {
namespace {

TEST(SlabPool, GivesABlockOfTheSmallestClassThatFits) {
  SlabPool pool(SlabPool::kPageBytes * 8);
  for (const std::size_t size : SlabPool::kClassBytes) {
    const MutableBytes exact = pool.take(size);
    const MutableBytes smaller = pool.take(size - 1);
    EXPECT_EQ(exact.size(), size);
    EXPECT_EQ(smaller.size(), size);
    pool.give(exact);
    pool.give(smaller);
  }
  EXPECT_EQ(pool.used_bytes(), 0u);
}

TEST(SlabPool, RefusesWhatIsLargerThanAPageAndCountsIt) {
  SlabPool pool(SlabPool::kPageBytes);
  EXPECT_TRUE(pool.take(SlabPool::kPageBytes + 1).empty());
  EXPECT_EQ(pool.refused(), 1u);
}

TEST(SlabPool, WithoutAPageIsAlwaysExhausted) {
  SlabPool pool(SlabPool::kPageBytes - 1);
  EXPECT_EQ(pool.capacity_bytes(), 0u);
  EXPECT_TRUE(pool.take(1).empty());
}

TEST(SlabPool, ExhaustsExactlyAndServesEveryClassAgainOnceAllIsBack) {
  SlabPool pool(SlabPool::kPageBytes * 4);
  for (const std::size_t size : SlabPool::kClassBytes) {
    std::vector<MutableBytes> blocks;
    for (MutableBytes b = pool.take(size); !b.empty(); b = pool.take(size)) blocks.push_back(b);
    EXPECT_EQ(blocks.size(), pool.capacity_bytes() / SlabPool::kPageBytes * (SlabPool::kPageBytes / size));
    for (const MutableBytes b : blocks) pool.give(b);
    EXPECT_EQ(pool.used_bytes(), 0u);
  }
}

TEST(SlabPool, BlocksNeverOverlapUnderRandomUse) {
  SlabPool pool(SlabPool::kPageBytes * 16);
  std::mt19937 random(7);
  struct Held {
    MutableBytes block;
    std::uint8_t mark;
  };
  std::vector<Held> held;
  for (int step = 0; step < 50'000; ++step) {
    if (held.empty() || random() % 2 == 0) {
      const MutableBytes block = pool.take(1 + random() % 20'000);
      if (block.empty()) continue;
      const auto mark = static_cast<std::uint8_t>(random());
      std::memset(block.data(), mark, block.size());
      held.push_back({block, mark});
    } else {
      const std::size_t i = random() % held.size();
      for (const std::uint8_t byte : held[i].block) ASSERT_EQ(byte, held[i].mark);
      pool.give(held[i].block);
      held[i] = held.back();
      held.pop_back();
    }
  }
  for (const Held& h : held) pool.give(h.block);
  EXPECT_EQ(pool.used_bytes(), 0u);
}

}  // namespace
}  // namespace spanlight
