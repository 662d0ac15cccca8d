#include "serve/url.h"

#include <gtest/gtest.h>

namespace spanlight::serve {
namespace {

using namespace std::string_literals;

TEST(Url, PathsAndQueriesAreDecoded) {
  const auto target = parse_target("/api/calls?filter=status_code%20%3D%3D+500&limit=5&flag&=x");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/api/calls");
  ASSERT_EQ(target->query.size(), 4u);
  EXPECT_EQ(target->query[0], std::make_pair("filter"s, "status_code == 500"s));
  EXPECT_EQ(target->query[2], std::make_pair("flag"s, ""s));
  EXPECT_EQ(parse_target("/a%2Fb+c")->path, "/a/b+c");
  EXPECT_EQ(parse_target("/gr%C3%BC")->path, "/gr\xc3\xbc");
  EXPECT_TRUE(parse_target("/a?")->query.empty());
  EXPECT_TRUE(parse_target("/a?&&")->query.empty());
}

TEST(Url, WhatCannotBeReadIsRefused) {
  for (const std::string& wrong : {""s,
                                   "*"s,
                                   "http://host/"s,
                                   "a"s,
                                   "/%"s,
                                   "/%2"s,
                                   "/%zz"s,
                                   "/%00"s,
                                   "/\0"s,
                                   "/%ff"s,
                                   "/%c3"s,
                                   "/a/../b"s,
                                   "/.."s,
                                   "/%2e%2e/etc/passwd"s,
                                   "/a/%2E./b"s,
                                   "/a/.."s,
                                   "/a/./b"s,
                                   "/..%5c..%5cb"s,
                                   "/a?b=%"s,
                                   "/a?%00=1"s,
                                   "/a?b=%ff"s,
                                   "/\xc0\xae\xc0\xae/"s})
    EXPECT_FALSE(parse_target(wrong)) << wrong;
}

TEST(Url, ParametersHaveAnEnd) {
  std::string many = "/a?";
  for (std::size_t i = 0; i < kQueryParametersMax; ++i) many += "x=1&";
  EXPECT_TRUE(parse_target(many));
  EXPECT_FALSE(parse_target(many + "x=1"));
}

}  // namespace
}  // namespace spanlight::serve
