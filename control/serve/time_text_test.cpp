#include "serve/time_text.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace spanlight::serve {
namespace {

constexpr std::uint64_t kNow = 1'795'407'600'000'000'000;  // 2026-11-23T04:20:00Z

TEST(TimeText, EveryFormIsRead) {
  struct Case {
    const char* text;
    std::uint64_t ns;
  };
  const Case cases[] = {{"now", kNow},
                        {"0", 0},
                        {"1795407600123456789", 1'795'407'600'123'456'789},
                        {"2026-11-23T04:20:00Z", kNow},
                        {"2026-11-23t04:20:00z", kNow},
                        {"2026-11-23 04:20:00Z", kNow},
                        {"2026-11-23T04:20:00.5Z", kNow + 500'000'000},
                        {"2026-11-23T04:20:00.123456789Z", kNow + 123'456'789},
                        {"2026-11-23T04:20:00.1234567899Z", kNow + 123'456'789},
                        {"2026-11-23T05:20:00+01:00", kNow},
                        {"2026-11-22T23:50:00-04:30", kNow},
                        {"1970-01-01T00:00:00Z", 0},
                        {"2024-02-29T00:00:00Z", 1'709'164'800'000'000'000},
                        {"5m", kNow - 300'000'000'000},
                        {"1h30m", kNow - 5'400'000'000'000},
                        {"250ms", kNow - 250'000'000},
                        {"7d", kNow - 604'800'000'000'000}};
  for (const Case& each : cases) {
    const auto moment = parse_moment(each.text, kNow);
    ASSERT_TRUE(moment) << each.text;
    EXPECT_EQ(*moment, each.ns) << each.text;
  }
  EXPECT_EQ(*parse_moment("90d", 1'000), 0u);  // before the epoch: from the beginning
}

TEST(TimeText, AnythingElseIsRefused) {
  for (const char* wrong : {"",
                            " ",
                            "-5m",
                            "5x",
                            "m",
                            "5m ",
                            "1.5h",
                            "2026-11-23",
                            "2026-11-23T04:20Z",
                            "2026-13-01T00:00:00Z",
                            "2026-02-29T00:00:00Z",
                            "2026-11-23T24:00:00Z",
                            "2026-11-23T04:60:00Z",
                            "2026-11-23T04:20:00",
                            "2026-11-23T04:20:00.Z",
                            "2026-11-23T04:20:00+1:00",
                            "2026-11-23T04:20:00+24:00",
                            "1969-12-31T23:59:59Z",
                            "9999-01-01T00:00:00Z",
                            "99999999999999999999999",
                            "100000w",
                            "yesterday",
                            "18446744073709551616"})
    EXPECT_FALSE(parse_moment(wrong, kNow)) << wrong;
  EXPECT_FALSE(parse_duration("5"));
  EXPECT_FALSE(parse_duration("99999999999999999999s"));
}

}  // namespace
}  // namespace spanlight::serve
