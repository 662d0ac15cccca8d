#include "red/histogram.h"

#include <gtest/gtest.h>

namespace spanlight {
namespace {

using H = DurationHistogram;

TEST(Histogram, buckets_meet_without_a_gap) {
  for (std::size_t bucket = 0; bucket + 2 < H::kBuckets; ++bucket) {
    const std::uint64_t end = H::upper_us(bucket);
    EXPECT_EQ(H::bucket_of(end - 1), bucket);
    EXPECT_EQ(H::bucket_of(end), bucket + 1);
  }
  EXPECT_EQ(H::bucket_of(0), 0u);
  EXPECT_EQ(H::bucket_of(~std::uint64_t{0}), H::kBuckets - 1);
}

TEST(Histogram, quantiles_are_a_tenth_off_at_most) {
  for (std::uint64_t duration = 100; duration < 100'000'000; duration = duration * 13 / 10) {
    H histogram;
    for (int i = 0; i < 1'000; ++i) histogram.add(duration);
    for (const double share : {0.0, 0.5, 0.99, 1.0}) {
      const auto told = static_cast<double>(histogram.quantile_us(share));
      EXPECT_NEAR(told, static_cast<double>(duration), static_cast<double>(duration) * 0.125) << duration;
    }
    EXPECT_EQ(histogram.sum_us(), duration * 1'000);
  }
}

TEST(Histogram, quantiles_split_where_the_calls_split) {
  H histogram;
  for (int i = 0; i < 95; ++i) histogram.add(1'000);
  for (int i = 0; i < 5; ++i) histogram.add(1'000'000);
  EXPECT_LT(histogram.quantile_us(0.94), 1'200u);
  EXPECT_GT(histogram.quantile_us(0.95), 800'000u);
}

TEST(Histogram, sums_and_counts_below_bounds) {
  H one, two;
  one.add(10);
  one.add(1'500);
  two.add(5'000'000);
  one.add(two);
  EXPECT_EQ(one.count(), 3u);
  EXPECT_EQ(one.count_below(16), 1u);
  EXPECT_EQ(one.count_below(2'048), 2u);
  EXPECT_EQ(one.count_below(std::uint64_t{1} << H::kLastOctave), 3u);
  EXPECT_EQ(H().quantile_us(0.5), 0u);
}

TEST(Histogram, what_lives_as_long_as_the_process_does_not_wrap) {
  StepDurations step;
  step.add(10);
  H sum;
  sum.add(step);
  for (int doubled = 0; doubled < 40; ++doubled) sum.add(H(sum));
  EXPECT_EQ(sum.count(), std::uint64_t{1} << 40);
  EXPECT_EQ(sum.count_below(16), std::uint64_t{1} << 40);
  EXPECT_EQ(sum.sum_us(), std::uint64_t{10} << 40);
}

}  // namespace
}  // namespace spanlight
