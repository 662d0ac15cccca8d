#include "http2/recent.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>

namespace spanlight::http2 {
namespace {

TEST(Recent, RemembersTheNewestOfEachSide) {
  Recent recent;
  EXPECT_FALSE(recent.has(1));
  recent.add(1);
  recent.add(2);
  EXPECT_TRUE(recent.has(1));
  EXPECT_TRUE(recent.has(2));
  EXPECT_FALSE(recent.has(3));
  recent.add(2 * Recent::kOfClient - 1);
  EXPECT_TRUE(recent.has(1));
  EXPECT_FALSE(recent.has(3));
  recent.add(2 * Recent::kOfClient + 1);
  EXPECT_FALSE(recent.has(1));  // out of reach
  EXPECT_TRUE(recent.has(2));
  recent.add(0x7fffffff);
  EXPECT_TRUE(recent.has(0x7fffffff));
  EXPECT_FALSE(recent.has(2 * Recent::kOfClient + 1));
  recent.add(1);  // it lived for long
  recent.add(4);
  EXPECT_TRUE(recent.has(1));
  EXPECT_TRUE(recent.has(0x7fffffff));
  for (std::uint32_t n = 1; n <= Recent::kOld; ++n) recent.add(1 + 2 * n);
  EXPECT_FALSE(recent.has(1));  // others like it ended since
  EXPECT_TRUE(recent.has(1 + 2 * Recent::kOld));
}

// As a set would, of those within reach.
TEST(Recent, IsASetOfWhatIsInReach) {
  std::mt19937 random(7);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  Recent recent;
  std::set<std::uint32_t> all;
  std::uint32_t newest = 1;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint32_t stream = newest + 2 * below(90) - 2 * std::min(newest / 2, below(80));
    newest = std::max(newest, stream);
    recent.add(stream);
    all.insert(stream);
    const std::uint32_t asked = newest - 2 * std::min(newest / 2, below(1'023));
    ASSERT_EQ(recent.has(asked), all.contains(asked)) << i << ": " << asked << " of " << newest;
  }
}

}  // namespace
}  // namespace spanlight::http2
