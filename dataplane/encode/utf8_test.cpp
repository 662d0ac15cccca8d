#include "encode/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace spanlight {
namespace {

TEST(Utf8, TableOfSequences) {
  const std::string bad = "\xef\xbf\xbd";
  const struct {
    const char* name;
    std::string in, out;
  } cases[] = {
      {"empty", "", ""},
      {"ascii", "plain text, more than eight", "plain text, more than eight"},
      {"two, three, four", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"lone tail", "a\x80z", "a" + bad + "z"},
      {"cut two", "a\xc3", "a" + bad},
      {"cut four", "\xf0\x9f\x98", bad + bad + bad},
      {"overlong slash", "\xc0\xaf", bad + bad},
      {"overlong three", "\xe0\x9f\xbf", bad + bad + bad},
      {"overlong four", "\xf0\x8f\xbf\xbf", bad + bad + bad + bad},
      {"surrogate", "\xed\xa0\x80", bad + bad + bad},
      {"last", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
      {"above last", "\xf4\x90\x80\x80", bad + bad + bad + bad},
      {"f5", "\xf5\x80\x80\x80", bad + bad + bad + bad},
      {"bad after eight",
       "12345678\xff"
       "9",
       "12345678" + bad + "9"},
      {"lead then ascii",
       "\xe2"
       "a\xac",
       bad + "a" + bad},
  };
  for (const auto& c : cases) {
    ASSERT_EQ(utf8_bytes(c.in), c.out.size()) << c.name;
    std::string out(c.out.size(), '?');
    copy_utf8(c.in, reinterpret_cast<std::uint8_t*>(out.data()));
    EXPECT_EQ(out, c.out) << c.name;
  }
}

}  // namespace
}  // namespace spanlight
