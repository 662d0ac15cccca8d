#include "amqp/amqp.h"

#include <gtest/gtest.h>

#include "amqp/wire_for_tests.h"
#include "core/testing/told.h"

namespace spanlight::amqp {
namespace {

using namespace wire;
using spanlight::testing::flag;
using spanlight::testing::reason;
using testing::Call;
using testing::Conversation;
using testing::Outcome;
using testing::Play;
using testing::play;

constexpr Direction kC = Direction::c2s, kS = Direction::s2c;

// One line a call: state, summary, body, what is odd.
std::string brief(const Outcome& o) {
  constexpr const char* kStates[] = {"complete", "no_response", "no_request", "one_way"};
  std::string out;
  for (const Call& c : o.calls) {
    out += std::string(kStates[static_cast<int>(c.state)]) + " " + c.summary;
    if (!c.request_body.empty()) out += " >" + c.request_body.substr(0, 20);
    if (!c.response_body.empty()) out += " <" + c.response_body.substr(0, 20);
    if (c.flags != 0) out += " flags=" + std::to_string(c.flags);
    if (c.reason != Reason::none) out += " reason=" + std::to_string(static_cast<int>(c.reason));
    if (c.is_error) out += " error=" + std::to_string(c.status) + " " + c.error;
    out += "\n";
  }
  return out;
}

const std::string kHidden = flag(kFlagRedacted);

Conversation opening() {
  return {{kC, kGreeting},
          {kS, start()},
          {kC, start_ok()},
          {kS, tune(30)},
          {kC, tune(31) + invoke(0, 10, 40, shortstr("/") + shortstr("") + u8(0))},
          {kS, invoke(0, 10, 41, shortstr(""))},
          {kC, invoke(1, 20, 10, shortstr(""))},
          {kS, invoke(1, 20, 11, longstr(""))}};
}

Conversation talk() {
  Conversation c = opening();
  for (const testing::Segment& s :
       Conversation{{kC, declare("tasks")},
                    {kS, declare_ok("tasks")},
                    {kC, publish("", "tasks", "work")},
                    {kC, publish("logs", "info", "")},
                    {kS, deliver("tasks", "work")},
                    {kC, invoke(1, 60, 80, u64(7) + u8(0))},
                    {kC, get("tasks")},
                    {kS, get_ok("more")},
                    {kC, get("tasks")},
                    {kS, invoke(1, 60, 72, shortstr(""))},
                    {kS, kHeartbeat},
                    {kC, invoke(0, 10, 50, u16(200) + shortstr("bye") + u16(0) + u16(0))},
                    {kS, invoke(0, 10, 51)}})
    c.push_back(s);
  return c;
}

TEST(Amqp, AConversation) {
  const Outcome o = play(kDescriptor, talk());
  EXPECT_EQ(brief(o), "complete connection.start" + kHidden +
                          "\n"
                          "complete connection.tune\n"
                          "complete connection.open /\n"
                          "complete channel.open\n"
                          "complete queue.declare tasks\n"
                          "one_way basic.publish tasks >work\n"
                          "one_way basic.publish logs/info\n"
                          "one_way basic.deliver tasks >work\n"
                          "one_way basic.ack\n"
                          "complete basic.get tasks <more\n"
                          "complete basic.get tasks\n"
                          "one_way heartbeat\n"
                          "complete connection.close bye\n");
  EXPECT_EQ(o.counters.malformed, 0u);
  const Call& declared = o.calls[4];
  EXPECT_EQ(declared.request_fields, "method=queue.declare|channel=1|direction=c2s|queue=tasks|durable=1|");
  EXPECT_EQ(declared.response_fields,
            "method=queue.declare-ok|channel=1|queue=tasks|message_count=3|consumer_count=1|");
  const Call& published = o.calls[5];
  EXPECT_EQ(published.request_fields,
            "method=basic.publish|channel=1|direction=c2s|routing_key=tasks|mandatory=1|body_size=4|");
  EXPECT_EQ(published.request_headers, "content-type: text/plain|delivery-mode: 2|");
  EXPECT_EQ(published.request_size, publish("", "tasks", "work").size());
  EXPECT_EQ(o.calls[9].response_fields,
            "method=basic.get-ok|channel=1|delivery_tag=1|redelivered=1|routing_key=q|message_count=4|body_"
            "size=4|");
}

TEST(Amqp, WhatLogsInIsRedacted) {
  Outcome o = play(kDescriptor, opening());
  EXPECT_EQ(
      o.calls[0].response_fields,
      "method=connection.start-ok|channel=0|mechanism=PLAIN|user=guest|response=[redacted]|locale=en_US|");
  EXPECT_EQ(o.calls[0].request_headers, "product: broker|capabilities.confirms: true|");
  EXPECT_EQ(o.text().find("secret"), std::string::npos);
  Play shown;
  shown.limits.credentials_shown = true;
  o = play(kDescriptor, opening(), shown);
  EXPECT_NE(o.text().find("secret"), std::string::npos);
  EXPECT_EQ(o.calls[0].flags, 0u);
}

TEST(Amqp, CutsHolesAndRests) {
  EXPECT_EQ(check_splits(kDescriptor, talk()), "");
  EXPECT_EQ(check_prefixes(kDescriptor, talk()), "");
  EXPECT_EQ(check_gaps(kDescriptor, talk()), "");
  EXPECT_GT(play(kDescriptor, talk()).parked, 0u);
}

TEST(Amqp, AClosedChannelIsTheErrorOfWhoWaits) {
  const Outcome o = play(
      kDescriptor,
      {{kC,
        invoke(1, 50, 20, u16(0) + shortstr("q") + shortstr("plop") + shortstr("") + u8(0) + longstr(""))},
       {kS, close_channel(404, "NOT_FOUND - no exchange")},
       {kC, invoke(1, 20, 41)}});
  EXPECT_EQ(brief(o),
            "no_response queue.bind q" + reason(Reason::closed) +
                " error=404 NOT_FOUND - no exchange\n"
                "complete channel.close NOT_FOUND - no exchange error=404 NOT_FOUND - no exchange\n");
  EXPECT_EQ(o.calls[1].request_fields,
            "method=channel.close|channel=1|direction=s2c|reply_code=404|reply_text=NOT_FOUND - no exchange|"
            "class_id=50|method_id=20|");
}

TEST(Amqp, WhatCrossedACloseIsNotAnswered) {
  const std::string refused = reason(Reason::closed) + " error=404 NOT_FOUND\n";
  const std::string open = invoke(1, 20, 10, shortstr("")), opened = invoke(1, 20, 11, longstr(""));
  const Conversation c = {{kC, declare("elsewhere", 2) + declare("bad")},
                          {kS, close_channel(404, "NOT_FOUND")},
                          {.from = kC, .bytes = declare("stale"), .peer_acked = 0},
                          {kC, invoke(1, 20, 41)},
                          {kC, open},
                          {kS, opened},
                          {kC, declare("new")},
                          {kS, declare_ok("new")},
                          {kC, declare("newer")},
                          {kS, declare_ok("newer") + declare_ok("elsewhere", 2)}};
  EXPECT_EQ(brief(play(kDescriptor, c)), "no_response queue.declare bad" + refused +
                                             "no_response queue.declare stale" + refused +
                                             "complete channel.close NOT_FOUND error=404 NOT_FOUND\n"
                                             "complete channel.open\n"
                                             "complete queue.declare new\n"
                                             "complete queue.declare newer\n"
                                             "complete queue.declare elsewhere\n");
  EXPECT_EQ(check_splits(kDescriptor, c), "");
  EXPECT_EQ(check_prefixes(kDescriptor, c), "");
  EXPECT_EQ(check_gaps(kDescriptor, c), "");
}

TEST(Amqp, WhatCrossedTheCloseOfTheConnectionIsNotAnswered) {
  const Conversation c = {{kS, invoke(0, 10, 50, u16(320) + shortstr("CONNECTION_FORCED") + u16(0) + u16(0))},
                          {kC, declare("a") + close_channel(200, "bye", 2)},
                          {kC, invoke(0, 10, 51)}};
  EXPECT_EQ(brief(play(kDescriptor, c)),
            "no_response queue.declare a" + reason(Reason::closed) + " error=320 CONNECTION_FORCED\n" +
                "no_response channel.close bye" + reason(Reason::closed) + " error=320 CONNECTION_FORCED\n" +
                "complete connection.close CONNECTION_FORCED error=320 CONNECTION_FORCED\n");
  EXPECT_EQ(check_gaps(kDescriptor, c), "");
}

// Specification, 1.5.2.5: who has closed still answers a close.
TEST(Amqp, ClosesThatCrossedAreBothAnswered) {
  const Conversation c = {{kC, close_channel(200, "bye")},
                          {.from = kS, .bytes = close_channel(404, "NOT_FOUND"), .peer_acked = 0},
                          {kC, invoke(1, 20, 41)},
                          {kS, invoke(1, 20, 41)}};
  EXPECT_EQ(brief(play(kDescriptor, c)),
            "complete channel.close NOT_FOUND error=404 NOT_FOUND\n"
            "complete channel.close bye\n");
  EXPECT_EQ(check_gaps(kDescriptor, c), "");
}

TEST(Amqp, BehindAHoleItIsNotKnownWhetherACloseWasAnswered) {
  const std::string refused = reason(Reason::closed) + " error=404 NOT_FOUND\n";
  const testing::Segment closed{kS, close_channel(404, "NOT_FOUND")}, ok{kC, invoke(1, 20, 41)};
  const testing::Segment lost{.from = kC, .bytes = declare("lost"), .lost = true};
  EXPECT_EQ(brief(play(kDescriptor, {closed, lost, {kC, declare("stale")}, ok})),
            "no_response queue.declare stale" + flag(kFlagGap) + refused +
                "complete channel.close NOT_FOUND" + flag(kFlagGap) + " error=404 NOT_FOUND\n");
  EXPECT_EQ(brief(play(kDescriptor, {closed, lost, {kC, declare("new")}, {kS, declare_ok("new")}})),
            "complete queue.declare new" + flag(kFlagGap) + "\nno_response channel.close NOT_FOUND" +
                flag(kFlagGap) + reason(Reason::lost_in_mirror) + " error=404 NOT_FOUND\n");
}

TEST(Amqp, ACloseThatWasNotSeenLeavesNothingOpenEither) {
  const Conversation asked = {{kC, declare("stale")}, {kC, invoke(1, 20, 41)}};
  const std::string missing = flag(kFlagGap) + reason(Reason::lost_in_mirror) + "\n";
  Conversation c = asked;
  c.insert(c.begin(), {kS, close_channel(404, "NOT_FOUND"), true});
  EXPECT_EQ(brief(play(kDescriptor, c)),
            "no_response queue.declare stale" + missing + "no_request channel.close-ok" + missing);
  // A mirror that is late with what the server said.
  c = asked;
  c.push_back({kS, declare_ok("stale") + close_channel(404, "NOT_FOUND")});
  EXPECT_EQ(brief(play(kDescriptor, c)),
            "no_request channel.close-ok" + reason(Reason::unsolicited) +
                "\ncomplete queue.declare stale\nno_response channel.close NOT_FOUND" +
                reason(Reason::capture_ended) + " error=404 NOT_FOUND\n");
}

TEST(Amqp, ErrorsOfTheServer) {
  const std::string returned =
      invoke(1, 60, 50, u16(312) + shortstr("NO_ROUTE") + shortstr("x") + shortstr("k")) + header(1, 2) +
      body(1, "hi");
  const Outcome o = play(kDescriptor, {{kC, kGreeting},
                                       {kS, returned},
                                       {kS, invoke(1, 60, 120, u64(1) + u8(0))},
                                       {kC, invoke(1, 60, 120, u64(1) + u8(2))},
                                       {kS, std::string("AMQP\0\0\x09\x01", 8)}});
  EXPECT_EQ(brief(o),
            "one_way basic.return x/k >hi error=312 NO_ROUTE\n"
            "one_way basic.nack error=-1 message not confirmed\n"
            "one_way basic.nack\n"
            "one_way protocol-header error=-1 version refused\n");
}

TEST(Amqp, WithNoWaitThereIsNoAnswer) {
  EXPECT_EQ(brief(play(kDescriptor, {{kC, declare("q", 1, 16)}})), "one_way queue.declare q\n");
}

TEST(Amqp, ChannelsAnswerInTheirOwnOrder) {
  const Outcome o = play(kDescriptor, {{kC, declare("a", 1) + declare("b", 2) + declare("c", 1)},
                                       {kS, declare_ok("b", 2) + declare_ok("a", 1) + declare_ok("c", 1)}});
  EXPECT_EQ(brief(o), "complete queue.declare b\ncomplete queue.declare a\ncomplete queue.declare c\n");
}

TEST(Amqp, ContentsOfChannelsMayInterleave) {
  const std::string first = publish("x", "1", "first"), second = publish("x", "2", "second", 2);
  const std::size_t cut = first.size() - body(1, "first").size();
  const Outcome o = play(kDescriptor, {{kC, first.substr(0, cut) + second + kHeartbeat + first.substr(cut)}});
  EXPECT_EQ(brief(o),
            "one_way basic.publish x/2 >second\none_way heartbeat\none_way basic.publish x/1 >first\n");
}

TEST(Amqp, LargeBodiesPassByCounter) {
  Play how;
  how.limits.body_preview_bytes = 1'000;
  how.cut_bytes = 1'400;
  const std::string part(60'000, 'x');
  const std::string large = invoke(1, 60, 40, u16(0) + shortstr("") + shortstr("k") + u8(0)) +
                            header(1, 120'000) + body(1, part) + body(1, part);
  const Conversation c = {{kC, large}, {kC, publish("", "k", "end")}};
  const Outcome o = play(kDescriptor, c, how);
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].request_body.size(), 1'000u);
  EXPECT_EQ(o.calls[0].request_body_size, 120'000u);
  EXPECT_EQ(o.calls[0].request_size, large.size());
  EXPECT_EQ(o.calls[0].flags, kFlagTruncatedBody);
  EXPECT_GT(o.skipped_bytes, 100'000u);
  EXPECT_EQ(o.calls[1].request_body, "end");
  EXPECT_EQ(check_splits(kDescriptor, c, how), "");
}

TEST(Amqp, AHoleInABodyKeepsTheOrder) {
  const std::string whole = publish("", "k", std::string(300, 'b'));
  const Outcome o = play(kDescriptor, {{kC, whole.substr(0, 100)},
                                       {kC, whole.substr(100, 50), true},
                                       {kC, whole.substr(150) + publish("", "k", "next")}});
  EXPECT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].flags, kFlagGap | kFlagTruncatedBody);
  EXPECT_EQ(o.calls[0].request_body_size, 300u);
  EXPECT_EQ(o.calls[1].flags, 0u);
}

TEST(Amqp, BehindAHoleNothingIsGuessed) {
  const Outcome o = play(
      kDescriptor, {{kC, declare("a") + declare("b")}, {kS, declare_ok("a"), true}, {kS, declare_ok("b")}});
  EXPECT_EQ(brief(o), "no_response queue.declare a" + flag(kFlagGap | kFlagUncertain) +
                          reason(Reason::lost_in_mirror) + "\nno_response queue.declare b" +
                          flag(kFlagGap | kFlagUncertain) + reason(Reason::lost_in_mirror) +
                          "\nno_request queue.declare-ok b" + flag(kFlagGap | kFlagUncertain) +
                          reason(Reason::lost_in_mirror) + "\n");
}

TEST(Amqp, BehindAHoleOfTheClientPairsAreDoubtedUntilBothSidesWereAtRest) {
  const testing::Segment lost{.from = kC, .bytes = declare("a"), .lost = true};
  const std::string unasked =
      "no_request queue.declare-ok a" + flag(kFlagGap) + reason(Reason::lost_in_mirror) + "\n";
  EXPECT_EQ(
      brief(play(kDescriptor, {lost, {kS, declare_ok("a")}, {kC, declare("b")}, {kS, declare_ok("b")}})),
      unasked + "complete queue.declare b\n");
  EXPECT_EQ(brief(play(kDescriptor,
                       {lost, {.from = kC, .bytes = declare("b"), .peer_acked = 0}, {kS, declare_ok("b")}})),
            "complete queue.declare b" + flag(kFlagGap) + "\n");
}

TEST(Amqp, WhatHadBegunBeforeItWasAskedForIsNoAnswer) {
  const std::string whole = get_ok("text");
  const Outcome o = play(kDescriptor, {{kS, whole.substr(0, 50)}, {kC, get("q")}, {kS, whole.substr(50)}});
  EXPECT_EQ(brief(o), "no_request basic.get-ok q <text" + reason(Reason::unsolicited) +
                          "\nno_response basic.get q" + reason(Reason::capture_ended) + "\n");
}

TEST(Amqp, ACloseThatWasNotAnsweredIsAnErrorAllTheSame) {
  const Outcome o = play(kDescriptor, {{kS, close_channel(404, "NOT_FOUND")}, {kC, invoke(1, 20, 41), true}});
  EXPECT_EQ(brief(o), "no_response channel.close NOT_FOUND" + flag(kFlagGap) +
                          reason(Reason::lost_in_mirror) + " error=404 NOT_FOUND\n");
}

TEST(Amqp, JoinedMidstream) {
  const Outcome o = play(kDescriptor, {{kS, deliver("k", "one"), true},
                                       {kS, "rest of a body\xce" + deliver("k", "two")},
                                       {kS, declare_ok("q")}});
  EXPECT_EQ(brief(o), "one_way basic.deliver k >two\nno_request queue.declare-ok q" +
                          reason(Reason::unsolicited) + "\n");
}

TEST(Amqp, SilenceAndLimits) {
  Play how;
  how.limits.answer_timeout_ns = kSecondNs;
  EXPECT_EQ(brief(play(kDescriptor,
                       {{kC, declare("q")}, {.from = kC, .bytes = kHeartbeat, .pause = 2 * kSecondNs}}, how)),
            "no_response queue.declare q" + reason(Reason::unanswered) +
                " error=-1 no response: unanswered\none_way heartbeat\n");
  how.limits.open_calls_max = 1;
  EXPECT_EQ(brief(play(kDescriptor, {{kC, declare("a") + declare("b")}}, how)),
            "no_response queue.declare a" + reason(Reason::evicted) + "\nno_response queue.declare b" +
                reason(Reason::capture_ended) + "\n");
  how.state_bytes = 0;
  EXPECT_EQ(brief(play(kDescriptor, {{kC, declare("a")}, {kC, publish("", "k", "text")}}, how)),
            "no_response queue.declare a" + reason(Reason::evicted) + "\none_way basic.publish k" +
                flag(kFlagTruncatedBody) + "\n");
}

TEST(Amqp, AConnectionThatEndsWithinAMessage) {
  Play how;
  how.close = End::reset;
  const std::string whole = publish("", "k", "text");
  EXPECT_EQ(brief(play(kDescriptor, {{kC, whole.substr(0, whole.size() - 3)}}, how)),
            "one_way basic.publish k >te" + flag(kFlagMalformed | kFlagTruncatedBody) + "\n");
}

TEST(Amqp, WhatIsNoFrameIsFoundOut) {
  const Outcome o = play(kDescriptor, {{kC, declare("q") + "rubbish" + declare("r")}});
  EXPECT_EQ(o.counters.malformed, 1u);
  EXPECT_EQ(o.calls.size(), 2u);
}

}  // namespace
}  // namespace spanlight::amqp
