#include "radius/radius.h"

#include <gtest/gtest.h>

#include "core/testing/told.h"
#include "radius/attributes.h"
#include "radius/recognise.h"

namespace spanlight::radius {
namespace {

using testing::Call;
using testing::Conversation;
using testing::flag;
using testing::Outcome;
using testing::Play;
using testing::play;
using testing::reason;

constexpr Direction kC = Direction::c2s, kS = Direction::s2c;
const Play kDatagrams{.datagrams = true};

std::string u8(unsigned v) {
  return std::string(1, static_cast<char>(v));
}
std::string u32(std::uint32_t v) {
  return u8(v >> 24) + u8(v >> 16) + u8(v >> 8) + u8(v);
}
std::string attribute_of(unsigned type, const std::string& value) {
  return u8(type) + u8(static_cast<unsigned>(value.size()) + 2) + value;
}
std::string vendor_of(std::uint32_t vendor, unsigned type, const std::string& value) {
  return attribute_of(26, u32(vendor) + attribute_of(type, value));
}
std::string packet(unsigned code, unsigned id, const std::string& attributes = {}, char authenticator = 'a') {
  const std::size_t length = kHeaderBytes + attributes.size();
  return u8(code) + u8(id) + u8(static_cast<unsigned>(length >> 8)) + u8(static_cast<unsigned>(length)) +
         std::string(kAuthenticatorBytes, authenticator) + attributes;
}
const std::string kBob = attribute_of(1, "bob"), kPassword = attribute_of(2, "secret secret ..");

std::string brief(const Outcome& o) {
  return spanlight::testing::told(
      o, [](const spanlight::testing::Call& c) { return std::to_string(c.status) + " " + c.summary; });
}

TEST(RadiusParse, Faults) {
  struct Case {
    const char* name;
    std::string bytes;
    Fault fault;
  };
  const std::string whole = packet(1, 7, kBob);
  for (std::size_t n = 0; n < whole.size(); ++n)
    EXPECT_EQ(parse_packet(as_bytes(whole).first(n)).fault, Fault::short_input) << n;
  for (const Case& c : {Case{"whole", whole, Fault::none},
                        {"padding", whole + "padding", Fault::none},
                        {"no code", packet(99, 1), Fault::bad_value},
                        {"too short a length", u8(1) + u8(1) + u8(0) + u8(19), Fault::bad_length},
                        {"longer than any", u8(1) + u8(1) + u8(0x10) + u8(1), Fault::bad_length}})
    EXPECT_EQ(parse_packet(as_bytes(c.bytes)).fault, c.fault) << c.name;
  const auto nothing = [](std::uint8_t, Bytes) {};
  EXPECT_EQ(each_attribute(as_bytes(u8(1) + u8(1)), nothing), Fault::bad_length);
  EXPECT_EQ(each_attribute(as_bytes(u8(1) + u8(9) + "x"), nothing), Fault::short_input);
}

TEST(RadiusParse, Values) {
  struct Case {
    std::string attributes, shown;
  };
  for (const Case& c :
       {Case{attribute_of(4, "\x0a\x01\x02\x03"), "NAS-IP-Address: 10.1.2.3"},
        {attribute_of(40, u32(1)), "Acct-Status-Type: Start"},
        {attribute_of(46, u32(90)), "Acct-Session-Time: 90"},
        {attribute_of(46, "\x01"), "Acct-Session-Time: 01"},
        {attribute_of(64, u8(1) + u8(0) + u8(0) + u8(13)), "Tunnel-Type: 13"},
        {attribute_of(81, u8(0) + "100"), "Tunnel-Private-Group-Id: 100"},
        {attribute_of(81, u8(0x1f) + "100"), "Tunnel-Private-Group-Id: 100"},
        {attribute_of(81, " 100"), "Tunnel-Private-Group-Id:  100"},
        {attribute_of(66, u8(1) + "10.0.0.1"), "Tunnel-Client-Endpoint: 10.0.0.1"},
        {attribute_of(67, "10.0.0.2"), "Tunnel-Server-Endpoint: 10.0.0.2"},
        {attribute_of(82, u8(1) + "a"), "Tunnel-Assignment-Id: a"},
        {attribute_of(83, u8(1) + u8(0) + u8(0) + u8(5)), "Tunnel-Preference: 5"},
        {attribute_of(90, u8(1) + "a"), "Tunnel-Client-Auth-Id: a"},
        {attribute_of(91, u8(1)), "Tunnel-Server-Auth-Id: "},
        {attribute_of(97, u8(0) + u8(64) + "\x20\x01\x0d\xb8"), "Framed-IPv6-Prefix: 2001:db8::/64"},
        {attribute_of(24, "printable"), "State: printable"},
        {attribute_of(24, "\x01\x02"), "State: 0102"},
        {attribute_of(200, "x"), "Attribute-200: x"},
        {attribute_of(2, "secret"), "User-Password: [redacted]"},
        {attribute_of(79, "secret"), "EAP-Message: [redacted]"},
        {vendor_of(311, 25, "secret"), "MS-CHAP2-Response: [redacted]"},
        {vendor_of(9, 1, "shell:priv-lvl=15"), "Cisco-AVPair: shell:priv-lvl=15"},
        {vendor_of(9, 1, "tunnel-password=secret"), "Cisco-AVPair: [redacted]"},
        {vendor_of(9, 1, "Tunnel-Password=secret"), "Cisco-AVPair: [redacted]"},
        {vendor_of(9, 1, "psk=secret"), "Cisco-AVPair: [redacted]"},
        {vendor_of(9, 1, "wpa-PSK=secret"), "Cisco-AVPair: [redacted]"},
        {vendor_of(9, 1, "psk*hidden"), "Cisco-AVPair: [redacted]"},
        {vendor_of(9, 1, "ppp-passwd=secret"), "Cisco-AVPair: [redacted]"},
        {vendor_of(9, 1, "psk-mode=ascii"), "Cisco-AVPair: psk-mode=ascii"},
        {vendor_of(9, 1, "ssid=psk"), "Cisco-AVPair: ssid=psk"},
        {vendor_of(4'711, 3, "x"), "Vendor-4711-3: x"},
        {attribute_of(26, "\x01"), "Vendor-Specific: 01"}}) {
    HeaderRoom room;
    write_attributes(room, as_bytes(c.attributes), false);
    const Headers all = room.all();
    ASSERT_EQ(all.spans.size(), 1u);
    EXPECT_EQ(std::string(all.name(all.spans[0])) + ": " + std::string(all.value(all.spans[0])), c.shown);
  }
}

TEST(RadiusRecognise, Verdicts) {
  struct Case {
    const char* name;
    std::string bytes;
    Verdict verdict;
  };
  for (const Case& c : {Case{"a request", packet(1, 1, kBob), Verdict::client},
                        {"an answer", packet(2, 1, attribute_of(18, "hello")), Verdict::server},
                        {"a bare answer proves nothing", packet(5, 1), Verdict::no},
                        {"a change", packet(43, 1, kBob), Verdict::client},
                        {"padding", packet(1, 1, kBob) + "x", Verdict::no},
                        {"attributes that do not end with it", packet(1, 1, kBob + "\x01"), Verdict::no},
                        {"attributes that nobody knows", packet(1, 1, attribute_of(230, "x")), Verdict::no},
                        {"DNS",
                         std::string("\x01\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01"
                                     "a\x00\x00\x01\x00\x01",
                                     19),
                         Verdict::no},
                        {"STUN", std::string("\x01\x01\x00\x00", 4) + std::string(16, 'x'), Verdict::no}})
    EXPECT_EQ(probe(as_bytes(c.bytes), {}), c.verdict) << c.name;
}

TEST(Radius, APair) {
  const Outcome o =
      play(kDescriptor,
           {{kC, packet(1, 7, kBob + kPassword)}, {kS, packet(2, 7, attribute_of(18, "Hello, bob"), 'r')}},
           kDatagrams);
  EXPECT_EQ(brief(o), "complete 2 Access-Request bob" + flag(kFlagRedacted) + "\n");
  const Call& c = o.calls[0];
  EXPECT_EQ(c.request_fields, "code=1|code_name=Access-Request|id=7|user_name=bob|");
  EXPECT_EQ(c.request_headers, "User-Name: bob|User-Password: [redacted]|");
  EXPECT_EQ(c.response_fields, "code=2|code_name=Access-Accept|id=7|reply_message=Hello, bob|");
  EXPECT_EQ(o.text().find("secret"), std::string::npos);
  Play shown = kDatagrams;
  shown.limits.credentials_shown = true;
  EXPECT_NE(play(kDescriptor, {{kC, packet(1, 7, kBob + kPassword)}}, shown).text().find("secret"),
            std::string::npos);
}

TEST(Radius, RefusalsAreErrors) {
  const Outcome o = play(kDescriptor,
                         {{kC, packet(1, 1, kBob)},
                          {kS, packet(3, 1, attribute_of(18, "no"))},
                          {kS, packet(43, 2, kBob)},
                          {kC, packet(45, 2, attribute_of(101, u32(503)))},
                          {kS, packet(40, 3, kBob)},
                          {kC, packet(42, 3)},
                          {kC, packet(1, 4, kBob)},
                          {kS, packet(11, 4)}},
                         kDatagrams);
  EXPECT_EQ(brief(o),
            "complete 3 Access-Request bob error=Access-Reject: no\n"
            "complete 45 CoA-Request bob error=CoA-NAK: Session-Context-Not-Found\n"
            "complete 42 Disconnect-Request bob error=Disconnect-NAK\n"
            "complete 11 Access-Request bob\n");
}

TEST(Radius, Accounting) {
  const std::string start = attribute_of(40, u32(1)) + attribute_of(44, "s-1");
  EXPECT_EQ(
      brief(
          play(kDescriptor,
               {{kC, packet(4, 1, start)}, {kS, packet(5, 1)}, {kC, packet(12, 2, kBob)}, {kS, packet(2, 2)}},
               kDatagrams)),
      "complete 5 Accounting-Request Start s-1\ncomplete 2 Status-Server bob\n");
}

TEST(Radius, SentAgainIsNotAskedAgain) {
  const std::string asked = packet(1, 7, kBob), other = packet(1, 7, kBob, 'b'), accepted = packet(2, 7);
  Outcome o =
      play(kDescriptor, {{kC, asked}, {kC, asked}, {kS, accepted}, {kC, asked}, {kS, accepted}}, kDatagrams);
  EXPECT_EQ(brief(o), "complete 2 Access-Request bob\n");
  EXPECT_NE(o.calls[0].request_fields.find("retransmissions=1"), std::string::npos);
  EXPECT_EQ(o.counters.repeats, 3u);
  o = play(kDescriptor, {{kC, asked}, {kC, other}, {kS, accepted}}, kDatagrams);
  EXPECT_EQ(brief(o), "no_response -1 Access-Request bob" + reason(Reason::unanswered) +
                          " error=no response: unanswered\ncomplete 2 Access-Request bob\n")
      << "another authenticator: another request";
}

TEST(Radius, AnswersThatAreNone) {
  const Outcome o =
      play(kDescriptor, {{kC, packet(1, 7, kBob)}, {kS, packet(5, 7)}, {kS, packet(2, 8)}}, kDatagrams);
  EXPECT_EQ(brief(o), "no_request 5 Accounting-Response" + reason(Reason::unsolicited) +
                          "\nno_request 2 Access-Accept" + reason(Reason::unsolicited) +
                          "\nno_response -1 Access-Request bob" + reason(Reason::capture_ended) + "\n");
}

TEST(Radius, SilenceLimitsAndRests) {
  Play how = kDatagrams;
  how.limits.answer_timeout_ns = kSecondNs;
  const Conversation silent = {{kC, packet(1, 1, kBob)},
                               {.from = kC, .bytes = packet(1, 2, kBob), .pause = 2 * kSecondNs},
                               {kS, packet(2, 2)}};
  Outcome o = play(kDescriptor, silent, how);
  EXPECT_EQ(brief(o), "no_response -1 Access-Request bob" + reason(Reason::unanswered) +
                          " error=no response: unanswered\ncomplete 2 Access-Request bob\n");
  EXPECT_GT(o.parked, 0u);
  EXPECT_EQ(check_splits(kDescriptor, silent, how), "");
  how.limits.open_calls_max = 1;
  EXPECT_EQ(
      brief(play(kDescriptor, {{kC, packet(1, 1, kBob)}, {kC, packet(1, 2, kBob)}, {kS, packet(2, 2)}}, how)),
      "no_response -1 Access-Request bob" + reason(Reason::evicted) + "\ncomplete 2 Access-Request bob\n");
  how.state_bytes = 0;
  EXPECT_EQ(brief(play(kDescriptor, {{kC, packet(1, 1, kBob)}}, how)),
            "no_response -1 Access-Request bob" + reason(Reason::evicted) + "\n");
}

TEST(Radius, WhatIsBrokenIsShownAsFarAsItGoes) {
  const Outcome o = play(kDescriptor, {{kC, packet(1, 1, kBob + "\x02\x01")}, {kC, "rubbish"}}, kDatagrams);
  EXPECT_EQ(brief(o), "no_response -1 Access-Request bob" + flag(kFlagMalformed) +
                          reason(Reason::capture_ended) + "\n");
  EXPECT_EQ(o.counters.malformed, 2u);
}

}  // namespace
}  // namespace spanlight::radius
