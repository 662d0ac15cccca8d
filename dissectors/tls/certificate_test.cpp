#include "tls/certificate.h"

#include <gtest/gtest.h>

#include "core/tls/wire_for_tests.h"

namespace spanlight::tls {
namespace {

using namespace testing;

TEST(Certificate, EveryPrefixIsReadWithoutFault) {
  const std::string whole = certificate();
  EXPECT_TRUE(parse_certificate(as_bytes(whole)).readable);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const std::string part = whole.substr(0, n);
    EXPECT_FALSE(parse_certificate(as_bytes(part)).readable) << n;
  }
}

TEST(Certificate, WhatHasAnotherFormIsNotBelieved) {
  for (const std::string& bytes :
       {der(0x31, certificate()), der(0x30, der(0x31, "")), der(0x30, der(0x30, der(0x04, ""))),
        "\x30\x84\x01\x00\x00\x00"s, "\x30\x80\x00\x00"s}) {
    EXPECT_FALSE(parse_certificate(as_bytes(bytes)).readable);
  }
}

TEST(Certificate, AnOrganisationStandsInForAName) {
  const std::string time = der(0x17, "260101000000Z");
  const std::string body = der(0x02, "\x01") + der(0x30, "") + name("\x55\x04\x0a", "Org") +
                           der(0x30, time + time) + der(0x30, der(0x02, "") + der(0x31, ""));
  const std::string bytes = der(0x30, der(0x30, body));
  const Certificate c = parse_certificate(as_bytes(bytes));
  EXPECT_TRUE(c.readable);
  EXPECT_EQ(as_text(c.issuer), "Org");
  EXPECT_TRUE(c.subject.empty());
}

TEST(Certificate, Times) {
  for (const auto& [time, shown] :
       {std::pair<std::string, std::string>{"491231235959Z", "2049-12-31T23:59:59Z"},
        {"500101000000Z", "1950-01-01T00:00:00Z"},
        {"20500101000000Z", "2050-01-01T00:00:00Z"},
        {"4912312359Z", ""},
        {"49123123595aZ", ""},
        {"4912312359590", ""}}) {
    std::array<char, 32> bytes;
    TextRoom room(bytes);
    write_time(room, as_bytes(time));
    EXPECT_EQ(room.since(0), shown);
  }
}

}  // namespace
}  // namespace spanlight::tls
