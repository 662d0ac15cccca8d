#include "address/address.h"

#include <gtest/gtest.h>

namespace spanlight {
namespace {

TEST(Address, ReadsAndWrites) {
  struct Case {
    const char* text;
    const char* written;
  };
  for (const Case& c : {Case{"10.1.2.3", "10.1.2.3"}, Case{"::ffff:10.1.2.3", "10.1.2.3"}, Case{"::", "::"},
                        Case{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"}, Case{"0.0.0.0", "0.0.0.0"},
                        Case{"fd00::10.0.0.1", "fd00::a00:1"}}) {
    const auto address = parse_address(c.text);
    ASSERT_TRUE(address) << c.text;
    EXPECT_EQ(to_text(*address), c.written);
  }
  EXPECT_EQ(parse_address("10.0.0.1")->low, 0xffff0a000001U);
  EXPECT_TRUE(parse_address("10.0.0.1")->is_v4());
  EXPECT_FALSE(parse_address("fd00::1")->is_v4());
}

TEST(Address, RefusesWhatIsNone) {
  for (const char* text : {"", "10.0.0", "10.0.0.256", "010.0.0.1", "None", "fe80::1%eth0",
                           "1:2:3:4:5:6:7:8:9", "10.0.0.1 ", "0x0a.0.0.1"})
    EXPECT_FALSE(parse_address(text)) << text;
  EXPECT_FALSE(parse_address(std::string_view("10.0.0.1\0x", 10)));
  EXPECT_FALSE(parse_address(std::string(200, '1')));
}

TEST(Prefix, KnowsWhatItContains) {
  const auto ten = parse_prefix("10.0.0.0/8");
  ASSERT_TRUE(ten);
  EXPECT_TRUE(ten->contains(*parse_address("10.255.1.2")));
  EXPECT_FALSE(ten->contains(*parse_address("11.0.0.0")));
  EXPECT_FALSE(ten->contains(*parse_address("::10.0.0.1")));
  const auto six = parse_prefix("2001:db8::/33");
  ASSERT_TRUE(six);
  EXPECT_TRUE(six->contains(*parse_address("2001:db8:7fff::1")));
  EXPECT_FALSE(six->contains(*parse_address("2001:db8:8000::1")));
  EXPECT_TRUE(parse_prefix("::/0")->contains(*parse_address("10.0.0.1")));
  EXPECT_FALSE(parse_prefix("0.0.0.0/0")->contains(*parse_address("fd00::1")));
  EXPECT_EQ(parse_prefix("10.0.0.1")->bits, 128U);
  EXPECT_EQ(parse_prefix("10.0.0.0/8"), parse_prefix("::ffff:10.0.0.0/104"));
}

TEST(Prefix, ReadsAndWrites) {
  for (const char* text :
       {"10.0.0.0/8", "10.1.2.3/32", "::/0", "2001:db8::/32", "fd00::1/128", "0.0.0.0/0"}) {
    const auto prefix = parse_prefix(text);
    ASSERT_TRUE(prefix) << text;
    EXPECT_EQ(to_text(*prefix), text);
  }
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/-1", "10.0.0.0/8x",
                           "fd00::/129", "10.0.0.0/8/8"})
    EXPECT_FALSE(parse_prefix(text)) << text;
}

}  // namespace
}  // namespace spanlight
