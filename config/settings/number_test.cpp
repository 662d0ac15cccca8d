#include "settings/number.h"

#include <gtest/gtest.h>

namespace spanlight {
namespace {

constexpr Range kCount{1'024, 100'000'000};
constexpr Range kSeconds{1, 86'400, Unit::seconds};
constexpr Range kMillis{10, 60'000, Unit::milliseconds};
constexpr Range kBytes{0, 65'536, Unit::bytes};
constexpr Range kMebi{1, 65'536, Unit::mebibytes};
constexpr Range kRing{.least = 64, .most = 1'048'576, .power_of_two = true};
constexpr Range kAuto{64, 1'024, Unit::count, "auto", 0};

TEST(ReadNumber, takes_what_people_write) {
  struct Case {
    std::string_view text;
    Range range;
    std::int64_t value;
  };
  const Case cases[] = {
      {"1024", kCount, 1'024},    {"100000000", kCount, 100'000'000},
      {"300", kSeconds, 300},     {"300s", kSeconds, 300},
      {"5m", kSeconds, 300},      {"24h", kSeconds, 86'400},
      {"2000ms", kSeconds, 2},    {"20ms", kMillis, 20},
      {"2s", kMillis, 2'000},     {"1m", kMillis, 60'000},
      {"20", kMillis, 20},        {"0", kBytes, 0},
      {"16KiB", kBytes, 16'384},  {"16 KiB", kBytes, 16'384},
      {"64KB", kBytes, 64'000},   {"65536", kBytes, 65'536},
      {"65536B", kBytes, 65'536}, {"64MiB", kMebi, 64},
      {"1GiB", kMebi, 1'024},     {"64", kMebi, 64},
      {"1024KiB", kMebi, 1},      {"4096", kRing, 4'096},
      {"auto", kAuto, 0},         {"64", kAuto, 64},
  };
  for (const Case& c : cases) {
    std::int64_t value = -7;
    EXPECT_EQ(read_number(c.text, c.range, value), "") << c.text;
    EXPECT_EQ(value, c.value) << c.text;
  }
}

TEST(ReadNumber, says_what_is_wrong_and_what_would_be_right) {
  struct Case {
    std::string_view text;
    Range range;
    std::string_view sentence;
  };
  const Case cases[] = {
      {"99", kCount, "99 is below the least, 1024; give a number from 1024 to 100000000"},
      {"-5", kCount, "-5 is below the least, 1024; give a number from 1024 to 100000000"},
      {"100000001", kCount, "100000001 is above the most, 100000000; give a number from 1024 to 100000000"},
      {"99999999999999999999", kCount,
       "99999999999999999999 is not a whole number; give a number from 1024 to 100000000"},
      {"18446744073709551615", kCount,
       "18446744073709551615 is above the most, 100000000; give a number from 1024 to 100000000"},
      {"many", kCount, "many is not a whole number; give a number from 1024 to 100000000"},
      {"", kCount, "an empty text is not a whole number; give a number from 1024 to 100000000"},
      {"5m", kCount, "5m is not a whole number; give a number from 1024 to 100000000"},
      {"1e6", kCount, "1e6 is not a whole number; give a number from 1024 to 100000000"},
      {"4096.0", kCount, "4096.0 is not a whole number; give a number from 1024 to 100000000"},
      {"5 minutes", kSeconds,
       "5 minutes is not a duration such as 300s, 5m or 20ms; give a duration from 1s to 24h"},
      {"s", kSeconds, "s is not a duration such as 300s, 5m or 20ms; give a duration from 1s to 24h"},
      {"1500ms", kSeconds, "1500ms is not a whole number of seconds; give a duration from 1s to 24h"},
      {"0s", kSeconds, "0s is below the least, 1s; give a duration from 1s to 24h"},
      {"25h", kSeconds, "25h is above the most, 24h; give a duration from 1s to 24h"},
      {"9223372036854775807h", kSeconds,
       "9223372036854775807h is above the most, 24h; give a duration from 1s to 24h"},
      {"64MiB", kBytes, "64MiB is above the most, 64KiB; give a size from 0B to 64KiB"},
      {"64mib", kBytes, "64mib is not a size such as 16KiB or 64MiB; give a size from 0B to 64KiB"},
      {"100KiB", kMebi, "100KiB is not a whole number of MiB; give a size from 1MiB to 64GiB"},
      {"1000", kRing, "1000 is not a power of two; give a power of two from 64 to 1048576"},
      {"0", kAuto, "0 is below the least, 64; give a number from 64 to 1024, or auto"},
      {"Auto", kAuto, "Auto is not a whole number; give a number from 64 to 1024, or auto"},
  };
  for (const Case& c : cases) {
    std::int64_t value = -7;
    EXPECT_EQ(read_number(c.text, c.range, value), c.sentence);
    EXPECT_EQ(value, -7) << c.text << " changed the value";
  }
}

TEST(FormatNumber, is_read_back) {
  for (const Range& range : {kCount, kSeconds, kMillis, kBytes, kMebi, kAuto})
    for (const std::int64_t n : {range.least, range.least + 1, range.most / 3, range.most - 1, range.most}) {
      std::int64_t back = -7;
      EXPECT_EQ(read_number(format_number(n, range), range, back), "");
      EXPECT_EQ(back, n);
    }
  EXPECT_EQ(format_number(300, kSeconds), "5m");
  EXPECT_EQ(format_number(16'384, kBytes), "16KiB");
  EXPECT_EQ(format_number(0, kBytes), "0B");
  EXPECT_EQ(format_number(0, kAuto), "auto");
}

}  // namespace
}  // namespace spanlight
