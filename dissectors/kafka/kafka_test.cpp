#include "kafka/kafka.h"

#include <gtest/gtest.h>

#include <string>

#include "core/testing/harness.h"
#include "kafka/parse.h"
#include "kafka/wire_for_tests.h"

namespace spanlight::kafka {
namespace {

using namespace wire;
using testing::Call;
using testing::Conversation;
using testing::Outcome;
using testing::Play;
constexpr Direction C = Direction::c2s, S = Direction::s2c;

// The value of a field in "name=value|…".
std::string field(const std::string& fields, const std::string& name) {
  const std::string all = "|" + fields;
  const std::size_t at = all.find("|" + name + "=");
  if (at == std::string::npos) return "-";
  const std::size_t from = at + name.size() + 2;
  return all.substr(from, all.find('|', from) - from);
}
std::string asked_of(const Call& c, const std::string& name) {
  return field(c.request_fields, name);
}
std::string answered_of(const Call& c, const std::string& name) {
  return field(c.response_fields, name);
}

std::vector<Call> calls_of(const Conversation& conversation, const Play& how = {}) {
  const Outcome o = testing::play(kDescriptor, conversation, how);
  EXPECT_TRUE(o.violations.empty()) << o.violations.front();
  EXPECT_EQ(o.used_bytes, 0u);
  return o.calls;
}

std::string versions(std::uint32_t id) {
  return request(18, 3, id, compact("librdkafka") + compact("2.0") + kTags, true);
}
std::string versions_told(std::uint32_t id) {
  return response(id, be16(0) + varint(3) + be16(0) + be16(0) + be16(9) + kTags + be16(1) + be16(0) +
                          be16(12) + kTags + be32(0) + kTags);
}
// Fetch 12: flexible.
std::string fetch(std::uint32_t id) {
  return request(1, 12, id,
                 be32(~0u) + be32(500) + be32(1) + be32(1'000) + std::string(1, '\0') + be32(0) + be32(~0u) +
                     varint(2) + compact("orders") + varint(2) + be32(3) + be32(0) + be64(40) + be32(~0u) +
                     be64(0) + be32(1'000) + kTags + kTags + varint(1) + compact("") + kTags,
                 true);
}
std::string fetched(std::uint32_t id, const std::string& records, std::uint16_t error = 0) {
  return response(id,
                  be32(7) + be16(0) + be32(0) + varint(2) + compact("orders") + varint(2) + be32(3) +
                      be16(error) + be64(42) + be64(42) + be64(0) + varint(1) + be32(~0u) +
                      varint(static_cast<std::uint32_t>(records.size() + 1)) + records + kTags + kTags +
                      kTags,
                  true);
}
std::string heartbeat(std::uint32_t id) {
  return request(12, 1, id, text("billing") + be32(5) + text("member-1"));
}

Conversation everything() {
  return {
      {C, versions(1)},
      {S, versions_told(1)},
      {C, metadata(2, {"orders", "bills"})},
      {S, metadata_told(2, "orders")},
      {C, produce(3, "orders", batch(2, "k", "hello")) + produce(4, "orders", batch(1, "", "x", 3))},
      {S, produced(3, "orders") + produced(4, "orders", 6)},
      {C, fetch(5)},
      {C, heartbeat(6)},
      {S, response(6, be32(0) + be16(27))},
      {S, fetched(5, batch(9, "a", "b"))},
      {C, produce(7, "orders", batch(1, "k", "v"), 0)},
      {C, metadata(8, {"nope"})},
      {S, metadata_told(8, "nope", 3)},
  };
}

TEST(Kafka, IsRecognisedByItsRequests) {
  struct Case {
    const char* name;
    std::string bytes;
    Verdict verdict;
  };
  const Case cases[] = {
      {"versions", versions(1), Verdict::client},
      {"metadata", metadata(1, {"a"}), Verdict::client},
      {"metadata of all, without a name", request(3, 0, 1, be32(0), false, ""), Verdict::client},
      {"produce", produce(1, "orders", batch(1, "k", "v")), Verdict::client},
      {"a large produce", produce(1, "orders", batch(1, "k", std::string(5'000, 'v'))), Verdict::client},
      {"two answers", produced(3, "orders") + produced(4, "orders"), Verdict::server},
      {"one answer", produced(3, "orders"), Verdict::more},
      {"small numbers",
       be32(16) + be32(3) + std::string(12, '\0') + be32(16) + be32(4) + std::string(12, '\0'), Verdict::no},
      {"two frames of text",
       be32(24) + be32(3) + std::string(20, 'x') + be32(24) + be32(4) + std::string(20, 'x'), Verdict::no},
      {"half a request", metadata(1, {"orders"}).substr(0, 20), Verdict::more},
      {"an answer to produce, again and again the same", produced(3, "orders") + produced(3, "orders"),
       Verdict::no},
      {"HTTP", "GET / HTTP/1.1\r\n\r\n", Verdict::no},
      {"PostgreSQL",
       be32(0x26) + be32(196'608) + "user" + std::string(1, '\0') + "anna" + std::string(21, '\0'),
       Verdict::more},
      {"SMPP", be32(0x2f) + be32(1) + be32(0) + be32(1) + "user" + std::string(27, '\0'), Verdict::more},
      {"ZooKeeper", be32(44) + std::string(44, '\0'), Verdict::more},
      {"HTTP/2's settings",
       std::string("\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x64\0\4\0\x40\0\0", 21) + std::string(4'600, '\0'),
       Verdict::no},
      {"MySQL", std::string("\x4a\0\0\0\x0a", 5) + "8.0.30" + std::string(70, '\0'), Verdict::no},
  };
  for (const Case& c : cases) EXPECT_EQ(kDescriptor.probe(as_bytes(c.bytes), {}), c.verdict) << c.name;
}

TEST(Kafka, AVerdictStays) {
  for (const std::string& head : {versions(1), metadata(1, {"a"}), produce(1, "o", batch(1, "k", "v")),
                                  produced(3, "orders") + produced(4, "orders"), fetch(1)}) {
    const Verdict whole = kDescriptor.probe(as_bytes(head), {});
    for (std::size_t n = 0; n < head.size(); ++n) {
      const Verdict v = kDescriptor.probe(as_bytes(head).first(n), {});
      EXPECT_TRUE(v == Verdict::more || v == whole) << n;
    }
  }
}

TEST(Kafka, ARequestIsFoundBehindAHole) {
  const std::string tail = "of a record's value";
  const Sync at = kDescriptor.find(C, as_bytes(tail + heartbeat(7)));
  EXPECT_TRUE(at.found);
  EXPECT_EQ(at.skip, tail.size());
}

TEST(Kafka, ProduceTellsTopicsAndRecords) {
  const auto calls =
      calls_of({{C, produce(3, "orders", batch(2, "key", "hello"))}, {S, produced(3, "orders")}});
  ASSERT_EQ(calls.size(), 1u);
  const Call& c = calls[0];
  EXPECT_EQ(c.state, State::complete);
  EXPECT_EQ(c.method, "Produce");
  EXPECT_EQ(c.summary, "Produce orders");
  EXPECT_EQ(asked_of(c, "topics"), "orders,");
  EXPECT_EQ(asked_of(c, "records"), "2");
  EXPECT_EQ(asked_of(c, "compression"), "none");
  EXPECT_EQ(asked_of(c, "acks"), "1");
  EXPECT_EQ(asked_of(c, "key"), "key");
  EXPECT_EQ(asked_of(c, "client_id"), "shop");
  EXPECT_EQ(c.request_body, "hello");
  EXPECT_EQ(answered_of(c, "error_codes"), "0,");
  EXPECT_EQ(answered_of(c, "offset"), "42");
  EXPECT_EQ(c.status, 0);
  EXPECT_FALSE(c.is_error);
  EXPECT_EQ(c.flags, 0u);
}

TEST(Kafka, AnswersArePairedByTheirIds) {
  const auto calls = calls_of(everything());
  ASSERT_EQ(calls.size(), 8u);
  EXPECT_EQ(calls[0].method, "ApiVersions");
  EXPECT_EQ(asked_of(calls[0], "software"), "librdkafka");
  EXPECT_EQ(answered_of(calls[1], "topics"), "orders,");
  EXPECT_EQ(calls[1].summary, "Metadata orders, bills");
  EXPECT_EQ(calls[3].error, "orders-3: NOT_LEADER_OR_FOLLOWER");
  EXPECT_EQ(calls[3].status, 6);
  EXPECT_EQ(asked_of(calls[3], "compression"), "lz4");
  EXPECT_EQ(calls[4].method, "Heartbeat");
  EXPECT_EQ(calls[4].summary, "Heartbeat billing");
  EXPECT_EQ(calls[4].error, "REBALANCE_IN_PROGRESS");
  EXPECT_EQ(calls[5].method, "Fetch");
  EXPECT_EQ(answered_of(calls[5], "records"), "9");
  EXPECT_EQ(answered_of(calls[5], "throttle_ms"), "7");
  EXPECT_EQ(calls[5].response_body, "b");
  EXPECT_EQ(calls[6].state, State::one_way);
  EXPECT_EQ(asked_of(calls[6], "acks"), "0");
  EXPECT_EQ(calls[7].error, "nope: UNKNOWN_TOPIC_OR_PARTITION");
}

TEST(Kafka, LargeFramesPassByCounter) {
  const std::string value(1u << 20, 'x');
  const Outcome o = testing::play(kDescriptor,
                                  {{C, produce(1, "orders", batch(1, "k", value))},
                                   {S, produced(1, "orders")},
                                   {C, fetch(2)},
                                   {S, fetched(2, batch(5, "k", value))},
                                   {C, heartbeat(3)},
                                   {S, response(3, be32(0) + be16(0))}},
                                  {.cut_bytes = 1'460});
  ASSERT_EQ(o.calls.size(), 3u);
  EXPECT_GT(o.skipped_bytes, 2'000'000u);
  EXPECT_EQ(asked_of(o.calls[0], "records"), "1");
  EXPECT_TRUE(o.calls[0].flags & kFlagTruncatedBody);
  EXPECT_EQ(o.calls[0].request_body_size, value.size());
  EXPECT_EQ(answered_of(o.calls[1], "records"), "5");
  EXPECT_EQ(o.calls[2].state, State::complete);
}

TEST(Kafka, SecretsAreNotTold) {
  const std::string secret("\0anna\0s3cret", 12);
  const Conversation conversation = {
      {C, request(17, 1, 1, text("PLAIN"))},
      {S, response(1, be16(0) + be32(1) + text("PLAIN"))},
      {C, request(36, 0, 2, be32(static_cast<std::uint32_t>(secret.size())) + secret)},
      {S, response(2, be16(58) + text("no") + be32(3) + "t0k")},
  };
  const Conversation old = {
      {C, request(17, 0, 1, text("PLAIN"))},
      {S, response(1, be16(0) + be32(1) + text("PLAIN"))},
      {C, frame(secret)},
      {S, frame("")},
      {C, metadata(2, {"a"})},
      {S, metadata_told(2, "a")},
  };
  auto calls = calls_of(conversation);
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].summary, "SaslHandshake PLAIN");
  EXPECT_EQ(asked_of(calls[1], "auth"), "[redacted]");
  EXPECT_TRUE(calls[1].flags & kFlagRedacted);
  EXPECT_EQ(calls[1].error, "SASL_AUTHENTICATION_FAILED");
  EXPECT_EQ(calls[1].text().find("s3cret"), std::string::npos);
  EXPECT_EQ(calls[1].text().find("t0k"), std::string::npos);
  calls = calls_of(old);
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[1].method, "SaslToken");
  EXPECT_EQ(calls[1].state, State::complete);
  EXPECT_EQ(calls[1].text().find("s3cret"), std::string::npos);
  EXPECT_EQ(calls[2].method, "Metadata");
  Play shown;
  shown.limits.credentials_shown = true;
  EXPECT_NE(calls_of(conversation, shown)[1].text().find("s3cret"), std::string::npos);
}

TEST(Kafka, ABrokerThatIsTooOldAnswersInTheOldestVersion) {
  const auto calls =
      calls_of({{C, versions(1)}, {S, response(1, be16(35) + be32(1) + be16(18) + be16(0) + be16(2))}});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].error, "UNSUPPORTED_VERSION");
  EXPECT_EQ(calls[0].status, 35);
  EXPECT_EQ(answered_of(calls[0], "throttle_ms"), "-");
  EXPECT_EQ(calls[0].flags, 0u);
}

TEST(Kafka, NewerVersionsThanAreKnownAreStillCalls) {
  const auto calls =
      calls_of({{C, request(12, 6, 9, std::string(40, '\7'), true)}, {S, response(9, "?", true)}});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].method, "Heartbeat");
  EXPECT_EQ(calls[0].state, State::complete);
  EXPECT_EQ(calls[0].flags & kFlagMalformed, 0u);
}

TEST(Kafka, WhatIsMissingIsNotPaired) {
  auto calls = calls_of({{C, heartbeat(1), true},
                         {S, response(1, be32(0) + be16(0))},
                         {C, heartbeat(2)},
                         {S, response(2, be32(0) + be16(0))}});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].state, State::no_request);
  EXPECT_EQ(calls[0].reason, Reason::lost_in_mirror);
  EXPECT_EQ(calls[0].summary, "answer 1");
  EXPECT_EQ(calls[1].state, State::complete);
  calls = calls_of({{C, heartbeat(1)},
                    {S, response(1, be32(0) + be16(0)), true},
                    {C, heartbeat(2)},
                    {S, response(2, be32(0) + be16(0))}});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(asked_of(calls[0], "correlation_id"), "2");
  EXPECT_EQ(calls[0].state, State::complete);
  EXPECT_EQ(calls[1].reason, Reason::lost_in_mirror);
  EXPECT_TRUE(calls[1].flags & kFlagGap);
}

TEST(Kafka, AnAnswerIsFoundBehindAHole) {
  const std::string large = fetched(2, batch(5, "k", std::string(3'000, 'v')));
  const auto calls = calls_of({{C, fetch(2)},
                               {C, heartbeat(3)},
                               {S, large.substr(0, 500), true},
                               {S, large.substr(500) + response(3, be32(0) + be16(0))}});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(asked_of(calls[0], "correlation_id"), "3");
  EXPECT_EQ(calls[0].state, State::complete);
  EXPECT_EQ(calls[1].state, State::no_response);
}

TEST(Kafka, WhatMayBecomeAnAnswerDoesNotHideOne) {
  const std::string quoted = be32(100) + be32(3) + be32(0);
  const auto calls = calls_of({{C, heartbeat(1)},
                               {S, response(1, be32(0) + be16(0)), true},
                               {C, heartbeat(3)},
                               {S, quoted + response(3, be32(0) + be16(0))},
                               {C, heartbeat(4), false, 0, GapCause::mirror, kSecondNs},
                               {S, response(4, be32(0) + be16(0))}});
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(asked_of(calls[0], "correlation_id"), "3");
  EXPECT_EQ(calls[0].state, State::complete);
  EXPECT_EQ(asked_of(calls[1], "correlation_id"), "4");
  EXPECT_EQ(calls[1].state, State::complete);
}

TEST(Kafka, ALongAnswerIsNotLookedInto) {
  const std::string inner = be32(16) + be32(5) + be32(0) + be16(0);
  const auto calls = calls_of({{C, heartbeat(1)},
                               {S, response(1, be32(0) + be16(0)), true},
                               {C, fetch(4)},
                               {C, heartbeat(5)},
                               {S, fetched(4, batch(1, "k", inner + std::string(900, 'v')))},
                               {S, response(5, be32(0) + be16(27))}});
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(asked_of(calls[0], "correlation_id"), "4");
  EXPECT_EQ(calls[0].state, State::complete);
  EXPECT_EQ(answered_of(calls[1], "error_codes"), "27,");
}

TEST(Kafka, WhoWasNotAnsweredIsToldAlsoWhileAnswersAreLookedFor) {
  const auto calls = calls_of(
      {{C, heartbeat(1)}, {S, response(1, be32(0) + be16(0)), true}, {C, heartbeat(3)}}, {.fin = true});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].reason, Reason::lost_in_mirror);
  EXPECT_EQ(asked_of(calls[1], "correlation_id"), "3");
  EXPECT_EQ(calls[1].reason, Reason::closed);
  EXPECT_TRUE(calls[1].is_error);
}

TEST(Kafka, WhatIsNoFrameDoesNotHideWhatFollows) {
  const auto calls = calls_of({{C, heartbeat(3)}, {S, "\xff\xff\xff\xff" + response(3, be32(0) + be16(0))}});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].state, State::complete);
}

TEST(Kafka, WhileAnswersAreLookedForNoneIsSaidToBeMissing) {
  const auto calls = calls_of({{C, heartbeat(1)},
                               {S, response(1, be32(0) + be16(0)), true},
                               {C, heartbeat(3)},
                               {S, "what came was not understood"}},
                              {.fin = true});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(asked_of(calls[1], "correlation_id"), "3");
  EXPECT_EQ(calls[1].reason, Reason::lost_in_mirror);
  EXPECT_TRUE(calls[1].flags & kFlagGap);
  EXPECT_FALSE(calls[1].is_error);
}

TEST(Kafka, WhatBeganBeforeItsQuestionIsNoAnswerHoweverItIsCut) {
  const std::string answer = response(3, be32(0) + be16(0));
  const Conversation talk = {
      {S, "\xff\xff\xff\xff" + answer.substr(0, 9)}, {C, heartbeat(3)}, {S, answer.substr(9)}};
  const auto calls = calls_of(talk, {.fin = true});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].state, State::no_request);
  EXPECT_EQ(calls[1].state, State::no_response);
  EXPECT_EQ(testing::check_splits(kDescriptor, talk), "");
}

TEST(Kafka, UnansweredAndClosed) {
  auto calls = calls_of({{C, heartbeat(1)}, {C, heartbeat(2), false, 0, GapCause::mirror, 70 * kSecondNs}},
                        {.fin = true});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].reason, Reason::unanswered);
  EXPECT_TRUE(calls[0].is_error);
  EXPECT_EQ(calls[1].reason, Reason::closed);
}

// The rebalance timeout is five minutes where nobody says another.
TEST(Kafka, WhoJoinsAGroupWaitsForTheOthers) {
  const std::string join = request(11, 1, 1,
                                   text("billing") + be32(45'000) + be32(300'000) + text("") +
                                       text("consumer") + be32(1) + text("range") + be32(1) + "x");
  const std::string sync = request(14, 0, 2, text("billing") + be32(5) + text("member-1") + be32(0));
  const Conversation talk = {
      {C, join + sync},
      {C, heartbeat(3)},
      {.from = C, .bytes = heartbeat(4), .pause = 70 * kSecondNs},
      {S, response(4, be32(0) + be16(0))},
      {.from = S,
       .bytes = response(1, be16(0) + be32(5) + text("range") + text("m") + text("m") + be32(0)),
       .pause = 200 * kSecondNs},
      {S, response(2, be16(0) + be32(1) + "x")}};
  const auto calls = calls_of(talk);
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_EQ(asked_of(calls[0], "correlation_id"), "3");
  EXPECT_EQ(calls[0].reason, Reason::unanswered);
  EXPECT_EQ(asked_of(calls[1], "correlation_id"), "4");
  EXPECT_EQ(calls[1].state, State::complete);
  EXPECT_EQ(calls[2].method, "JoinGroup");
  EXPECT_EQ(calls[2].state, State::complete);
  EXPECT_FALSE(calls[2].is_error);
  EXPECT_EQ(calls[3].method, "SyncGroup");
  EXPECT_EQ(calls[3].state, State::complete);
  EXPECT_EQ(testing::check_splits(kDescriptor, talk), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, talk), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, talk), "");
}

TEST(Kafka, LimitsHold) {
  Play few;
  few.limits.open_calls_max = 2;
  const Outcome o = testing::play(kDescriptor, {{C, heartbeat(1) + heartbeat(2) + heartbeat(3)}}, few);
  EXPECT_EQ(o.counters.open_calls_exceeded, 1u);
  EXPECT_EQ(o.calls.size(), 3u);
  EXPECT_EQ(o.calls[0].reason, Reason::evicted);
  Play none;
  none.state_bytes = 0;
  const Outcome empty = testing::play(kDescriptor, everything(), none);
  EXPECT_GT(empty.counters.state_exhausted, 0u);
  EXPECT_EQ(empty.used_bytes, 0u);
}

TEST(Kafka, FramesThatAreNone) {
  const Outcome o = testing::play(kDescriptor, {{C, heartbeat(1)},
                                                {S, response(1, be32(0) + be16(0))},
                                                {C, "\xff\xff\xff\xff"},
                                                {C, heartbeat(2)},
                                                {S, response(2, be32(0) + be16(0))}});
  EXPECT_EQ(o.counters.malformed, 1u);
  ASSERT_EQ(o.calls.size(), 2u);
}

TEST(Kafka, CutsPrefixesAndHolesChangeNothing) {
  EXPECT_EQ(testing::check_splits(kDescriptor, everything()), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, everything()), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, everything()), "");
}

TEST(Kafka, ItRestsBetweenCalls) {
  EXPECT_GT(testing::play(kDescriptor, everything()).parked, 0u);
}

}  // namespace
}  // namespace spanlight::kafka
