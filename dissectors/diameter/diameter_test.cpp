#include "diameter/diameter.h"

#include <gtest/gtest.h>

#include "core/diameter/dictionary.h"
#include "core/diameter/names.h"
#include "core/diameter/over_sctp.h"
#include "core/testing/told.h"
#include "diameter/recognise.h"

namespace spanlight::diameter {
namespace {

using testing::Call;
using testing::Conversation;
using testing::flag;
using testing::Outcome;
using testing::Play;
using testing::play;
using testing::reason;

constexpr Direction kC = Direction::c2s, kS = Direction::s2c;
constexpr std::uint32_t kGx = 16'777'238, kVendor = 10'415;

std::string be(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i > 0; --i) out += static_cast<char>(value >> 8 * (i - 1));
  return out;
}
std::string u32(std::uint64_t v) {
  return be(v, 4);
}
std::string avp_of(std::uint32_t code, const std::string& data, std::uint32_t vendor = 0) {
  const std::size_t head = vendor == 0 ? 8 : 12;
  std::string out = u32(code) + (vendor == 0 ? '\x40' : '\xc0') + be(head + data.size(), 3);
  if (vendor != 0) out += u32(vendor);
  return out + data + std::string((4 - data.size() % 4) % 4, '\0');
}
std::string message(unsigned flags, std::uint32_t command, std::uint32_t application, std::uint32_t hop,
                    const std::string& avps) {
  return be(1, 1) + be(20 + avps.size(), 3) + be(flags, 1) + be(command, 3) + u32(application) + u32(hop) +
         u32(hop + 1'000) + avps;
}
const std::string kSession = avp_of(263, "gx;1;2"), kHost = avp_of(264, "pgw.lab") + avp_of(296, "lab");
std::string ask(std::uint32_t hop, const std::string& more = {}) {
  return message(0xc0, 272, kGx, hop, kSession + kHost + avp_of(416, u32(1)) + more);
}
std::string answer(std::uint32_t hop, std::uint32_t result = 2'001, const std::string& more = {}) {
  return message(0x40, 272, kGx, hop, kSession + avp_of(268, u32(result)) + avp_of(264, "pcrf.lab") + more);
}
std::string watchdog(std::uint32_t hop) {
  return message(0x80, 280, 0, hop, kHost);
}
std::string watched(std::uint32_t hop) {
  return message(0, 280, 0, hop, avp_of(268, u32(2'001)) + kHost);
}
std::string capabilities(bool request) {
  const std::string avps = kHost + avp_of(257, be(1, 2) + "\x0a\x01\x02\x03") + avp_of(269, "test");
  return message(request ? 0x80 : 0, 257, 0, 1, request ? avps : avp_of(268, u32(2'001)) + avps);
}

std::string brief(const Outcome& o) {
  return spanlight::testing::told(
      o, [](const spanlight::testing::Call& c) { return std::to_string(c.status) + " " + c.summary; });
}

TEST(DiameterParse, Headers) {
  const std::string whole = ask(1);
  for (std::size_t n = 0; n < kHeaderBytes; ++n)
    EXPECT_EQ(read_header(as_bytes(whole).first(n)).fault, Fault::short_input) << n;
  EXPECT_EQ(measure(as_bytes(whole)).size, whole.size());
  struct Case {
    const char* name;
    std::size_t at;
    char byte;
    Fault fault;
  };
  for (const Case& c : {Case{"another version", 0, 2, Fault::bad_magic},
                        {"a length that no message has", 3, 21, Fault::bad_length},
                        {"longer than any", 1, '\x7f', Fault::bad_length},
                        {"flags that are reserved", 4, '\x81', Fault::bad_value},
                        {"an error that asks", 4, '\xa0', Fault::bad_value}}) {
    std::string bytes = whole;
    bytes[c.at] = c.byte;
    EXPECT_EQ(read_header(as_bytes(bytes)).fault, c.fault) << c.name;
  }
}

TEST(DiameterParse, Avps) {
  const auto nothing = [](const Avp&) {};
  EXPECT_EQ(each_avp(as_bytes(kHost), nothing), Fault::none);
  EXPECT_EQ(each_avp(as_bytes(u32(264) + be(0x40, 1) + be(7, 3)), nothing), Fault::bad_length);
  EXPECT_EQ(each_avp(as_bytes(u32(264) + be(0x41, 1) + be(8, 3)), nothing), Fault::bad_value);
  EXPECT_EQ(each_avp(as_bytes(kHost).first(6), nothing), Fault::short_input);
}

TEST(DiameterDictionary, Values) {
  struct Case {
    std::string avps, shown;
  };
  const std::string unit = avp_of(431, avp_of(420, u32(60)) + avp_of(421, be(9'000'000'000, 8)));
  for (const Case& c :
       {Case{avp_of(264, "pgw.lab"), "Origin-Host=pgw.lab|"},
        {avp_of(257, be(1, 2) + "\x0a\x01\x02\x03"), "Host-IP-Address=10.1.2.3|"},
        {avp_of(257, be(2, 2) + "\x20\x01\x0d\xb8" + std::string(12, '\0')), "Host-IP-Address=2001:db8::|"},
        {avp_of(8, "\x0a\x01\x02\x03"), "Framed-IP-Address=10.1.2.3|"},
        {avp_of(268, "\x01"), "Result-Code=01|"},
        {avp_of(456, unit + avp_of(432, u32(7))),
         "Multiple-Services-Credit-Control.Granted-Service-Unit.CC-Time=60|"
         "Multiple-Services-Credit-Control.Granted-Service-Unit.CC-Total-Octets=9000000000|"
         "Multiple-Services-Credit-Control.Rating-Group=7|"},
        {avp_of(1'005, "rule", kVendor), "Charging-Rule-Name=rule|"},
        {avp_of(2, "secret"), "User-Password=[redacted]|"},
        {avp_of(1'450, "secret", kVendor), "KASME=[redacted]|"},
        {avp_of(9'999, "x"), "AVP-9999=x|"},
        {avp_of(9'999, "\x01", 5), "AVP-5-9999=01|"}}) {
    HeaderRoom room;
    bool secret = false;
    EXPECT_EQ(write_avps(room, as_bytes(c.avps), false, secret), Fault::none);
    std::string shown;
    const Headers all = room.all();
    for (const HeaderSpan& span : all.spans)
      shown += std::string(all.name(span)) + "=" + std::string(all.value(span)) + "|";
    EXPECT_EQ(shown, c.shown);
    EXPECT_EQ(secret, c.shown.find("redacted") != std::string::npos);
  }
}

TEST(DiameterDictionary, DepthAndNumberAreBounded) {
  std::string deep = avp_of(420, u32(1));
  for (std::size_t i = 0; i < 2 * kGroupDepthMax; ++i) deep = avp_of(431, deep);
  std::string many;
  for (unsigned i = 0; i < kAvpsMax + 1; ++i) many += avp_of(420, u32(i));
  HeaderRoom one, other;
  bool secret = false;
  EXPECT_EQ(write_avps(one, as_bytes(deep), false, secret), Fault::none);
  EXPECT_EQ(one.all().spans.size(), 1u);
  EXPECT_EQ(write_avps(other, as_bytes(many), false, secret), Fault::none);
  EXPECT_TRUE(other.truncated());
}

TEST(DiameterNames, Known) {
  EXPECT_EQ(find_command(316)->letters, "UL");
  EXPECT_EQ(find_command(999), nullptr);
  EXPECT_EQ(application_name(kGx), "Gx");
  EXPECT_EQ(result_name(3'004), "DIAMETER_TOO_BUSY");
  EXPECT_EQ(experimental_name(kVendor, 5'001), "DIAMETER_ERROR_USER_UNKNOWN");
  EXPECT_EQ(experimental_name(1, 5'001), "");
}

TEST(DiameterRecognise, Verdicts) {
  struct Case {
    const char* name;
    std::string bytes;
    Verdict verdict;
  };
  const std::string large = ask(1, avp_of(461, std::string(500, 'x')));
  for (const Case& c :
       {Case{"who begins", capabilities(true), Verdict::client},
        {"who answers", capabilities(false), Verdict::server},
        {"a request of either", watchdog(1), Verdict::either},
        {"a part of it", watchdog(1).substr(0, 30), Verdict::more},
        {"a large one", large, Verdict::either},
        {"its beginning", large.substr(0, kProbeBytes), Verdict::either},
        {"no AVPs", message(0x80, 280, 0, 1, ""), Verdict::no},
        {"nobody speaks", message(0x80, 280, 0, 1, avp_of(268, u32(1))), Verdict::no},
        {"an AVP beyond the end", message(0x80, 280, 0, 1, kHost + u32(264) + be(0x40, 1) + be(99, 3)),
         Verdict::no},
        {"HTTP", "GET / HTTP/1.1\r\n", Verdict::no},
        {"a method of AMQP", std::string("\x01\x00\x00\x00\x00\x00\x05\x00\x0a\x00\x0b\x00\xce", 13),
         Verdict::no}})
    EXPECT_EQ(probe(as_bytes(c.bytes), {}), c.verdict) << c.name;
  const Sync found = kDescriptor.find(kC, as_bytes("\x01rest" + watchdog(1)));
  EXPECT_TRUE(found.found);
  EXPECT_EQ(found.skip, 5u);
}

Conversation talk() {
  return {{kC, capabilities(true)}, {kS, capabilities(false)},
          {kC, ask(2) + ask(3)},    {kS, answer(3) + answer(2, 5'003)},
          {kS, watchdog(2)},        {kC, watched(2)},
          {kC, watchdog(4)},        {kS, watched(4)}};
}

TEST(Diameter, AConversation) {
  const Outcome o = play(kDescriptor, talk());
  EXPECT_EQ(brief(o),
            "complete 2001 CER pgw.lab\n"
            "complete 2001 CCR Gx gx;1;2\n"
            "complete 5003 CCR Gx gx;1;2 error=DIAMETER_AUTHORIZATION_REJECTED\n"
            "complete 2001 DWR pgw.lab\n"
            "complete 2001 DWR pgw.lab\n");
  EXPECT_EQ(o.counters.malformed, 0u);
  const Call& c = o.calls[1];
  EXPECT_EQ(
      c.request_fields,
      "command=Credit-Control-Request|command_code=272|application_id=16777238|application=Gx|hop_by_hop=3|"
      "end_to_end=1003|session_id=gx;1;2|origin_host=pgw.lab|origin_realm=lab|cc_request_type=1|");
  EXPECT_EQ(
      c.response_fields,
      "command=Credit-Control-Answer|command_code=272|application_id=16777238|application=Gx|hop_by_hop=3|"
      "end_to_end=1003|session_id=gx;1;2|origin_host=pcrf.lab|result_code=2001|result=DIAMETER_SUCCESS|");
  EXPECT_EQ(c.request_headers,
            "Session-Id: gx;1;2|Origin-Host: pgw.lab|Origin-Realm: lab|CC-Request-Type: 1|");
  EXPECT_NE(o.calls[3].request_fields.find("direction=s2c|"), std::string::npos);
}

TEST(Diameter, CutsHolesAndRests) {
  EXPECT_EQ(check_splits(kDescriptor, talk()), "");
  EXPECT_EQ(check_prefixes(kDescriptor, talk()), "");
  EXPECT_EQ(check_gaps(kDescriptor, talk()), "");
  EXPECT_GT(play(kDescriptor, talk()).parked, 0u);
}

TEST(Diameter, Errors) {
  const std::string experimental = avp_of(297, avp_of(266, u32(kVendor)) + avp_of(298, u32(5'420)));
  const Outcome o = play(
      kDescriptor,
      {{kC, message(0xc0, 318, 16'777'251, 1, kSession + kHost + avp_of(2, "secret"))},
       {kS, message(0x40, 318, 16'777'251, 1, kSession + experimental + kHost)},
       {kC, ask(2)},
       {kS, message(0x60, 272, kGx, 2, kSession + avp_of(268, u32(3'002)) + avp_of(281, "no route") + kHost)},
       {kC, message(0xd0, 999, 7, 3, kSession + kHost)}});
  EXPECT_EQ(brief(o), "complete 5420 AIR S6a gx;1;2" + flag(kFlagRedacted) +
                          " error=DIAMETER_ERROR_UNKNOWN_EPS_SUBSCRIPTION\n"
                          "complete 3002 CCR Gx gx;1;2 error=DIAMETER_UNABLE_TO_DELIVER: no route\n"
                          "no_response -1 Command-999-Request gx;1;2" +
                          reason(Reason::capture_ended) + "\n");
  EXPECT_EQ(o.text().find("secret"), std::string::npos);
  EXPECT_NE(o.calls[2].request_fields.find("repeated=1|"), std::string::npos);
}

TEST(Diameter, WhatDoesNotBelongTogether) {
  const Outcome o =
      play(kDescriptor, {{kC, ask(1)}, {kC, ask(1)}, {kS, watched(1)}, {kS, answer(9)}, {kS, answer(1)}});
  EXPECT_EQ(brief(o), "no_request 2001 DWA pgw.lab" + reason(Reason::unsolicited) +
                          "\nno_request 2001 CCA Gx gx;1;2" + reason(Reason::unsolicited) +
                          "\ncomplete 2001 CCR Gx gx;1;2\n");
  EXPECT_NE(o.calls[2].request_fields.find("retransmissions=1|"), std::string::npos);
}

TEST(Diameter, LargeMessagesPassByCounter) {
  Play how;
  how.cut_bytes = 1'400;
  const std::string large = ask(1, avp_of(461, std::string(100'000, 'x')) + avp_of(1, "behind"));
  const Conversation c = {{kC, large}, {kS, answer(1)}, {kC, ask(2)}, {kS, answer(2)}};
  const Outcome o = play(kDescriptor, c, how);
  EXPECT_EQ(brief(o),
            "complete 2001 CCR Gx gx;1;2" + flag(kFlagTruncatedHeaders) + "\ncomplete 2001 CCR Gx gx;1;2\n");
  EXPECT_EQ(o.calls[0].request_size, large.size());
  EXPECT_GT(o.skipped_bytes, 80'000u);
  EXPECT_EQ(check_splits(kDescriptor, c, how), "");
}

std::string data_chunk(const std::string& payload, unsigned flags = 3) {
  return be(0, 1) + be(flags, 1) + be(16 + payload.size(), 2) + u32(1) + u32(0) + u32(46) + payload +
         std::string((4 - payload.size() % 4) % 4, '\0');
}

TEST(DiameterOverSctp, AMessageIsAChunk) {
  const std::string opening = be(1, 1) + be(0, 1) + be(20, 2) + std::string(16, '\1');
  EXPECT_EQ(kOverSctp.probe(as_bytes(opening), {}), Verdict::more);
  EXPECT_EQ(kOverSctp.probe(as_bytes(data_chunk("text")), {}), Verdict::no);
  EXPECT_EQ(kOverSctp.probe(as_bytes(data_chunk(ask(1), 2)), {}), Verdict::no) << "a part of one";
  EXPECT_EQ(kOverSctp.probe(as_bytes(data_chunk(ask(1))), {}), Verdict::either);
  const Play how{.datagrams = true};
  const Conversation c = {{kC, opening},
                          {kC, data_chunk(ask(1)) + data_chunk(ask(2))},
                          {kS, data_chunk(answer(2)) + data_chunk(answer(1))},
                          {kS, data_chunk(watchdog(3))},
                          {kC, data_chunk("no message")}};
  const Outcome o = play(kOverSctp, c, how);
  EXPECT_EQ(brief(o), "complete 2001 CCR Gx gx;1;2\ncomplete 2001 CCR Gx gx;1;2\nno_response -1 DWR pgw.lab" +
                          reason(Reason::capture_ended) + "\n");
  EXPECT_EQ(check_splits(kOverSctp, c, how), "");
}

TEST(Diameter, SilenceAndLimits) {
  Play how;
  how.limits.answer_timeout_ns = kSecondNs;
  EXPECT_EQ(
      brief(play(kDescriptor, {{kC, ask(1)}, {.from = kC, .bytes = ask(2), .pause = 2 * kSecondNs}}, how)),
      "no_response -1 CCR Gx gx;1;2" + reason(Reason::unanswered) +
          " error=no response: unanswered\nno_response -1 CCR Gx gx;1;2" + reason(Reason::capture_ended) +
          "\n");
  how.limits.open_calls_max = 1;
  EXPECT_EQ(brief(play(kDescriptor, {{kC, ask(1) + ask(2)}, {kS, answer(2)}}, how)),
            "no_response -1 CCR Gx gx;1;2" + reason(Reason::evicted) + "\ncomplete 2001 CCR Gx gx;1;2\n");
  how.state_bytes = 0;
  EXPECT_EQ(brief(play(kDescriptor, {{kC, ask(1)}}, how)),
            "no_response -1 CCR Gx gx;1;2" + reason(Reason::evicted) + "\n");
}

// Its length is seen before the header is whole.
TEST(Diameter, AHeadThatCannotBeIsNotWaitedFor) {
  const Conversation c = {{kC, ask(1)}, {kS, std::string("\x01\x00\x00\x23", 4)}};
  EXPECT_EQ(play(kDescriptor, c).counters.malformed, 1u);
  EXPECT_EQ(check_splits(kDescriptor, c), "");
}

TEST(Diameter, WhatIsBrokenIsFoundOut) {
  const std::string clipped = message(0xc0, 272, kGx, 1, kSession + u32(264) + be(0x40, 1) + be(99, 3));
  const Outcome o = play(kDescriptor, {{kC, clipped + "rubbish" + ask(2)}, {kS, answer(1) + answer(2)}});
  EXPECT_EQ(brief(o),
            "complete 2001 CCR Gx gx;1;2" + flag(kFlagMalformed) + "\ncomplete 2001 CCR Gx gx;1;2\n");
  EXPECT_EQ(o.counters.malformed, 2u);
}

}  // namespace
}  // namespace spanlight::diameter
