#include "command/targets.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace spanlight {
namespace {

IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  IpAddress out;
  out.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
  return out;
}

IpAddress numbered(std::uint32_t n) {
  return v4(10, static_cast<std::uint8_t>(n >> 16), static_cast<std::uint8_t>(n >> 8),
            static_cast<std::uint8_t>(n));
}

TEST(TargetSet, HoldsWhatItWasGivenAndNothingElse) {
  for (const std::uint32_t count : {0u, 1u, 7u, 8u, 9u, 1'000u, 50'000u}) {
    std::vector<IpAddress> addresses;
    for (std::uint32_t i = 0; i < count; ++i) addresses.push_back(numbered(i * 2));
    addresses.insert(addresses.end(), addresses.begin(), addresses.begin() + count / 2);  // duplicates
    const TargetSet set(true, addresses);
    EXPECT_EQ(set.size(), count);
    for (std::uint32_t i = 0; i < count; ++i) {
      EXPECT_TRUE(set.contains(numbered(i * 2))) << i << " of " << count;
      EXPECT_FALSE(set.contains(numbered(i * 2 + 1))) << i << " of " << count;
    }
    EXPECT_FALSE(set.contains(IpAddress{}));
  }
}

TEST(TargetSet, TheUnspecifiedAddressIsAnAddress) {
  const IpAddress zero{};
  EXPECT_FALSE(TargetSet{}.contains(zero));
  const TargetSet set(true, std::vector<IpAddress>{zero, numbered(1), zero});
  EXPECT_EQ(set.size(), 2u);
  EXPECT_TRUE(set.contains(zero));
}

TEST(TargetSet, AdmitsEitherEnd) {
  const std::vector<IpAddress> addresses{numbered(1)};
  const TargetSet only(true, addresses);
  EXPECT_TRUE(only.admits(numbered(1), numbered(2)));
  EXPECT_TRUE(only.admits(numbered(2), numbered(1)));
  EXPECT_FALSE(only.admits(numbered(2), numbered(3)));
  EXPECT_TRUE(TargetSet(false, addresses).admits(numbered(2), numbered(3)));
  EXPECT_TRUE(TargetSet{}.admits(numbered(2), numbered(3)));
  EXPECT_FALSE(TargetSet(true, {}).admits(numbered(2), numbered(3)));  // nothing is a target
}

std::unique_ptr<TargetSet> set_of(std::uint32_t n) {
  return std::make_unique<TargetSet>(true, std::vector<IpAddress>{numbered(n)});
}

// What was left out before, and since when no more: whose doing a connection's missing beginning is.
TEST(TargetBoard, KnowsSinceWhenAnAddressIsATarget) {
  TargetBoard board(1);
  TargetReader reader = board.reader(0);
  const auto publish = [&](std::vector<IpAddress> addresses) {
    ASSERT_TRUE(board.publish(std::make_unique<TargetSet>(true, addresses)));
  };
  const auto since = [&](std::uint32_t a, std::uint32_t b) {
    return reader.current().since(numbered(a), numbered(b));
  };
  EXPECT_EQ(since(1, 2), 0u);  // everything is captured
  publish({numbered(1), IpAddress{}});
  EXPECT_EQ(since(1, 9), 0u);  // it was before, too
  EXPECT_EQ(since(8, 9), kNever);
  publish({numbered(1), numbered(2), IpAddress{}});
  const TimeNs second = since(2, 9);
  EXPECT_GT(second, 0u);
  EXPECT_LT(second, kNever);
  EXPECT_EQ(since(1, 2), 0u);  // the other end was a target all the time
  EXPECT_EQ(reader.current().since(IpAddress{}, numbered(9)), 0u);
  publish({numbered(2), numbered(3)});
  EXPECT_EQ(since(2, 9), second);  // it stays
  EXPECT_GE(since(3, 9), second);
  EXPECT_EQ(since(1, 9), kNever);
  EXPECT_EQ(reader.current().since(IpAddress{}, numbered(9)), kNever);
  publish({numbered(1)});
  EXPECT_GE(since(1, 9), second);  // gone and come back
  board.publish(std::make_unique<TargetSet>());
  EXPECT_EQ(since(1, 9), 0u);
}

TEST(TargetBoard, AnOldSetWaitsForEveryWorker) {
  TargetBoard board(2);
  TargetReader one = board.reader(0);
  TargetReader two = board.reader(1);
  one.online();
  two.online();
  EXPECT_EQ(one.current().generation(), 0u);
  EXPECT_FALSE(one.current().only());
  ASSERT_TRUE(board.publish(set_of(1)));
  EXPECT_EQ(board.generation(), 1u);
  EXPECT_EQ(one.current().generation(), 1u);
  EXPECT_TRUE(one.current().contains(numbered(1)));
  EXPECT_EQ(board.reclaim(), 1u);
  one.quiescent();
  EXPECT_EQ(board.reclaim(), 1u);  // the other one may still hold it
  two.quiescent();
  EXPECT_EQ(board.reclaim(), 0u);
  one.offline();
  two.offline();
}

TEST(TargetBoard, AWorkerThatSleepsHoldsNothingUp) {
  TargetBoard board(2);
  TargetReader one = board.reader(0);
  one.online();
  ASSERT_TRUE(board.publish(set_of(1)));  // worker 1 has never come online
  EXPECT_EQ(board.reclaim(), 1u);
  one.offline();
  EXPECT_EQ(board.reclaim(), 0u);
  one.online();
  EXPECT_EQ(one.current().generation(), 1u);
  one.offline();
}

TEST(TargetBoard, AStuckWorkerStopsNewSetsNotMemory) {
  TargetBoard board(1);
  TargetReader reader = board.reader(0);
  reader.online();
  for (std::uint32_t i = 0; i < TargetBoard::kRetiredMax; ++i) ASSERT_TRUE(board.publish(set_of(i))) << i;
  EXPECT_FALSE(board.publish(set_of(99)));
  EXPECT_EQ(board.generation(), TargetBoard::kRetiredMax);
  EXPECT_FALSE(reader.current().contains(numbered(99)));
  reader.quiescent();
  EXPECT_TRUE(board.publish(set_of(99)));
  EXPECT_TRUE(reader.current().contains(numbered(99)));
  reader.offline();
}

// Under the sanitizers: a set freed too early, or seen half built, shows here.
TEST(TargetBoard, ReadersAndWriterAtOnce) {
  TargetBoard board(2);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> workers;
  for (std::uint16_t id = 0; id < 2; ++id)
    workers.emplace_back([&, id] {
      TargetReader reader = board.reader(id);
      reader.online();
      std::uint64_t last = 0;
      while (!stop.load(std::memory_order_relaxed)) {
        const TargetSet& set = reader.current();
        const std::uint64_t generation = set.generation();
        if (generation < last) ++wrong;
        last = generation;
        if (generation != 0 && !set.contains(numbered(static_cast<std::uint32_t>(generation)))) ++wrong;
        reader.quiescent();
      }
      reader.offline();
    });
  std::uint64_t published = 0;
  for (int i = 0; i < 2'000; ++i) {
    if (board.publish(set_of(static_cast<std::uint32_t>(published + 1))))
      ++published;
    else
      std::this_thread::yield();
  }
  stop = true;
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(board.generation(), published);
  EXPECT_GT(published, 0u);
  EXPECT_EQ(board.reclaim(), 0u);
}

}  // namespace
}  // namespace spanlight
