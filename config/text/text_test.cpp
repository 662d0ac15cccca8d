#include "text/text.h"

#include <gtest/gtest.h>

namespace spanlight::text {
namespace {

TEST(Distance, counts_edits) {
  struct Case {
    std::string_view a, b;
    std::size_t edits;
  };
  const Case cases[] = {
      {"", "", 0},
      {"", "abc", 3},
      {"abc", "", 3},
      {"format", "format", 0},
      {"Format", "format", 0},
      {"tcp_idle", "tcp-idle", 0},
      {"fromat", "format", 1},
      {"forma", "format", 1},
      {"formatt", "format", 1},
      {"farmat", "format", 1},
      {"kitten", "sitting", 3},
      {"ca", "abc", 3},
  };
  for (const Case& c : cases) EXPECT_EQ(distance(c.a, c.b), c.edits) << c.a << " → " << c.b;
}

TEST(Distance, of_very_long_words_is_cheap) {
  const std::string long_word(1'000'000, 'a');
  EXPECT_EQ(distance(long_word, "a"), long_word.size());
}

TEST(Closest, guesses_only_what_is_near) {
  const std::string_view words[] = {"max", "tcpIdle", "tcpClosed", "tcpOpening", "udpIdle"};
  struct Case {
    std::string_view word, guess;
  };
  const Case cases[] = {
      {"tcpidle", "tcpIdle"}, {"tcp_idle", "tcpIdle"},   {"tcpIdel", "tcpIdle"}, {"colour", ""},
      {"mx", "max"},          {"tcpOpen", "tcpOpening"}, {"maximum", ""},        {"", ""}};
  for (const Case& c : cases) EXPECT_EQ(closest(c.word, words), c.guess) << c.word;
}

TEST(Wrap, keeps_the_width) {
  EXPECT_EQ(wrap("one two three", 9, 2), "  one two\n  three\n");
  EXPECT_EQ(wrap("incomprehensible it is", 9, 2), "  incomprehensible\n  it is\n");
  EXPECT_EQ(wrap("  spaces   fold ", 80, 0), "spaces fold\n");
  EXPECT_EQ(wrap("", 80, 4), "\n");
}

TEST(OneOf, reads_as_a_sentence) {
  const std::string_view words[] = {"a", "b", "c"};
  EXPECT_EQ(one_of({}), "");
  EXPECT_EQ(one_of(std::span(words, 1)), "a");
  EXPECT_EQ(one_of(std::span(words, 2)), "a or b");
  EXPECT_EQ(one_of(words, "and"), "a, b and c");
}

TEST(ParseNumber, takes_whole_numbers_alone) {
  std::uint64_t n = 7;
  EXPECT_TRUE(parse_number("0", n));
  EXPECT_EQ(n, 0u);
  EXPECT_TRUE(parse_number("18446744073709551615", n));
  EXPECT_EQ(n, ~std::uint64_t{0});
  for (const std::string_view bad :
       {"", "-1", "+1", " 1", "1 ", "0x10", "1.5", "18446744073709551616", "one"})
    EXPECT_FALSE(parse_number(bad, n)) << bad;
}

}  // namespace
}  // namespace spanlight::text
