#include "program/clocks.h"

#include <gtest/gtest.h>

namespace spanlight {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::uint64_t kNow = 1'795'407'600'000'000'000, kHour = 3'600'000'000'000;

SensorState sensor_with(std::int64_t offset_ns) {
  SensorState sensor;
  sensor.name = "rack12";
  sensor.link = SensorState::Link::connected;
  sensor.clock_known = true;
  sensor.clock_offset_ns = offset_ns;
  return sensor;
}

ClientStatus server_with(std::int64_t offset_ns) {
  ClientStatus server;
  server.clock_known = true;
  server.clock_offset_ns = offset_ns;
  return server;
}

class Clocks : public ::testing::Test {
 protected:
  std::vector<std::string> said_;
  ClockWatch watch_{[this](LogLevel level, const std::string& sentence) {
    said_.push_back((level == LogLevel::warning ? "warning: " : "") + sentence);
  }};
};

TEST(ClockTrouble, NamesWhoAndHowMuch) {
  EXPECT_EQ(clock_trouble(sensor_with(100 * kMs)), "");
  EXPECT_EQ(clock_trouble(sensor_with(-100 * kMs)), "");
  EXPECT_EQ(
      clock_trouble(sensor_with(1'250 * kMs)).find("the clock of sensor rack12 is 1.250 s ahead of ours: "),
      0U);
  EXPECT_EQ(
      clock_trouble(sensor_with(-101 * kMs)).find("the clock of sensor rack12 is 0.101 s behind ours: "), 0U);
  EXPECT_EQ(clock_trouble(server_with(1'900 * kMs)), "") << "it is known to half a second only";
  EXPECT_EQ(clock_trouble(server_with(-61'000 * kMs))
                .find("the clock of the Kubernetes API server is 61.000 s behind ours"),
            0U);
}

TEST(ClockTrouble, WhatIsNotKnownIsNotJudged) {
  SensorState sensor = sensor_with(5'000 * kMs);
  sensor.clock_known = false;
  EXPECT_EQ(clock_trouble(sensor), "");
  sensor = sensor_with(5'000 * kMs);
  sensor.link = SensorState::Link::connecting;
  EXPECT_EQ(clock_trouble(sensor), "");
  EXPECT_EQ(clock_trouble(ClientStatus{}), "");
}

TEST_F(Clocks, AreSpokenOfOnceAgainEachHourAndWhenTheyAreWell) {
  for (int i = 0; i < 10; ++i) watch_.look({sensor_with(300 * kMs)}, server_with(0), kNow);
  ASSERT_EQ(said_.size(), 1U);
  EXPECT_EQ(said_[0].find("warning: the clock of sensor rack12 is 0.300 s ahead"), 0U);
  watch_.look({sensor_with(90 * kMs)}, {}, kNow);  // neither wrong nor well
  watch_.look({sensor_with(300 * kMs)}, {}, kNow);
  EXPECT_EQ(said_.size(), 1U);
  watch_.look({sensor_with(300 * kMs)}, {}, kNow + kHour);
  EXPECT_EQ(said_.size(), 2U);
  watch_.look({sensor_with(10 * kMs)}, {}, kNow + kHour);
  watch_.look({sensor_with(10 * kMs)}, {}, kNow + kHour);
  ASSERT_EQ(said_.size(), 3U);
  EXPECT_EQ(said_[2], "the clock of sensor rack12 agrees with ours again");
  watch_.look({}, server_with(5'000 * kMs), kNow);
  EXPECT_EQ(said_.size(), 4U);
}

}  // namespace
}  // namespace spanlight
