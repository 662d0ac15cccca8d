#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "record/sample.h"
#include "record/subscriber.h"

namespace spanlight {
namespace {

const std::vector<std::string> kAll = {"record."};

LossTracker::Seen stats(LossTracker& loss, std::uint64_t epoch, const std::vector<sample::NextSequence>& next,
                        const std::vector<std::string>& topics = kAll) {
  const sample::Bytes bytes = sample::build_stats("s", epoch, next);
  return loss.on_stats(*open_stats({bytes.data(), bytes.size()}), topics);
}

TEST(Loss, StartsWhereItCameInAndCountsHolesAfterwards) {
  LossTracker loss;
  EXPECT_EQ(loss.on_batch("s", 1, 0, "record.http.", 50).missed, 0u);
  EXPECT_EQ(loss.on_batch("s", 1, 0, "record.http.", 51).missed, 0u);
  EXPECT_EQ(loss.on_batch("s", 1, 0, "record.http.", 55).missed, 3u);
  EXPECT_EQ(loss.missed(), 3u);
}

TEST(Loss, CountsEachSensorWorkerAndTopicByItself) {
  LossTracker loss;
  loss.on_batch("s", 1, 0, "record.http.", 10);
  EXPECT_EQ(loss.on_batch("s", 1, 1, "record.http.", 90).missed, 0u);
  EXPECT_EQ(loss.on_batch("s", 1, 0, "record.redis.", 70).missed, 0u);
  EXPECT_EQ(loss.on_batch("t", 1, 0, "record.http.", 30).missed, 0u);
  EXPECT_EQ(loss.on_batch("s", 1, 0, "record.http.", 12).missed, 1u);
  EXPECT_EQ(loss.restarts(), 0u);
}

TEST(Loss, StatsTellTheLastOnes) {
  LossTracker loss;
  loss.on_batch("s", 1, 0, "record.http.", 10);
  EXPECT_EQ(stats(loss, 1, {{0, "record.http.", 11}}).missed, 0u);
  EXPECT_EQ(stats(loss, 1, {{0, "record.http.", 14}}).missed, 3u);
  EXPECT_EQ(stats(loss, 1, {{0, "record.http.", 14}}).missed, 0u);
  EXPECT_EQ(loss.on_batch("s", 1, 0, "record.http.", 14).missed, 0u);
}

TEST(Loss, ATopicThatEarlierStatsDidNotNameStartsAtZero) {
  LossTracker loss;
  EXPECT_EQ(stats(loss, 1, {{0, "record.http.", 100}}).missed, 0u);
  EXPECT_EQ(loss.on_batch("s", 1, 0, "record.redis.", 2).missed, 2u);
  EXPECT_EQ(loss.on_batch("s", 1, 0, "record.http.", 100).missed, 0u);
}

TEST(Loss, OfTopicsNotSubscribedToNothingIsMissed) {
  LossTracker loss;
  const std::vector<std::string> http = {"record.http."};
  stats(loss, 1, {{0, "record.http.", 0}, {0, "record.redis.", 0}}, http);
  EXPECT_EQ(stats(loss, 1, {{0, "record.http.", 1}, {0, "record.redis.", 9}}, http).missed, 1u);
}

TEST(Loss, ARestartIsSeenAndCountsFromZero) {
  LossTracker loss;
  loss.on_batch("s", 1, 0, "record.http.", 10);
  EXPECT_TRUE(loss.on_hello("s", 2).restarted);
  const LossTracker::Seen seen = loss.on_batch("s", 2, 0, "record.http.", 3);
  EXPECT_FALSE(seen.restarted);  // told once
  EXPECT_EQ(seen.missed, 3u);
  EXPECT_EQ(loss.restarts(), 1u);
}

TEST(Loss, NumbersThatGoBackAreCountedAndChangeNothing) {
  LossTracker loss;
  loss.on_batch("s", 1, 0, "record.http.", 10);
  EXPECT_EQ(loss.on_batch("s", 1, 0, "record.http.", 4).missed, 0u);
  EXPECT_EQ(loss.out_of_order(), 1u);
  EXPECT_EQ(loss.on_batch("s", 1, 0, "record.http.", 11).missed, 0u);
}

TEST(Loss, HostileNumbersSaturate) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  LossTracker loss;
  loss.on_batch("s", 1, 0, "record.a.", 0);
  loss.on_batch("s", 1, 0, "record.b.", 0);
  EXPECT_EQ(loss.on_batch("s", 1, 0, "record.a.", kMax).missed, kMax - 1);
  EXPECT_EQ(loss.on_batch("s", 1, 0, "record.b.", kMax).missed, kMax - 1);
  EXPECT_EQ(loss.missed(), kMax);
}

TEST(Loss, ItsMemoryIsBounded) {
  LossTracker loss;
  for (std::size_t i = 0; i < LossTracker::kSeriesMax + 5; ++i) {
    loss.on_batch("s", 1, 0, "record." + std::to_string(i) + ".", 0);
  }
  EXPECT_EQ(loss.untracked(), 5u);
  for (std::size_t i = 0; i < LossTracker::kSensorsMax + 5; ++i) {
    loss.on_batch(std::to_string(i), 1, 0, "record.http.", 0);
  }
  EXPECT_EQ(loss.untracked(), 5u + 6u);  // one of the places was taken by "s"
}

}  // namespace
}  // namespace spanlight
