#include "body/charset.h"

#include <gtest/gtest.h>

namespace spanlight::body {
namespace {

using namespace std::string_view_literals;

TEST(Charset, UsualSetsBecomeUtf8) {
  struct Case {
    std::string_view bytes, charset, text, read_as;
  };
  const Case cases[] = {{"plain"sv, ""sv, "plain"sv, "utf-8"sv},
                        {"gr\xc3\xbc\xc3\x9f"sv, "UTF-8"sv, "gr\xc3\xbc\xc3\x9f"sv, "utf-8"sv},
                        {"gr\xfc\xdf"sv, "ISO-8859-1"sv, "gr\xc3\xbc\xc3\x9f"sv, "windows-1252"sv},
                        {"gr\xfc\xdf"sv, ""sv, "gr\xc3\xbc\xc3\x9f"sv, "windows-1252"sv},
                        {"\x80"sv, "windows-1252"sv, "\xe2\x82\xac"sv, "windows-1252"sv},
                        {"\xa4"sv, "iso-8859-15"sv, "\xe2\x82\xac"sv, "iso-8859-15"sv},
                        {"\xef\xbb\xbf{}"sv, "iso-8859-1"sv, "{}"sv, "utf-8"sv},
                        {"\xff\xfe{\0}\0"sv, ""sv, "{}"sv, "utf-16le"sv},
                        {"\xfe\xff\0{\0}"sv, "utf-8"sv, "{}"sv, "utf-16be"sv},
                        {"\x93\xfa\x96\x7b"sv, "Shift_JIS"sv, "\xe6\x97\xa5\xe6\x9c\xac"sv, "shift_jis"sv},
                        {"\xd0\xd2"sv, "koi8-r"sv, "\xd0\xbf\xd1\x80"sv, "koi8-r"sv},
                        {"\xc4\xe3"sv, "gbk"sv, "\xe4\xbd\xa0"sv, "gbk"sv}};
  for (const Case& each : cases) {
    const Utf8Text text = to_utf8(each.bytes, each.charset, false);
    EXPECT_EQ(text.text, each.text) << each.charset;
    EXPECT_EQ(text.charset, each.read_as) << each.charset;
    EXPECT_FALSE(text.replaced) << each.charset;
  }
}

TEST(Charset, WhatIsNotOfTheSetIsReplacedAndSaid) {
  const Utf8Text utf8 = to_utf8("a\xff z"sv, "utf-8", false);
  EXPECT_EQ(utf8.text, "a\xef\xbf\xbd z");
  EXPECT_TRUE(utf8.replaced);
  const Utf8Text jis = to_utf8("\xff\xff z"sv, "euc-jp", false);
  EXPECT_TRUE(jis.replaced);
  EXPECT_TRUE(jis.text.ends_with(" z"));
}

TEST(Charset, ACutCharacterIsNoFault) {
  const Utf8Text cut = to_utf8("ab\xe4\xbd"sv, "utf-8", true);
  EXPECT_EQ(cut.text, "ab");
  EXPECT_FALSE(cut.replaced);
  EXPECT_TRUE(to_utf8("ab\xe4\xbd"sv, "utf-8", false).replaced);
  const Utf8Text cut_jis = to_utf8("\x93\xfa\x96"sv, "shift_jis", true);
  EXPECT_EQ(cut_jis.text, "\xe6\x97\xa5");
  EXPECT_FALSE(cut_jis.replaced);
}

TEST(Charset, OnlyNamesOfOurTableReachTheConverter) {
  for (const std::string_view name : {"ISO-2022-CN-EXT"sv, "utf-8//TRANSLIT"sv, "../../evil"sv, "\0\0"sv}) {
    const Utf8Text text = to_utf8("plain"sv, name, false);
    EXPECT_EQ(text.text, "plain");
    EXPECT_EQ(text.charset, "utf-8");
  }
}

}  // namespace
}  // namespace spanlight::body
