#include "program/news.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace spanlight {
namespace {

constexpr TimeNs kBegin = 1'000'000 * kSecondNs;

class NewsOfOneTopic : public ::testing::Test {
 protected:
  // A look each second.
  std::string look(const std::string& sentence) {
    return news_.look("link", sentence, "up again", kBegin + ++second_ * kSecondNs).value_or("");
  }
  News news_;
  TimeNs second_ = 0;
};

TEST_F(NewsOfOneTopic, what_goes_on_is_said_once) {
  EXPECT_EQ(look(""), "");
  EXPECT_EQ(look("down"), "down");
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(look("down"), "");
}

TEST_F(NewsOfOneTopic, its_end_is_said_and_that_it_comes_again) {
  for (int hour = 0; hour < 48; ++hour) {
    EXPECT_EQ(look("down"), "down");
    EXPECT_EQ(look(""), "up again");
    second_ += 3'600;
  }
}

TEST_F(NewsOfOneTopic, another_sentence_is_said) {
  EXPECT_EQ(look("slow"), "slow");
  EXPECT_EQ(look("down"), "down");
}

TEST_F(NewsOfOneTopic, what_flaps_gets_a_line_a_minute) {
  unsigned lines = 0;
  for (int i = 0; i < 1'800; ++i) lines += (look("down").empty() ? 0 : 1) + (look("").empty() ? 0 : 1);
  EXPECT_LE(lines, News::kLinesAtOnce + 60);
  EXPECT_GE(lines, 60u);
}

// Nothing is lost of it: what was passed over is told with the next line.
TEST_F(NewsOfOneTopic, what_was_passed_over_is_counted) {
  for (unsigned i = 0; i < News::kLinesAtOnce / 2; ++i) {
    EXPECT_EQ(look("down"), "down");
    EXPECT_EQ(look(""), "up again");
  }
  EXPECT_EQ(look("down"), "");
  EXPECT_EQ(look(""), "");
  second_ += 60;
  EXPECT_EQ(look(""), "up again (it came or went 1 times more since the last word of it)");
  EXPECT_EQ(look(""), "");
}

TEST(News, topics_do_not_share_their_lines) {
  News news;
  for (TimeNs i = 0; i < 100; ++i) news.look("one", i % 2 == 0 ? "down" : "", "up", kBegin);
  EXPECT_EQ(news.look("two", "down", "up", kBegin), "down");
}

}  // namespace
}  // namespace spanlight
