#include "dns/dns.h"

#include <gtest/gtest.h>

#include <set>

#include "core/testing/told.h"
#include "dns/connection.h"
#include "dns/recognise.h"
#include "dns/wire_for_tests.h"

namespace spanlight::dns {
namespace {

using namespace wire;
using testing::Call;
using testing::Conversation;
using testing::flag;
using testing::Outcome;
using testing::Play;
using testing::play;
using testing::reason;

constexpr Direction kC = Direction::c2s;
constexpr Direction kS = Direction::s2c;
const Play kDatagrams{.datagrams = true};

// One line a call: state, status, summary, what is odd.
std::string brief(const Outcome& o) {
  return spanlight::testing::told(
      o, [](const spanlight::testing::Call& c) { return std::to_string(c.status) + " " + c.summary; });
}

const std::string kAsked = query(1, "a.org"), kAnswered = answer(1, "a.org");

TEST(Dns, OnePair) {
  const Outcome o = play(kDescriptor, {{kC, kAsked}, {kS, kAnswered}}, kDatagrams);
  ASSERT_EQ(o.calls.size(), 1u);
  const Call& c = o.calls[0];
  EXPECT_EQ(brief(o), "complete 0 A a.org\n");
  EXPECT_EQ(c.method, "A");
  EXPECT_EQ(c.request_fields,
            "id=1|opcode=0|name=a.org|type=A|questions=a.org,|question_types=A,|header_flags=rd|");
  EXPECT_EQ(c.response_fields,
            "rcode=0|rcode_name=NOERROR|answer_count=1|header_flags=rd ra|"
            "answers={\"name\":\"a.org\",\"type\":\"A\",\"ttl\":60,\"data\":\"192.0.2.1\"},|");
  EXPECT_EQ(c.request_size, kAsked.size());
  EXPECT_EQ(c.response_size, kAnswered.size());
  EXPECT_EQ(c.response_first - c.request_first, kMillisecondNs);
}

TEST(Dns, FailuresAreErrors) {
  for (const auto& [code, name] : {std::pair<unsigned, std::string>{1, "FORMERR"},
                                   {2, "SERVFAIL"},
                                   {3, "NXDOMAIN"},
                                   {5, "REFUSED"},
                                   {12, "RCODE12"}}) {
    const Outcome o = play(kDescriptor, {{kC, kAsked}, {kS, failure(1, "a.org", code)}}, kDatagrams);
    EXPECT_EQ(brief(o), "complete " + std::to_string(code) + " A a.org error=" + name + "\n");
  }
}

TEST(Dns, ExtendedCodesAndErrors) {
  const std::string error = u16(15) + u16(5) + u16(22) + "ns1";
  const std::string servfail = header(1, 0x8182, 1, 0, 0, 1) + question("a.org", 1) + opt(error);
  EXPECT_EQ(brief(play(kDescriptor, {{kC, kAsked}, {kS, servfail}}, kDatagrams)),
            "complete 2 A a.org error=SERVFAIL, 22 No Reachable Authority: ns1\n");
  const std::string badvers =
      header(1, 0x8180, 1, 0, 0, 1) + question("a.org", 1) + opt({}, 1232, 0x01000000);
  const Outcome o = play(kDescriptor, {{kC, kAsked}, {kS, badvers}}, kDatagrams);
  EXPECT_EQ(brief(o), "complete 16 A a.org error=BADVERS\n");
  EXPECT_EQ(o.calls[0].response_fields,
            "rcode=0|rcode_name=BADVERS|answer_count=0|header_flags=rd ra|edns_udp_size=1232|answers=|");
}

TEST(Dns, AnswersFindTheirQueryByIdAndQuestion) {
  const Conversation c = {{kC, query(1, "a.org")},  {kC, query(2, "b.org", 28)},
                          {kC, query(1, "c.org")},  {kS, failure(2, "b.org", 3, 28)},
                          {kS, answer(1, "C.ORG")}, {kS, answer(1, "a.org")}};
  EXPECT_EQ(brief(play(kDescriptor, c, kDatagrams)),
            "complete 3 AAAA b.org error=NXDOMAIN\ncomplete 0 A c.org\ncomplete 0 A a.org\n");
}

TEST(Dns, AnAnswerToAnotherQuestionIsNoPair) {
  EXPECT_EQ(brief(play(kDescriptor, {{kC, kAsked}, {kS, answer(1, "b.org")}, {kS, answer(2, "a.org")}},
                       kDatagrams)),
            "no_request 0 A b.org" + reason(Reason::unsolicited) + "\nno_request 0 A a.org" +
                reason(Reason::unsolicited) + "\nno_response -1 A a.org" + reason(Reason::capture_ended) +
                "\n");
}

TEST(Dns, AnAnswerThatIsReadBeforeItsQueryIsItsAnswer) {
  const Conversation c = {{kS, answer(2, "b.org")}, {kS, kAnswered}, {kC, kAsked}, {kS, kAnswered}};
  const Outcome o = play(kDescriptor, c, kDatagrams);
  EXPECT_EQ(brief(o), "complete 0 A a.org\nno_request 0 A b.org" + reason(Reason::unsolicited) + "\n");
  EXPECT_EQ(o.calls[0].request_first, o.calls[0].response_first) << "how long it took nobody knows";
  EXPECT_EQ(o.counters.repeats, 1u);
}

TEST(Dns, AnAnswerWaitsForItsQueryAMomentAlone) {
  Play how = kDatagrams;
  how.time_step_ns = 2 * Connection::kEarlyNs;
  EXPECT_EQ(brief(play(kDescriptor, {{kS, kAnswered}, {kC, kAsked}}, how)),
            "no_request 0 A a.org" + reason(Reason::lost_in_mirror) + "\nno_response -1 A a.org" +
                reason(Reason::capture_ended) + "\n");
}

TEST(Dns, SoManyAnswersWaitAndNoMore) {
  Conversation c;
  for (std::uint16_t id = 0; id <= Connection::kEarlyMax; ++id) c.push_back({kS, answer(id, "a.org")});
  for (std::uint16_t id = 0; id <= Connection::kEarlyMax; ++id) c.push_back({kC, query(id, "a.org")});
  const Outcome o = play(kDescriptor, c, kDatagrams);
  ASSERT_EQ(o.calls.size(), Connection::kEarlyMax + 2);
  EXPECT_EQ(o.calls.front().state, State::no_request);
  for (std::size_t i = 1; i <= Connection::kEarlyMax; ++i) EXPECT_EQ(o.calls[i].state, State::complete);
  EXPECT_EQ(o.calls.back().state, State::no_response);
  Play poor = kDatagrams;
  poor.state_bytes = 0;
  EXPECT_EQ(play(kDescriptor, {{kS, kAnswered}}, poor).calls.size(), 1u);
}

TEST(Dns, TheSameQuestionInAnotherOpcodeIsAnotherQuery) {
  const std::string notify = header(1, 0x2400, 1) + question("a.org", 1);
  const Outcome o = play(kDescriptor, {{kC, kAsked}, {kC, notify}, {kC, kAsked}}, kDatagrams);
  EXPECT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.counters.repeats, 1u);
}

TEST(Dns, AFormatErrorNeedsNoQuestion) {
  EXPECT_EQ(brief(play(kDescriptor, {{kC, kAsked}, {kS, header(1, 0x8181, 0)}}, kDatagrams)),
            "complete 1 A a.org error=FORMERR\n");
}

TEST(Dns, WhatAsksWithoutAQuestionIsAnsweredById) {
  const std::string address = record(name("a.org"), 1, std::string("\xc0\0\2\1", 4));
  const std::string keepalive = u16(1) + u16(8) + u32(15'000) + u32(60'000);
  const Conversation c = {{kC, header(1, 0x1000, 0)},
                          {kS, header(1, 0x9004, 0)},
                          {kC, header(2, 0x0800, 0, 1) + address},
                          {kS, header(2, 0x8800, 1, 1) + question("a.org", 1) + address},
                          {kC, header(3, 0x3000, 0) + keepalive},
                          {kS, header(3, 0xb000, 0) + keepalive},
                          {kS, header(0, 0x3000, 0) + keepalive}};
  const Outcome o = play(kDescriptor, c, kDatagrams);
  EXPECT_EQ(brief(o),
            "complete 4 STATUS error=NOTIMP\ncomplete 0 A a.org (answer)\ncomplete 0 DSO\n"
            "one_way -1 DSO" +
                reason(Reason::unsolicited) + "\n");
  EXPECT_EQ(o.counters.malformed, 0u);
}

TEST(Dns, SentAgainBeforeTheAnswer) {
  const Outcome o = play(
      kDescriptor, {{kC, kAsked}, {kC, kAsked}, {kC, kAsked}, {kS, kAnswered}, {kS, kAnswered}}, kDatagrams);
  EXPECT_EQ(brief(o), "complete 0 A a.org\n");
  EXPECT_NE(o.calls[0].request_fields.find("retransmissions=2|"), std::string::npos);
  EXPECT_EQ(o.calls[0].response_first - o.calls[0].request_first, 3 * kMillisecondNs) << "from the first";
  EXPECT_EQ(o.counters.repeats, 3u);
}

TEST(Dns, SentAgainBehindTheAnswer) {
  const Outcome o =
      play(kDescriptor, {{kC, kAsked}, {kS, kAnswered}, {kC, kAsked}, {kS, kAnswered}}, kDatagrams);
  EXPECT_EQ(brief(o), "complete 0 A a.org\ncomplete 0 A a.org\n");
  EXPECT_EQ(o.calls[0].request_fields.find("retransmission"), std::string::npos);
  EXPECT_NE(o.calls[1].request_fields.find("retransmission=1|"), std::string::npos);
}

TEST(Dns, WithoutAnAnswer) {
  const Conversation late = {{kC, kAsked}, {.from = kC, .bytes = query(2, "b.org"), .pause = 61 * kSecondNs}};
  EXPECT_EQ(brief(play(kDescriptor, late, kDatagrams)),
            "no_response -1 A a.org" + reason(Reason::unanswered) +
                " error=no response: unanswered\nno_response -1 A b.org" + reason(Reason::capture_ended) +
                "\n");
  const std::pair<End, std::string> ends[] = {
      {End::idle, reason(Reason::unanswered) + " error=no response: unanswered"},
      {End::evicted, reason(Reason::evicted)},
      {End::reset, reason(Reason::reset) + " error=no response: connection reset"},
      {End::shed, flag(kFlagGap) + reason(Reason::lost_in_sensor)}};
  for (const auto& [end, told] : ends) {
    Play how = kDatagrams;
    how.close = end;
    EXPECT_EQ(brief(play(kDescriptor, {{kC, kAsked}}, how)), "no_response -1 A a.org" + told + "\n");
  }
}

TEST(Dns, WithoutAQuery) {
  EXPECT_EQ(brief(play(kDescriptor, {{kS, kAnswered}}, kDatagrams)),
            "no_request 0 A a.org" + reason(Reason::lost_in_mirror) + "\n");
}

TEST(Dns, LimitsAreCountedAndSurvived) {
  Play how = kDatagrams;
  how.limits.open_calls_max = 1;
  Outcome o = play(kDescriptor, {{kC, kAsked}, {kC, query(2, "b.org")}, {kS, answer(2, "b.org")}}, how);
  EXPECT_EQ(brief(o), "no_response -1 A a.org" + reason(Reason::evicted) + "\ncomplete 0 A b.org\n");
  EXPECT_EQ(o.counters.open_calls_exceeded, 1u);
  how = kDatagrams;
  how.state_bytes = 0;
  o = play(kDescriptor, {{kC, kAsked}, {kS, kAnswered}}, how);
  EXPECT_EQ(o.counters.state_exhausted, 1u);
  EXPECT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].reason, Reason::evicted);
}

TEST(Dns, MalformedMessages) {
  const std::string cut = kAnswered.substr(0, kAnswered.size() - 3);
  Outcome o = play(kDescriptor, {{kC, kAsked}, {kS, cut}}, kDatagrams);
  EXPECT_EQ(brief(o), "complete 0 A a.org" + flag(kFlagMalformed) + "\n");
  o = play(kDescriptor, {{kC, kAsked}, {kS, kAnswered + "more"}}, kDatagrams);
  EXPECT_EQ(brief(o), "complete 0 A a.org" + flag(kFlagMalformed) + "\n");
  o = play(kDescriptor, {{kC, kAsked}, {kS, "rubbish"}, {kC, header(1, 0, 1)}, {kS, kAnswered}}, kDatagrams);
  EXPECT_EQ(brief(o), "complete 0 A a.org\n");
  EXPECT_EQ(o.counters.malformed, 2u);
}

TEST(Dns, QueriesFromTheServer) {
  const Outcome o =
      play(kDescriptor, {{kC, kAsked}, {kS, kAsked}, {kC, kAnswered}, {kS, kAnswered}}, kDatagrams);
  EXPECT_EQ(brief(o), "complete 0 A a.org\ncomplete 0 A a.org\n");
  EXPECT_NE(o.calls[0].request_fields.find("direction=s2c|"), std::string::npos);
  EXPECT_EQ(o.calls[1].request_fields.find("direction"), std::string::npos);
}

TEST(Dns, Truncated) {
  const std::string tc = header(1, 0x8380, 1) + question("a.org", 1);
  const Outcome o = play(kDescriptor, {{kC, kAsked}, {kS, tc}}, kDatagrams);
  EXPECT_NE(o.calls[0].response_fields.find("header_flags=tc rd ra|truncated=1|"), std::string::npos);
}

TEST(Dns, NotifyAndUpdate) {
  const std::string notify = header(3, 0x2400, 1) + question("a.org", 6);
  const std::string noted = header(3, 0xa400, 1) + question("a.org", 6);
  EXPECT_EQ(brief(play(kDescriptor, {{kC, notify}, {kS, noted}}, kDatagrams)), "complete 0 NOTIFY a.org\n");
  const std::string update = header(4, 0x2800, 1, 0, 2) + question("a.org", 6) +
                             record(name("x.a.org"), 1, {"\xc0\0\2\1", 4}) +
                             record(name("y.a.org"), 255, "", 0, 255);
  const Outcome o = play(kDescriptor, {{kC, update}, {kS, header(4, 0xa805, 0)}}, kDatagrams);
  EXPECT_EQ(brief(o), "complete 5 UPDATE a.org error=REFUSED\n");
  EXPECT_NE(o.calls[0].request_fields.find(
                "updates={\"name\":\"x.a.org\",\"type\":\"A\",\"ttl\":60,\"data\":\"192.0.2.1\"},"
                "{\"name\":\"y.a.org\",\"type\":\"ANY\",\"ttl\":0,\"class\":\"ANY\"},|"),
            std::string::npos)
      << o.calls[0].request_fields;
}

TEST(Dns, UnknownCodesHaveTheirNumbers) {
  const Outcome o = play(kDescriptor, {{kC, header(1, 0x1800, 1) + question("a.org", 65280, 7)}}, kDatagrams);
  EXPECT_EQ(brief(o), "no_response -1 OPCODE3 a.org" + reason(Reason::capture_ended) + "\n");
  EXPECT_NE(o.calls[0].request_fields.find("type=TYPE65280|class=CLASS7|"), std::string::npos);
}

TEST(Dns, WhatDoesNotFitARecordIsCounted) {
  std::string many = header(1, 0x8180, 1, 400) + question("a.org", 1);
  for (int i = 0; i < 400; ++i) many += record(pointer(12), 1, {"\xc0\0\2\1", 4});
  Outcome o = play(kDescriptor, {{kC, kAsked}, {kS, many}}, kDatagrams);
  EXPECT_NE(o.calls[0].response_fields.find("answer_count=400|"), std::string::npos);
  EXPECT_NE(o.calls[0].response_fields.find("answers_left_out=272|"), std::string::npos);
  std::string large = header(1, 0x8180, 1, 2) + question("a.org", 1) +
                      record(pointer(12), 48, std::string(30'000, 'k')) +
                      record(pointer(12), 1, {"\xc0\0\2\1", 4});
  o = play(kDescriptor, {{kC, kAsked}, {kS, large}}, kDatagrams);
  EXPECT_NE(o.calls[0].response_fields.find("\"data\":\"192.0.2.1\"},|answers_left_out=1|"),
            std::string::npos)
      << o.calls[0].response_fields;
}

// ---- streams ------------------------------------------------------------------------------------

const std::string kSoa = name("ns") + name("h") + u32(7) + u32(1) + u32(1) + u32(1) + u32(1);
const std::string kOldSoa = name("ns") + name("h") + u32(6) + u32(1) + u32(1) + u32(1) + u32(1);

std::string zone_message(const std::vector<std::string>& records, bool with_question, unsigned type) {
  std::string out = header(5, 0x8400, with_question ? 1 : 0, static_cast<unsigned>(records.size()));
  if (with_question) out += question("a.org", type);
  for (const std::string& r : records) out += r;
  return framed(out);
}
std::string soa(const std::string& rdata = kSoa) {
  return record(name("a.org"), 6, rdata);
}
std::string host(std::string_view of) {
  return record(name(of), 1, {"\xc0\0\2\1", 4});
}

Conversation stream() {
  return {{kC, framed(query(1, "a.org")) + framed(query(2, "b.org"))},
          {kS, framed(answer(2, "b.org"))},
          {kC, framed(query(3, "c.org", 28))},
          {kS, framed(answer(1, "a.org")) + framed(failure(3, "c.org", 3, 28))},
          {kC, framed(query(4, "d.org"))},
          {kS, framed(answer(4, "d.org"))}};
}

Conversation transfer() {
  return {{kC, framed(query(5, "a.org", 252))},
          {kS, zone_message({soa()}, true, 252)},
          {kS, zone_message({host("x.a.org"), host("y.a.org")}, false, 252)},
          {kS, zone_message({soa()}, false, 252)},
          {kC, framed(query(6, "a.org", 6))},
          {kS, framed(failure(6, "a.org", 2, 6))}};
}

TEST(DnsStream, Calls) {
  EXPECT_EQ(
      brief(play(kDescriptor, stream())),
      "complete 0 A b.org\ncomplete 0 A a.org\ncomplete 3 AAAA c.org error=NXDOMAIN\ncomplete 0 A d.org\n");
}

TEST(DnsStream, CutsPrefixesHoles) {
  for (const Conversation& c : {stream(), transfer()}) {
    EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
    EXPECT_EQ(testing::check_prefixes(kDescriptor, c), "");
    EXPECT_EQ(testing::check_gaps(kDescriptor, c), "");
    Conversation holed = c;
    for (testing::Segment& s : holed) {
      s.lost = true;
      EXPECT_EQ(testing::check_splits(kDescriptor, holed), "");
      s.lost = false;
    }
  }
}

TEST(DnsStream, HolesAreTold) {
  Conversation c = stream();
  c[5].lost = true;
  EXPECT_NE(brief(play(kDescriptor, c))
                .find("no_response -1 A d.org" + flag(kFlagGap) + reason(Reason::lost_in_mirror)),
            std::string::npos);
  c[5] = stream()[5];
  c[4].lost = true;
  c[4].cause = GapCause::sensor;
  EXPECT_NE(brief(play(kDescriptor, c))
                .find("no_request 0 A d.org" + flag(kFlagGap) + reason(Reason::lost_in_sensor)),
            std::string::npos);
}

TEST(DnsStream, AZoneIsOneCall) {
  const Outcome o = play(kDescriptor, transfer());
  EXPECT_EQ(brief(o), "complete 0 AXFR a.org\ncomplete 2 SOA a.org error=SERVFAIL\n");
  EXPECT_NE(o.calls[0].response_fields.find("answer_count=4|header_flags=aa|messages=3|"), std::string::npos)
      << o.calls[0].response_fields;
  EXPECT_EQ(o.calls[0].response_last - o.calls[0].response_first, 2 * kMillisecondNs);
}

TEST(DnsStream, WindowsMarksItsQueriesForZones) {
  const std::string asked = framed(query(5, "a.org", 252) + "MS");
  EXPECT_EQ(kDescriptor.probe(as_bytes(asked), {}), Verdict::client);
  const Outcome o = play(kDescriptor, {{kC, asked}, {kS, zone_message({soa(), soa()}, true, 252)}});
  EXPECT_EQ(brief(o), "complete 0 AXFR a.org\n");
  EXPECT_EQ(o.counters.malformed, 0u);
}

TEST(DnsStream, IncrementalZones) {
  const std::string asked = framed(header(5, 0, 1, 0, 1) + question("a.org", 251) + soa(kOldSoa));
  struct Case {
    const char* name;
    std::vector<std::string> messages;
    const char* told;
  };
  const std::vector<Case> cases = {
      {"nothing newer", {zone_message({soa()}, true, 251)}, "answer_count=1|header_flags=aa|answers="},
      {"differences",
       {zone_message({soa(), soa(kOldSoa), host("x.a.org"), soa()}, true, 251),
        zone_message({host("y.a.org"), soa()}, false, 251)},
       "answer_count=6|header_flags=aa|messages=2|"},
      {"the whole zone",
       {zone_message({soa(), host("x.a.org")}, true, 251),
        zone_message({host("y.a.org"), soa()}, false, 251)},
       "answer_count=4|header_flags=aa|messages=2|"},
  };
  for (const Case& c : cases) {
    Conversation conversation = {{kC, asked}};
    for (const std::string& m : c.messages) conversation.push_back({kS, m});
    const Outcome o = play(kDescriptor, conversation);
    ASSERT_EQ(o.calls.size(), 1u) << c.name;
    EXPECT_NE(o.calls[0].response_fields.find(c.told), std::string::npos)
        << c.name << o.calls[0].response_fields;
  }
}

TEST(DnsStream, AZoneThatBreaksOff) {
  Conversation c = transfer();
  c.resize(3);
  Play how;
  EXPECT_EQ(brief(play(kDescriptor, c, how)), "complete 0 AXFR a.org" + flag(kFlagTruncatedBody) + "\n");
  how.fin = true;
  EXPECT_EQ(brief(play(kDescriptor, c, how)), "complete 0 AXFR a.org" + flag(kFlagMalformed) + "\n");
  c[1].bytes = framed(failure(5, "a.org", 5, 252));
  c.resize(2);
  EXPECT_EQ(brief(play(kDescriptor, c)), "complete 5 AXFR a.org error=REFUSED\n");
}

TEST(DnsStream, LengthsThatLeadNowhere) {
  const Conversation c = {{kC, framed(query(1, "a.org"))},
                          {kS, u16(3) + "abc" + framed(answer(1, "a.org"))},
                          {kC, framed("this is no message of DNS") + framed(query(2, "b.org"))},
                          {kS, framed(answer(2, "b.org"))}};
  const Outcome o = play(kDescriptor, c);
  EXPECT_EQ(brief(o), "complete 0 A a.org\ncomplete 0 A b.org\n");
  EXPECT_EQ(o.counters.resyncs, 2u);
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
}

TEST(DnsStream, AMessageOfEveryByte) {
  std::string large = header(1, 0x8180, 1, 1) + question("a.org", 16);
  const std::size_t rdata = 65'535 - large.size() - 12;
  large +=
      pointer(12) + u16(16) + u16(1) + u32(1) + u16(static_cast<unsigned>(rdata)) + std::string(rdata, '\0');
  ASSERT_EQ(large.size(), 65'535u);
  const Conversation c = {{kC, framed(query(1, "a.org", 16))}, {kS, framed(large)}};
  EXPECT_EQ(brief(play(kDescriptor, c)), "complete 0 TXT a.org\n");
}

// ---- datagrams: cuts and rests ------------------------------------------------------------------

TEST(DnsDatagrams, RestingChangesNothing) {
  const Conversation c = {{kC, kAsked},    {kC, query(2, "a.org", 28)},
                          {kS, kAnswered}, {kS, failure(2, "a.org", 0, 28)},
                          {kC, kAsked},    {kS, kAnswered},
                          {kS, kAnswered}};
  EXPECT_EQ(testing::check_splits(kDescriptor, c, kDatagrams), "");
  const Outcome o = play(kDescriptor, c, kDatagrams);
  EXPECT_GT(o.parked, 0u);
  EXPECT_EQ(o.used_bytes, 0u);
}

// A datagram that is lost takes its own call with it and makes no other pair.
TEST(DnsDatagrams, LossMakesNoNewPair) {
  const Conversation c = {{kC, query(1, "a.org")},  {kC, query(2, "b.org")},     {kS, answer(2, "b.org")},
                          {kS, answer(1, "a.org")}, {kC, query(1, "c.org")},     {kS, answer(1, "c.org")},
                          {kC, query(2, "b.org")},  {kS, failure(2, "b.org", 2)}};
  std::set<std::string> all;
  for (const Call& call : play(kDescriptor, c, kDatagrams).calls)
    all.insert(call.summary + std::to_string(call.status));
  for (std::size_t i = 0; i < c.size(); ++i) {
    Conversation less = c;
    less[i].lost = true;
    for (const Call& call : play(kDescriptor, less, kDatagrams).calls) {
      const bool known = all.contains(call.summary + std::to_string(call.status));
      EXPECT_TRUE(known || call.state != State::complete) << i;
    }
  }
}

TEST(DnsDatagrams, WhatTheCaptureCutIsToldAsFarAsItIsThere) {
  const std::string asked = header(1, 0x0100, 1, 0, 0, 1) + question("a.org", 1) + opt();
  Conversation c = {{kC, asked}, {kS, kAnswered}};
  c[0].cut = 3;
  EXPECT_EQ(brief(play(kDescriptor, c, kDatagrams)), "complete 0 A a.org" + flag(kFlagGap) + "\n");
  c[1].cut = 10;
  const Outcome o = play(kDescriptor, c, kDatagrams);
  EXPECT_EQ(brief(o), "complete 0 A a.org" + flag(kFlagGap) + "\n");
  EXPECT_EQ(o.calls[0].request_size, asked.size());
  EXPECT_EQ(o.calls[0].response_size, kAnswered.size());
  EXPECT_NE(o.calls[0].response_fields.find("answer_count=1|"), std::string::npos);
  EXPECT_EQ(o.counters.malformed, 0u);
  EXPECT_EQ(brief(play(kMulticast, c, kDatagrams)), "one_way -1 A a.org" + flag(kFlagGap) +
                                                        reason(Reason::unsolicited) + "\none_way -1 A a.org" +
                                                        flag(kFlagGap) + reason(Reason::unsolicited) + "\n");
}

TEST(DnsRecognise, CutDatagrams) {
  const auto probed = [](const Descriptor& protocol, const std::string& whole, std::size_t bytes) {
    return protocol.probe_of(Transport::udp, as_bytes(whole).first(bytes), whole.size() - bytes, {});
  };
  const std::size_t with_question = kAsked.size();
  for (std::size_t n = 0; n < kAnswered.size(); ++n) {
    EXPECT_EQ(probed(kDescriptor, kAnswered, n), n < with_question ? Verdict::no : Verdict::server) << n;
    EXPECT_EQ(probed(kMulticast, kAnswered, n), n < with_question ? Verdict::no : Verdict::client) << n;
  }
  EXPECT_EQ(probed(kDescriptor, kAnswered + "more", kAnswered.size()), Verdict::no)
      << "behind a whole message";
  const std::string crowded = header(1, 0x8180, 1, 200) + question("a.org", 1) + std::string(100, '\0');
  EXPECT_EQ(probed(kDescriptor, crowded, 40), Verdict::no) << "200 answers have no room in it";
  EXPECT_EQ(probed(kLinkLocal, kAsked + opt(), with_question), Verdict::no)
      << "of which its header knows nothing";
}

// ---- work ---------------------------------------------------------------------------------------

// `n` questions: the first one as told, then short ones.
std::string questions(std::string first, unsigned n) {
  for (unsigned i = 1; i < n; ++i) first += question("", 1);
  return first;
}

// What a naive flood sends: an id that stays, names that change. Each is a call, and the answer is the call's
// whose question it repeats.
TEST(DnsWork, QueriesThatShareTheirIdAreToldApart) {
  constexpr unsigned kQueries = 600, kQuestions = 1'300;
  Conversation same;
  for (unsigned i = 0; i < kQueries; ++i)
    same.push_back(
        {kC, header(7, 0x0100, kQuestions) + questions(question("x" + std::to_string(i), 1), kQuestions)});
  same.push_back({kS, header(7, 0x8180, 1) + question("x7", 1)});
  const Outcome o = play(kDescriptor, same, kDatagrams);
  ASSERT_EQ(o.calls.size(), kQueries);
  EXPECT_EQ(o.calls[0].state, State::complete);
  EXPECT_NE(o.calls[0].request_fields.find("x7|"), std::string::npos);
}

TEST(DnsWork, AZoneInManyMessagesIsOneCall) {
  constexpr unsigned kMessages = 4'000, kQuestions = 3'000;
  std::string said = framed(header(5, 0x8400, 0, 1) +
                            record(name("a.org"), 6, name("n") + name("h") + std::string(20, '\0')));
  for (unsigned i = 0; i < kMessages; ++i) said += framed(header(5, 0x8400, 0));
  const Outcome o = play(
      kDescriptor,
      {{kC, framed(questions(header(5, 0, kQuestions) + question("a.org", 252), kQuestions))}, {kS, said}},
      {});
  ASSERT_EQ(o.calls.size(), 1u);
}

// ---- multicast ----------------------------------------------------------------------------------

TEST(Multicast, EachMessageStandsForItself) {
  const std::string asked = header(0, 0, 2, 1) + question("_ipp._tcp.local", 12) +
                            question("_ssh._tcp.local", 12, 0x8001) +
                            record(name("_ipp._tcp.local"), 12, str("P 1") + pointer(12));
  const std::string said =
      header(0, 0x8400, 0, 1) + record(name("a.local"), 1, {"\x7f\0\0\1", 4}, 120, 0x8001);
  const Outcome o = play(kMulticast, {{kC, asked}, {kC, said}, {kC, header(0, 0x8400, 0)}}, kDatagrams);
  EXPECT_EQ(brief(o), "one_way -1 PTR _ipp._tcp.local and 1 more" + reason(Reason::unsolicited) +
                          "\none_way -1 A a.local (answer)" + reason(Reason::unsolicited) +
                          "\none_way -1 QUERY" + reason(Reason::unsolicited) + "\n");
  EXPECT_EQ(o.calls[0].request_fields,
            "id=0|opcode=0|qr=0|name=_ipp._tcp.local|type=PTR|questions=_ipp._tcp.local,_ssh._tcp.local,|"
            "question_types=PTR,PTR,|answer_count=1|"
            "answers={\"name\":\"_ipp._tcp.local\",\"type\":\"PTR\",\"ttl\":60,\"data\":\"P "
            "1._ipp._tcp.local\"},|");
  EXPECT_NE(o.calls[1].request_fields.find("qr=1|"), std::string::npos);
}

TEST(LinkLocal, AQuestionToAllThatNobodyAnswersIsNoError) {
  const Conversation c = {{kC, kAsked}, {kC, kAsked}};
  EXPECT_EQ(brief(play(kLinkLocal, c, kDatagrams)),
            "one_way -1 A a.org" + reason(Reason::capture_ended) + "\n");
  EXPECT_EQ(brief(play(kLinkLocal, {{kC, kAsked}, {kS, kAnswered}}, kDatagrams)), "complete 0 A a.org\n");
  EXPECT_EQ(brief(play(kLinkLocal, {{kC, framed(kAsked)}, {kS, framed(kAnswered)}})), "complete 0 A a.org\n");
}

// A client's flows: to the group, and with two of its members.
class Members final : GroupFlows, Sink {
 public:
  enum Flow : std::size_t { group, first, second };

  Members() {
    for (std::size_t i = 0; i < std::size(flows_); ++i)
      flows_[i] = kLinkLocal.datagram_create(slots_[i].bytes, workshop_);
  }
  void say(Flow flow, Direction from, const std::string& bytes) {
    now_ += kMillisecondNs;
    flows_[flow]->on_data(from, {.bytes = as_bytes(bytes), .time = now_}, *this);
  }
  std::string close() {
    for (Dissector* flow : flows_) flow->on_close(End::idle, now_, *this);
    EXPECT_EQ(slabs_.used_bytes(), 0u);
    return told_;
  }

 private:
  Dissector* asked(const std::array<std::uint8_t, 16>& address) override {
    return address[0] == 0xff ? flows_[Flow::group] : nullptr;
  }
  void emit(const Transaction& call) override {
    told_ += std::string(call.summary) + " " + std::to_string(static_cast<int>(call.state));
    EXPECT_NE(call.reason, Reason::lost_in_mirror);
    if (call.state == State::complete)
      told_ +=
          " after " + std::to_string((call.response.first_byte - call.request.first_byte) / kMillisecondNs);
    told_ += "\n";
  }

  struct alignas(64) Slot {
    std::byte bytes[256];
  };
  Limits limits_;
  DissectorCounters counters_;
  SlabPool slabs_{1u << 16};
  Workshop workshop_{slabs_, slabs_, limits_, counters_, nullptr, nullptr, this};
  Slot slots_[3];
  Dissector* flows_[3];
  TimeNs now_ = kSecondNs;
  std::string told_;
};

TEST(LinkLocal, WhatAMemberAnswersWasAskedInItsGroup) {
  Members all;
  all.say(Members::group, kC, query(1, "a.org"));
  all.say(Members::group, kC, query(1, "a.org"));
  all.say(Members::group, kC, query(2, "b.org"));
  all.say(Members::first, kS, answer(1, "A.org"));
  all.say(Members::first, kS, answer(1, "a.org"));   // sent again
  all.say(Members::second, kS, answer(2, "c.org"));  // of another question
  all.say(Members::second, kS, answer(2, "b.org"));
  all.say(Members::second, kS, answer(1, "a.org"));  // the first one was faster
  EXPECT_EQ(all.close(), "A a.org 0 after 3\nA c.org 2\nA b.org 0 after 4\nA a.org 2\n");
}

// The client asks again because it missed the answer, or waits for others.
TEST(LinkLocal, AskedInTheGroupAgainBehindAnAnswer) {
  Members all;
  all.say(Members::group, kC, query(1, "a.org"));
  all.say(Members::first, kS, answer(1, "a.org"));
  all.say(Members::group, kC, query(1, "a.org"));
  all.say(Members::second, kS, answer(1, "a.org"));
  all.say(Members::group, kC, query(1, "a.org"));
  EXPECT_EQ(all.close(), "A a.org 0 after 1\nA a.org 0 after 1\nA a.org 3\n");
}

// ---- recognising --------------------------------------------------------------------------------

TEST(DnsRecognise, Datagrams) {
  struct Case {
    const char* name;
    std::string bytes;
    Verdict verdict;
  };
  const std::vector<Case> cases = {
      {"query", kAsked, Verdict::client},
      {"answer", kAnswered, Verdict::server},
      {"format error without a question", header(1, 0x8181, 0), Verdict::server},
      {"update", header(1, 0x2800, 1) + question("a", 6), Verdict::client},
      {"updated", header(1, 0xa800, 0), Verdict::server},
      {"edns", header(1, 0x0120, 1, 0, 0, 1) + question("a", 1) + opt(), Verdict::client},
      {"empty", "", Verdict::no},
      {"short", kAsked.substr(0, 11), Verdict::no},
      {"cut", kAsked.substr(0, 20), Verdict::no},
      {"more behind it", kAsked + "x", Verdict::no},
      {"nothing asked", header(1, 0x0100, 0), Verdict::no},
      {"nothing said", header(1, 0x8180, 0), Verdict::no},
      {"opcode 9", header(1, 0x4800, 1) + question("a", 1), Verdict::no},
      {"reserved bit", header(1, 0x0140, 1) + question("a", 1), Verdict::no},
      {"a query with a code", header(1, 0x0103, 1) + question("a", 1), Verdict::no},
      {"class 77", header(1, 0x0100, 1) + question("a", 1, 77), Verdict::no},
      {"record of class 77", header(1, 0x8180, 0, 1) + record(name("a"), 1, "", 1, 77), Verdict::no},
      {"65 questions", header(1, 0x0100, 65) + question("a", 1), Verdict::no},
      {"netbios", header(1, 0x0110, 1) + question("CK" + std::string(30, 'A'), 33), Verdict::no},
      {"zeros", std::string(48, '\0'), Verdict::no},
      {"text", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", Verdict::no},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(kDescriptor.datagram_probe(as_bytes(c.bytes), {}), c.verdict) << c.name;
    const Verdict spoken = c.verdict == Verdict::no ? Verdict::no : Verdict::client;
    EXPECT_EQ(kMulticast.probe(as_bytes(c.bytes), {}), spoken) << c.name;
  }
}

// Where the port says DNS; elsewhere none of these is proof.
TEST(DnsRecognise, WhatAPortSpeaksFor) {
  struct Case {
    const char* name;
    std::string bytes;
    Verdict verdict;
  };
  const std::string keepalive = u16(1) + u16(8) + u32(15'000) + u32(60'000);
  const std::vector<Case> cases = {
      {"reserved bit", header(1, 0x0140, 1) + question("a", 1), Verdict::client},
      {"status", header(1, 0x1000, 0), Verdict::client},
      {"a header alone", header(1, 0x0100, 0), Verdict::client},
      {"a header alone answers", header(1, 0x8180, 0), Verdict::server},
      {"inverse query", header(1, 0x0800, 0, 1) + record(name("a"), 1, std::string("\xc0\0\2\1", 4)),
       Verdict::client},
      {"stateful", header(1, 0x3000, 0) + keepalive, Verdict::client},
      {"stateful, refused", header(1, 0xb004, 0) + keepalive.substr(0, 4) + u32(0) + u32(0), Verdict::server},
      {"a query with a code", header(1, 0x0103, 1) + question("a", 1), Verdict::client},
  };
  for (const Case& c : cases) {
    const auto probed = [&](Transport over, const std::string& bytes, bool hinted) {
      return kDescriptor.probe_of(over, as_bytes(bytes), 0, {}, hinted);
    };
    EXPECT_EQ(probed(Transport::udp, c.bytes, true), c.verdict) << c.name;
    EXPECT_EQ(probed(Transport::udp, c.bytes, false), Verdict::no) << c.name;
    EXPECT_EQ(probed(Transport::udp, c.bytes + "x", true), Verdict::no) << c.name;
    const std::string whole = framed(c.bytes);
    EXPECT_EQ(probed(Transport::tcp, whole, true), c.verdict) << c.name;
    EXPECT_EQ(probed(Transport::tcp, whole, false), Verdict::no) << c.name;
    for (std::size_t n = 0; n < whole.size(); ++n)
      EXPECT_EQ(probed(Transport::tcp, whole.substr(0, n), true), Verdict::more) << c.name << " " << n;
  }
  for (const std::string& other :
       {kAsked.substr(0, 20), std::string("\0\0\0", 3), std::string("GET / HTTP/1.1\r\n\r\n"),
        header(1, 0x0100, 65) + question("a", 1), header(1, 0x3000, 0) + u16(1) + u16(9)})
    EXPECT_EQ(probe_hinted(Transport::udp, as_bytes(other)), Verdict::no);
}

TEST(DnsRecognise, Streams) {
  const std::string large =
      header(1, 0x8180, 1, 1) + question("a.org", 16) + record(pointer(12), 16, std::string(900, '\0'));
  for (const std::string& whole : {framed(kAsked), framed(kAnswered), framed(large), framed(kAsked) + "x"}) {
    const Verdict verdict = kDescriptor.probe(as_bytes(whole), {});
    EXPECT_NE(verdict, Verdict::no);
    EXPECT_NE(verdict, Verdict::more);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const Verdict v = kDescriptor.probe(as_bytes(whole).first(n), {});
      EXPECT_TRUE(v == Verdict::more || v == verdict) << n;
    }
  }
  for (const std::string& other :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(64, '\0'), framed("no message at all"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), u16(11)})
    EXPECT_EQ(kDescriptor.probe(as_bytes(other), {}), Verdict::no);
}

// Two bytes that some servers leave behind a message.
TEST(DnsRecognise, WhatStandsBehindAMessageIsSeenWhenItIsThere) {
  const std::string asked("\0\x1b\0\1\1\0\0\1\0\0\0\0\0\0\3www\3org\0\0\1\0\1MS", 29);
  for (std::size_t n = 0; n < asked.size(); ++n)
    EXPECT_EQ(probe_stream(as_bytes(asked).first(n), {}), Verdict::more) << n;
  EXPECT_EQ(probe_stream(as_bytes(asked), {}), Verdict::client);
}

TEST(DnsRecognise, TheNextMessageBehindAHole) {
  const std::string rest = kAnswered.substr(9) + framed(kAnswered) + framed(kAsked);
  const Sync found = kDescriptor.find(kS, as_bytes(rest));
  EXPECT_TRUE(found.found);
  EXPECT_EQ(found.skip, kAnswered.size() - 9);
  const Sync query_found = kDescriptor.find(kC, as_bytes(rest));
  EXPECT_TRUE(query_found.found);
  EXPECT_EQ(query_found.skip, rest.size() - framed(kAsked).size());
  EXPECT_FALSE(kDescriptor.find(kC, as_bytes(kAnswered)).found);
}

}  // namespace
}  // namespace spanlight::dns
