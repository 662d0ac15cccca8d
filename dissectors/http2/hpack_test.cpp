#include "http2/hpack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "http2/wire_for_tests.h"

namespace spanlight::http2 {
namespace {

using namespace testing;

class HpackTest : public ::testing::Test {
 protected:
  // What comes out of a block, delivered in pieces of `cut` bytes; "failed".
  std::string read(const std::string& block, std::size_t cut = 0) {
    offset_ += 100'000;
    if (!hpack_.begin(offset_, kSecondNs)) return "not read";
    std::string out;
    if (cut == 0) cut = std::max<std::size_t>(block.size(), 1);
    for (std::size_t at = 0; at < block.size(); at += cut) {
      const std::string piece = block.substr(at, cut);
      Bytes left = as_bytes(piece);
      for (;;) {
        const Hpack::Step step = hpack_.next(left, at + cut >= block.size());
        if (step.failed) return "failed";
        left = left.subspan(step.consumed);
        if (!step.field) break;
        out += step.unknown ? "?|" : std::string(step.name) + "=" + std::string(step.value) + "|";
      }
    }
    return out;
  }

  SlabPool state_{8u << 20};
  SlabPool previews_{1u << 20};
  Limits limits_;
  DissectorCounters counters_;
  Workshop workshop_{state_, previews_, limits_, counters_};
  Hpack hpack_{workshop_};
  std::uint64_t offset_ = 0;
};

const std::string kText = "one=1|two=2|";

TEST_F(HpackTest, BlocksAreReadHoweverTheyAreCut) {
  Peer peer;
  const Pairs fields = {{"one", "1"}, {"two", "2"}};
  for (std::size_t cut = 1; cut < 8; ++cut) EXPECT_EQ(read(peer.block(fields), cut), kText) << cut;
  hpack_.release();
  EXPECT_EQ(state_.used_bytes(), 0u);
}

// What this test is for: a table of which only the newest entries are known.
TEST_F(HpackTest, WhatWasNotSeenIsUnknownAndWhatIsNewIsExact) {
  Peer peer;
  peer.block({{"old", "entry"}, {"older", "entry"}});
  hpack_.lose();
  EXPECT_EQ(read(peer.block({{"old", "entry"}, {"new", "one"}})), "?|new=one|");
  EXPECT_EQ(read(peer.block({{"older", "entry"}, {"new", "one"}, {"old", "another"}})), "?|new=one|?|");
  for (int i = 0; i < 300; ++i) {
    const std::string value = std::to_string(i);
    EXPECT_EQ(read(peer.block({{"count", value}, {"new", "one"}})), "count=" + value + "|new=one|");
  }
  EXPECT_TRUE(hpack_.guesses());
  hpack_.release();
  EXPECT_EQ(state_.used_bytes(), 0u);
}

TEST_F(HpackTest, ALargerTableIsGuessedWhenASmallerOneFails) {
  Peer peer(65'536);
  peer.resize(65'536);
  Pairs many;
  for (int i = 0; i < 400; ++i) many.emplace_back("name-" + std::to_string(i), "value");
  peer.block(many);
  hpack_.lose();
  EXPECT_EQ(read(peer.block({{"name-3", "value"}})), "failed");
  EXPECT_EQ(read(peer.block({{"name-3", "value"}, {"new", "one"}})), "?|new=one|");
  EXPECT_EQ(read(peer.block({{"name-3", "value"}, {"new", "one"}})), "?|new=one|");
}

TEST_F(HpackTest, TableSizesMayChange) {
  Peer peer(65'536);
  EXPECT_EQ(read(peer.block({{"one", "1"}})), "one=1|");
  for (const std::size_t size : {65'536u, 0u, 100u, 4'096u}) {
    peer.resize(size);
    EXPECT_EQ(read(peer.block({{"one", "1"}, {"two", "2"}})), kText) << size;
    EXPECT_EQ(read(peer.block({{"one", "1"}, {"two", "2"}})), kText) << size;
  }
}

TEST_F(HpackTest, AnIndexOfNothingFailsAndTheTableIsGuessedFromThenOn) {
  Peer peer;
  EXPECT_EQ(read(std::string(1, '\xff')), "failed");
  EXPECT_EQ(read(peer.block({{"one", "1"}, {"two", "2"}})), kText);
  EXPECT_TRUE(hpack_.guesses());
}

// Filling a table costs some microseconds: bytes must have paid for it, or a second.
TEST_F(HpackTest, GuessesArePaidFor) {
  hpack_.lose();
  ASSERT_TRUE(hpack_.begin(1'000, kSecondNs));
  hpack_.lose();
  EXPECT_FALSE(hpack_.begin(1'001, kSecondNs));
  EXPECT_TRUE(hpack_.begin(1'000 + 4'096, kSecondNs));
  hpack_.lose();
  EXPECT_FALSE(hpack_.begin(5'097, kSecondNs));
  EXPECT_TRUE(hpack_.begin(5'098, 2 * kSecondNs));
}

TEST_F(HpackTest, NoMemoryIsSurvivedAndCounted) {
  SlabPool none(0);
  Workshop poor{none, previews_, limits_, counters_};
  Hpack hpack(poor);
  EXPECT_FALSE(hpack.begin(0, 0));
  EXPECT_EQ(counters_.state_exhausted, 1u);
  SlabPool one_page(SlabPool::kPageBytes);
  Workshop little{one_page, previews_, limits_, counters_};
  Hpack small(little);
  Peer peer(1u << 20);
  peer.resize(1u << 20);
  bool failed = false;
  for (int i = 0; i < 1'000 && !failed; ++i) {
    ASSERT_TRUE(small.begin(0, 0));
    const std::string block = peer.block({{"name-" + std::to_string(i), std::string(200, 'v')}});
    Bytes left = as_bytes(block);
    for (;;) {
      const Hpack::Step step = small.next(left, true);
      failed = step.failed;
      left = left.subspan(step.consumed);
      if (!step.field) break;
    }
  }
  EXPECT_TRUE(failed);
  small.release();
  EXPECT_EQ(one_page.used_bytes(), 0u);
}

TEST(HpackMemory, WhatIsGivenBackIsTakenAgain) {
  SlabPool pool(4u << 20);
  HpackMemory memory(pool);
  nghttp2_mem hooks = memory.hooks();
  for (int round = 0; round < 10'000; ++round) {
    void* small = hooks.malloc(40, hooks.mem_user_data);
    void* large = hooks.malloc(10'000, hooks.mem_user_data);
    void* zero = hooks.calloc(8, 16, hooks.mem_user_data);
    ASSERT_NE(small, nullptr);
    ASSERT_NE(large, nullptr);
    for (int i = 0; i < 128; ++i) ASSERT_EQ(static_cast<char*>(zero)[i], 0);
    std::memset(small, 'x', 40);
    small = hooks.realloc(small, 2'000, hooks.mem_user_data);
    ASSERT_EQ(static_cast<char*>(small)[39], 'x');
    hooks.free(large, hooks.mem_user_data);
    hooks.free(small, hooks.mem_user_data);
    hooks.free(zero, hooks.mem_user_data);
    hooks.free(nullptr, hooks.mem_user_data);
  }
  EXPECT_LE(pool.used_bytes(), 8'192u);
  EXPECT_EQ(memory.take(SlabPool::kPageBytes), nullptr);
  EXPECT_EQ(hooks.calloc(~std::size_t{0}, 2, hooks.mem_user_data), nullptr);
  while (memory.take(30'000) != nullptr) {
  }
  EXPECT_LE(pool.used_bytes(), HpackMemory::kBytesMax + SlabPool::kPageBytes);
  memory.release();
  EXPECT_EQ(pool.used_bytes(), 0u);
}

}  // namespace
}  // namespace spanlight::http2
