#include "program/sensor_news.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spanlight {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kNow = 1'795'407'600'000'000'000, kSecond = 1'000'000'000;

class News : public ::testing::Test {
 protected:
  std::vector<std::string> look(std::uint64_t now_ns) {
    said_.clear();
    news_.look({sensor_}, now_ns);
    return said_;
  }
  SensorState sensor_;
  std::vector<std::string> said_;
  SensorNews news_{[this](LogLevel, const std::string& sentence) { said_.push_back(sentence); }};
};

TEST_F(News, TellsWhoComesAndGoes) {
  sensor_.endpoint = "ipc:///records.sock";
  EXPECT_THAT(look(kNow), ElementsAre("waiting for the sensor at ipc:///records.sock"));
  EXPECT_THAT(look(kNow), IsEmpty());
  sensor_.name = "rack12";
  sensor_.link = SensorState::Link::connected;
  EXPECT_THAT(look(kNow), ElementsAre("sensor rack12 is connected"));
  sensor_.link = SensorState::Link::connecting;
  EXPECT_THAT(look(kNow), ElementsAre("sensor rack12 is away: it is waited for"));
  sensor_.link = SensorState::Link::connected;
  sensor_.restarts = 1;
  EXPECT_THAT(look(kNow), ElementsAre("sensor rack12 is connected", "sensor rack12 was started anew"));
  sensor_.link = SensorState::Link::refused;
  sensor_.trouble = "The sensor does not let us in.";
  EXPECT_THAT(look(kNow), ElementsAre("sensor rack12: The sensor does not let us in."));
}

TEST_F(News, TellsWhatIsMissingOnceAMinute) {
  sensor_.link = SensorState::Link::connected;
  sensor_.name = "rack12";
  look(kNow);
  sensor_.missed_batches = 3;
  sensor_.malformed = 1;
  EXPECT_THAT(look(kNow), ElementsAre(HasSubstr("3 batches of sensor rack12 did not arrive"),
                                      HasSubstr("1 messages from sensor rack12 were left out")));
  sensor_.missed_batches = 10;
  EXPECT_THAT(look(kNow + 5 * kSecond), IsEmpty());
  sensor_.missed_batches = 12;
  EXPECT_THAT(look(kNow + 61 * kSecond), ElementsAre(HasSubstr("9 batches of sensor rack12")));
  EXPECT_THAT(look(kNow + 200 * kSecond), IsEmpty()) << "nothing since";
}

}  // namespace
}  // namespace spanlight
