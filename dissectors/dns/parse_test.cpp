#include "dns/parse.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "dns/codes.h"
#include "dns/wire_for_tests.h"

namespace spanlight::dns {
namespace {

using namespace wire;

std::string text_of_name(const std::string& message, std::size_t at, NameStyle style = NameStyle::zone_file) {
  std::array<char, 1'024> bytes;
  TextRoom room(bytes);
  EXPECT_EQ(write_name(room, as_bytes(message), at, style).fault, Fault::none);
  return std::string(room.since(0));
}

std::string at12(const std::string& rest) {
  return std::string(kHeaderBytes, '\0') + rest;
}

TEST(DnsName, Faults) {
  struct Case {
    const char* name;
    std::string bytes;  // behind a header
    std::size_t at;
    Fault fault;
  };
  std::string long_name, pointers = u8(0);
  for (int i = 0; i < 5; ++i) long_name += str(std::string(63, 'x'));
  for (unsigned i = 0; i < 200; ++i) pointers += pointer(i == 0 ? 12 : 13 + 2 * (i - 1));
  const std::vector<Case> cases = {
      {"root", u8(0), 12, Fault::none},
      {"plain", name("www.example.org"), 12, Fault::none},
      {"empty", "", 12, Fault::short_input},
      {"no root", str("www"), 12, Fault::short_input},
      {"half a label", u8(5) + "ab", 12, Fault::short_input},
      {"half a pointer", name("a") + u8(0xc0), 15, Fault::short_input},
      {"pointer to itself", pointer(12), 12, Fault::bad_value},
      {"pointer onwards", pointer(14) + name("a"), 12, Fault::bad_value},
      {"pointer into the header", pointer(4), 12, Fault::bad_value},
      {"loop of two", str("a") + pointer(16) + str("b") + pointer(12), 16, Fault::bad_value},
      {"label of 64", u8(64) + std::string(64, 'x') + u8(0), 12, Fault::bad_value},
      {"old extended label", u8(0x41) + "x" + u8(0), 12, Fault::bad_value},
      {"256 bytes", long_name + u8(0), 12, Fault::bad_length},
      {"many pointers", pointers, 12 + pointers.size() - 2, Fault::too_deep},
  };
  for (const Case& c : cases) EXPECT_EQ(skip_name(as_bytes(at12(c.bytes)), c.at).fault, c.fault) << c.name;
}

TEST(DnsName, EndsWhereItStands) {
  const std::string m = at12(name("example.org") + str("www") + pointer(12) + "behind");
  const NameEnd end = skip_name(as_bytes(m), 25);
  EXPECT_EQ(end.end, 31u);
  EXPECT_EQ(text_of_name(m, 25), "www.example.org");
}

TEST(DnsName, OddBytesAreShownAsAZoneFileDoes) {
  const std::string odd = str(std::string("a.b\\c d\x01\xff", 9)) + str("@(;)$\"") + u8(0);
  EXPECT_EQ(text_of_name(at12(odd), 12), R"(a\.b\\c\032d\001\255.\@\(\;\)\$\")");
  EXPECT_EQ(text_of_name(at12(u8(0)), 12), ".");
}

// A name is copied by strides where there are bytes behind it, byte by byte at the message's end, and where
// there is little room.
TEST(DnsName, IsShownAlikeWhereverItStands) {
  for (const NameStyle style : {NameStyle::zone_file, NameStyle::utf8})
    for (unsigned byte = 0; byte < 256; ++byte)
      for (const std::size_t bytes : {1u, 15u, 16u, 17u, 33u, 63u})
        for (const std::size_t odd_at : {std::size_t{0}, bytes - 1}) {
          std::string label(bytes, 'x');
          label[odd_at] = static_cast<char>(byte);
          const std::string message = at12(str("www") + str(label) + u8(0));
          const std::string at_end = text_of_name(message, 12, style);
          EXPECT_EQ(text_of_name(message + std::string(80, 'y'), 12, style), at_end) << byte;
          std::array<char, 270> little;
          TextRoom room(little);
          write_name(room, as_bytes(message + std::string(80, 'y')), 12, style);
          EXPECT_EQ(room.since(0), at_end) << byte;
        }
}

TEST(DnsName, MulticastNamesAreForPeople) {
  const std::string odd = str("Ann's Pr\xc3\xbc"
                              "fer (2).x\x07") +
                          name("_ipp.local");
  EXPECT_EQ(text_of_name(at12(odd), 12, NameStyle::utf8),
            "Ann's Pr\xc3\xbc"
            "fer (2)\\.x\\007._ipp.local");
}

TEST(DnsMessage, EveryPrefixIsShort) {
  const std::string whole = header(7, 0x8180, 1, 2, 1, 1) + question("www.example.org", 1) +
                            record(pointer(12), 5, name("web.example.org")) +
                            record(name("web.example.org"), 1, "\xc0\x01\x02\x03") +
                            record(pointer(16), 2, name("ns.example.org")) + opt();
  for (std::size_t n = 0; n < whole.size(); ++n)
    EXPECT_EQ(outline_of(as_bytes(whole).first(n)).fault, Fault::short_input) << n;
  const Outline o = outline_of(as_bytes(whole));
  EXPECT_EQ(o.fault, Fault::none);
  EXPECT_EQ(o.end, whole.size());
  EXPECT_EQ(o.question.type, type::kA);
  EXPECT_TRUE(o.has_opt);
  EXPECT_EQ(o.opt.klass, 1232);
  unsigned answers = 0;
  each_record(as_bytes(whole), o, Section::answer, [&](const ResourceRecord&) { ++answers; });
  EXPECT_EQ(answers, 2u);
}

TEST(DnsMessage, KnowsHowFarItWasUnderstood) {
  const std::string good = header(7, 0x8180, 1, 1) + question("a.org", 1);
  const Outline answer_missing = outline_of(as_bytes(good));
  EXPECT_EQ(answer_missing.fault, Fault::short_input);
  EXPECT_EQ(answer_missing.reached, Section::answer);
  EXPECT_TRUE(answer_missing.understood());
  EXPECT_FALSE(outline_of(as_bytes(header(7, 0, 1))).understood());
  EXPECT_FALSE(outline_of(as_bytes("short")).understood());
}

TEST(DnsMessage, CodesAreExtended) {
  const std::string m = header(1, 0x8180, 0, 0, 0, 1) + opt({}, 512, 0x01000000);
  EXPECT_EQ(rcode_of(outline_of(as_bytes(m))), 16u);
  EXPECT_EQ(rcode_name(16), "BADVERS");
}

TEST(DnsMessage, QuestionsAreEqualWithoutRegardToCase) {
  const std::string a = query(1, "WWW.Example.org"), b = query(2, "www.exAMPLE.org");
  const Outline in_a = outline_of(as_bytes(a)), in_b = outline_of(as_bytes(b));
  EXPECT_TRUE(same_question(as_bytes(a), as_bytes(b), in_b.question));
  EXPECT_EQ(digest_of(as_bytes(a), in_a.question), digest_of(as_bytes(b), in_b.question));
  for (const std::string& other :
       {query(1, "www.example.org", 28), query(1, "www.example.net"), query(1, "www2.example.org"),
        header(1, 0x0100, 1) + question("www.example.org", 1, 3)}) {
    const Outline in_other = outline_of(as_bytes(other));
    EXPECT_FALSE(same_question(as_bytes(a), as_bytes(other), in_other.question));
    EXPECT_FALSE(same_question(as_bytes(other), as_bytes(a), in_a.question));
  }
  // '@' and '`' differ as letters' cases do, and are none.
  const std::string at = query(1, "@.org"), tick = query(1, "`.org");
  EXPECT_FALSE(same_question(as_bytes(at), as_bytes(tick), outline_of(as_bytes(tick)).question));
  // One name is the beginning of the other.
  const std::string whole = query(1, "a.org"), more = query(1, "a.org.x");
  EXPECT_FALSE(same_question(as_bytes(whole), as_bytes(more), outline_of(as_bytes(more)).question));
  EXPECT_FALSE(same_question(as_bytes(more), as_bytes(whole), outline_of(as_bytes(whole)).question));
}

TEST(DnsCodes, UnknownOnesHaveTheirNumber) {
  std::array<char, 64> bytes;
  TextRoom room(bytes);
  write_type(room, 65280);
  room.put(' ');
  write_class(room, 7);
  room.put(' ');
  write_opcode(room, 3);
  room.put(' ');
  write_rcode(room, 3841);
  EXPECT_EQ(room.since(0), "TYPE65280 CLASS7 OPCODE3 RCODE3841");
  EXPECT_EQ(type_name(65), "HTTPS");
  EXPECT_EQ(type_name(32769), "DLV");
}

}  // namespace
}  // namespace spanlight::dns
