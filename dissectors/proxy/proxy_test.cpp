#include "proxy/proxy.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/testing/harness.h"
#include "proxy/header.h"

namespace spanlight::proxy {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string binary(char command, char ends, std::string_view addresses, int length = -1) {
  const std::size_t left = length < 0 ? addresses.size() : static_cast<std::size_t>(length);
  return "\r\n\r\n\0\r\nQUIT\n"s + command + ends + static_cast<char>(left >> 8) + static_cast<char>(left) +
         std::string(addresses);
}

const std::string kLine = "PROXY TCP4 203.0.113.7 10.0.0.2 40000 80\r\n";
const std::string kIpv4 = "\xcb\x00\x71\x07\x0a\x00\x00\x02\x9c\x40\x00\x50"s;
const std::string kBinary = binary(0x21, 0x11, kIpv4);
const std::string kExtended =
    binary(0x21, 0x11, kIpv4 + "\x20\x00\x07"s + "\x01\0\0\0\0"s + "\x04\x00\x02hi"s);

Fault fault_of(std::string_view head) {
  return header_length(bytes_of(head)).fault;
}

TEST(ProxyHeader, EndsWhereItSays) {
  for (const std::string& header :
       {kLine, "PROXY TCP6 2001:db8::1 ::ffff:10.0.0.2 1 65535\r\n"s, "PROXY UNKNOWN\r\n"s,
        "PROXY UNKNOWN whatever stands here\r\n"s, kBinary, kExtended, binary(0x20, 0, ""),
        binary(0x20, 0, "\x04\x00\x01x"s), binary(0x21, 0x21, std::string(36, 'a')),
        binary(0x21, 0x31, std::string(216, 'a')),
        binary(0x21, 0x11, std::string(kBytesMax - kFixedBytes, 'a'))}) {
    const HeaderLength length = header_length(bytes_of(header + "GET / HTTP/1.1\r\n"));
    EXPECT_EQ(length.fault, Fault::none) << header;
    EXPECT_EQ(length.bytes, header.size()) << header;
  }
}

TEST(ProxyHeader, IsShortUntilItsLengthIsKnown) {
  for (std::size_t n = 0; n < kLine.size(); ++n)
    EXPECT_EQ(fault_of(kLine.substr(0, n)), Fault::short_input) << n;
  for (std::size_t n = 0; n < kFixedBytes; ++n)
    EXPECT_EQ(fault_of(kBinary.substr(0, n)), Fault::short_input) << n;
  EXPECT_EQ(fault_of(kBinary.substr(0, kFixedBytes)), Fault::none);
}

TEST(ProxyHeader, IsNothingElse) {
  EXPECT_EQ(fault_of("GET / HTTP/1.1\r\n\r\n"), Fault::bad_magic);
  EXPECT_EQ(fault_of("\r\n\r\nGET"), Fault::bad_magic);
  EXPECT_EQ(fault_of("PROXY / HTTP/1.1\r\n"), Fault::bad_value);
  EXPECT_EQ(fault_of("PROXY TCP4 203.0.113.7 10.0.0.2 40000\r\n"), Fault::bad_value);
  EXPECT_EQ(fault_of("PROXY TCP4 nobody 10.0.0.2 40000 80\r\n"), Fault::bad_value);
  EXPECT_EQ(fault_of("PROXY UNKNOWNS\r\n"), Fault::bad_value);
  EXPECT_EQ(fault_of("PROXY UNKNOWN " + std::string(100, 'a')), Fault::bad_length);
  EXPECT_EQ(fault_of(binary(0x11, 0x11, kIpv4)), Fault::bad_value);  // version 1
  EXPECT_EQ(fault_of(binary(0x22, 0x11, kIpv4)), Fault::bad_value);  // no such command
  EXPECT_EQ(fault_of(binary(0x21, 0x41, kIpv4)), Fault::bad_value);  // no such family
  EXPECT_EQ(fault_of(binary(0x21, 0x13, kIpv4)), Fault::bad_value);  // no such transport
  EXPECT_EQ(fault_of(binary(0x21, 0x11, kIpv4.substr(1))), Fault::bad_length);
  EXPECT_EQ(fault_of(binary(0x21, 0x11, "", kBytesMax - kFixedBytes + 1)), Fault::bad_length);
}

testing::Conversation talk(const std::string& header) {
  return {{Direction::c2s, header},
          {Direction::c2s, "GET / "},
          {Direction::s2c, "HTTP/1.1 200 OK"},
          {Direction::c2s, "and so on"}};
}

TEST(Proxy, WhatFollowsIsHandedOnWhole) {
  for (const std::string& header :
       {kLine, kBinary, kExtended, binary(0x21, 0x11, std::string(10'000, 'a'))}) {
    const testing::Outcome outcome = testing::play(kDescriptor, talk(header));
    EXPECT_TRUE(outcome.violations.empty()) << outcome.text();
    EXPECT_TRUE(outcome.identified);
    EXPECT_TRUE(outcome.handover.protocol.empty());
    EXPECT_EQ(outcome.handed_over[0], "GET / and so on");
    EXPECT_EQ(outcome.handed_over[1], "HTTP/1.1 200 OK");
    EXPECT_TRUE(outcome.calls.empty());
  }
}

TEST(Proxy, HoweverItIsCut) {
  for (const std::string& header : {kLine, kBinary, kExtended}) {
    EXPECT_EQ(testing::check_splits(kDescriptor, talk(header)), "");
    EXPECT_EQ(testing::check_prefixes(kDescriptor, talk(header)), "");
    EXPECT_EQ(testing::check_gaps(kDescriptor, talk(header)), "");
  }
}

TEST(Proxy, AHoleInTheHeaderIsToldToWhoFollows) {
  testing::Conversation lost = talk(kExtended.substr(0, 20));
  lost.insert(lost.begin() + 1, {Direction::c2s, kExtended.substr(20) + "GET", true});
  const testing::Outcome outcome = testing::play(kDescriptor, lost);
  EXPECT_TRUE(outcome.violations.empty()) << outcome.text();
  EXPECT_TRUE(outcome.handover.lost[index_of(Direction::c2s)]);
  EXPECT_FALSE(outcome.handover.lost[index_of(Direction::s2c)]);
}

}  // namespace
}  // namespace spanlight::proxy
