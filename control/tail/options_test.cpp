#include "options.h"

#include <gtest/gtest.h>

namespace spanlight {
namespace {

using Words = std::vector<const char*>;

std::optional<int> parse_words(Words words, TailOptions& options) {
  words.insert(words.begin(), "spanlight-tail");
  return parse(static_cast<int>(words.size()), words.data(), options);
}

TEST(TailOptions, NothingSaidIsEverythingOfThisMachine) {
  TailOptions o;
  ASSERT_EQ(parse_words({}, o), std::nullopt);
  EXPECT_EQ(o.endpoint, "ipc:///run/spanlight/records.sock");
  EXPECT_TRUE(o.protocols.empty());
  EXPECT_EQ(o.format, TailOptions::Format::table);
  EXPECT_TRUE(o.colour);
  EXPECT_EQ(o.count, 0u);
}

TEST(TailOptions, EveryOptionReachesItsMember) {
  TailOptions o;
  ASSERT_EQ(
      parse_words({"--connect=tcp://h:1", "--protocol", "http,redis", "--protocol", "kafka", "--filter=http",
                   "-n5", "--no-color", "--server-key", "K", "--key-file", "F", "--json"},
                  o),
      std::nullopt);
  EXPECT_EQ(o.endpoint, "tcp://h:1");
  EXPECT_EQ(o.protocols, (std::vector<std::string>{"http", "redis", "kafka"}));
  EXPECT_EQ(o.filter, "http");
  EXPECT_EQ(o.format, TailOptions::Format::json);
  EXPECT_FALSE(o.colour);
  EXPECT_EQ(o.count, 5u);
  EXPECT_EQ(o.server_key, "K");
  EXPECT_EQ(o.key_file, "F");
}

TEST(TailOptions, TheFormatCanBeSaidInThreeWays) {
  for (const Words& words : {Words{"-j"}, Words{"--json"}, Words{"--format", "json"}, Words{"-fjson"}}) {
    TailOptions o;
    ASSERT_EQ(parse_words(words, o), std::nullopt) << words[0];
    EXPECT_EQ(o.format, TailOptions::Format::json) << words[0];
  }
}

TEST(TailOptions, AMistakeEndsWithTwoAndHelpWithNought) {
  for (const Words& words : {Words{"stray"}, Words{"--count", "0"}, Words{"--json", "--format", "table"},
                             Words{"--key-file", "F"}}) {
    TailOptions o;
    EXPECT_EQ(parse_words(words, o), 2) << words[0];
  }
  TailOptions o;
  EXPECT_EQ(parse_words({"--help", "stray"}, o), 0);
}

}  // namespace
}  // namespace spanlight
