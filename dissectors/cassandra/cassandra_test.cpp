#include "cassandra/cassandra.h"

#include <gtest/gtest.h>
#include <lz4.h>
#include <snappy-c.h>

#include "cassandra/wire_for_tests.h"
#include "core/testing/told.h"

namespace spanlight::cassandra {
namespace {

using namespace wire;
using testing::Conversation;
using testing::flag;
using testing::has;
using testing::Outcome;
using testing::Play;
using testing::play;
using testing::reason;
using Seen = testing::Call;

constexpr Direction kC = Direction::c2s;
constexpr Direction kS = Direction::s2c;

std::string brief(const Outcome& o) {
  return spanlight::testing::told(o, [](const spanlight::testing::Call& c) {
    return c.method + " | " + c.summary + (c.status > 0 ? " status=" + std::to_string(c.status) : "");
  });
}

const Conversation kDay = {
    {kC, frame(5, 0, "")},
    {kS, answer(6, 0, be(1, 2) + str("COMPRESSION") + be(1, 2) + str("lz4"))},
    {kC, startup()},
    {kS, answer(3, 0, str("org.apache.cassandra.auth.PasswordAuthenticator"))},
    {kC, frame(15, 0, long_str(std::string("\0shop\0swordfish", 15)))},
    {kS, answer(16, 0, be(~0u, 4))},
    {kC, frame(11, 1, be(1, 2) + str("STATUS_CHANGE"))},
    {kS, answer(2, 1, "")},
    {kC, query(1, "SELECT * FROM shop.items")},
    {kS, rows(1, 3)},
    {kC, query(2, "SELECT nope")},
    {kS, error(2, 0x2200, "unconfigured table")},
    {kC, frame(9, 3, long_str("INSERT INTO items (id) VALUES (?)"))},
    {kS, prepared(3)},
    {kC, execution(4)},
    {kS, done(4)},
    {kS, answer(12, -1, str("STATUS_CHANGE") + str("UP") + be(4, 1) + std::string(8, 'a'))},
    {kC, query(5, "USE shop")},
    {kS, answer(8, 5, be(3, 4) + str("shop"))},
};

TEST(Cassandra, ADay) {
  const Outcome o = play(kDescriptor, kDay);
  EXPECT_EQ(brief(o),
            "complete OPTIONS | OPTIONS\n"
            "complete STARTUP | STARTUP\n"
            "complete AUTH_RESPONSE | AUTH_RESPONSE" +
                flag(kFlagRedacted) +
                "\n"
                "complete REGISTER | REGISTER\n"
                "complete QUERY | SELECT * FROM shop.items\n"
                "complete QUERY | SELECT nope status=8704 error=Invalid: unconfigured table\n"
                "complete PREPARE | INSERT INTO items (id) VALUES (?)\n"
                "complete EXECUTE | INSERT INTO items (id) VALUES (?)\n"
                "one_way EVENT | STATUS_CHANGE UP\n"
                "complete QUERY | USE shop\n");
  ASSERT_EQ(o.calls.size(), 10u);
  EXPECT_TRUE(has(o.calls[4].response_fields, "rows=3")) << o.calls[4].response_fields;
  EXPECT_TRUE(has(o.calls[4].response_fields, "kind=rows"));
  EXPECT_TRUE(has(o.calls[4].request_fields, "stream_id=1"));
  EXPECT_TRUE(has(o.calls[5].response_fields, "error_code=8704"));
  EXPECT_EQ(o.calls[4].request_body, "SELECT * FROM shop.items");
  EXPECT_EQ(o.counters.malformed, 0u);
  for (const Seen& call : o.calls) EXPECT_EQ(call.text().find("swordfish"), std::string::npos);
}

TEST(Cassandra, ContractHolds) {
  EXPECT_EQ(testing::check_splits(kDescriptor, kDay), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, kDay), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, kDay), "");
}

TEST(Cassandra, PairsByStreamInAnyOrder) {
  const Outcome o =
      play(kDescriptor, {{kC, query(1, "SELECT 1") + query(2, "SELECT 2")}, {kS, rows(2, 2) + rows(1, 1)}});
  EXPECT_EQ(brief(o), "complete QUERY | SELECT 2\ncomplete QUERY | SELECT 1\n");
}

TEST(Cassandra, SecretsInStatements) {
  const Conversation c = {{kC, query(1, "CREATE ROLE r WITH PASSWORD = 'swordfish' AND LOGIN = true")},
                          {kS, done(1)}};
  const Outcome o = play(kDescriptor, c);
  EXPECT_EQ(o.calls[0].request_body, "CREATE ROLE r WITH PASSWORD = [redacted] AND LOGIN = true");
  EXPECT_EQ(o.calls[0].flags, std::uint32_t{kFlagRedacted});
  const Conversation dollars = {{kC, query(1, "ALTER ROLE r // it's\n WITH PASSWORD = $$swordfish$$")},
                                {kS, done(1)}};
  EXPECT_EQ(play(kDescriptor, dollars).calls[0].request_body,
            "ALTER ROLE r // it's\n WITH PASSWORD = [redacted]");
  // The server quotes what it did not understand.
  const Conversation quoted = {{kC, query(1, "CREATE ROL r WITH PASSWORD = 'swordfish'")},
                               {kS, error(1, 0x2000, "no viable alternative at 'swordfish'")}};
  const Seen failed = play(kDescriptor, quoted).calls[0];
  EXPECT_EQ(failed.text().find("swordfish"), std::string::npos) << failed.text();
  EXPECT_TRUE(has(failed.response_fields, "error_code=8192")) << failed.response_fields;
  EXPECT_TRUE(has(failed.response_fields, "error_message=[redacted]")) << failed.response_fields;
  const Outcome denied =
      play(kDescriptor, {{kC, frame(15, 0, long_str("swordfish"))}, {kS, error(0, 0x100, "wrong password")}});
  EXPECT_TRUE(has(denied.calls[0].response_fields, "error_message=wrong password"));
  Play shown;
  shown.limits.credentials_shown = true;
  EXPECT_TRUE(has(play(kDescriptor, quoted, shown).calls[0].response_fields,
                  "error_message=no viable alternative at 'swordfish'"));
  EXPECT_NE(play(kDescriptor, c, shown).calls[0].summary.find("swordfish"), std::string::npos);
}

std::string lz4ed(const std::string& in) {
  std::string out(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(in.size()))), '\0');
  const int n =
      LZ4_compress_default(in.data(), out.data(), static_cast<int>(in.size()), static_cast<int>(out.size()));
  return out.substr(0, static_cast<std::size_t>(n));
}
std::string snapped(const std::string& in) {
  std::string out(snappy_max_compressed_length(in.size()), '\0');
  std::size_t n = out.size();
  snappy_compress(in.data(), in.size(), out.data(), &n);
  return out.substr(0, n);
}

TEST(Cassandra, CompressedBodies) {
  const std::string cql = "SELECT * FROM items WHERE name = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'";
  const std::string asked = query_body(cql), told = rows_body(50);
  const auto lz4 = [](const std::string& in) { return be(in.size(), 4) + lz4ed(in); };
  for (const bool snappy : {false, true}) {
    const auto pack = [&](const std::string& in) { return snappy ? snapped(in) : lz4(in); };
    const Conversation begin = {{kC, startup(snappy ? "snappy" : "lz4")}, {kS, answer(2, 0, "")}};
    const Conversation call = {{kC, frame(7, 1, pack(asked), 4, 1)}, {kS, answer(8, 1, pack(told), 4, 1)}};
    Conversation whole = begin;
    whole.insert(whole.end(), call.begin(), call.end());
    const Outcome o = play(kDescriptor, whole);
    ASSERT_EQ(o.calls.size(), 2u) << brief(o);
    EXPECT_EQ(o.calls[1].summary, cql);
    EXPECT_TRUE(has(o.calls[1].response_fields, "rows=50")) << o.calls[1].response_fields;
    EXPECT_EQ(testing::check_splits(kDescriptor, whole), "");
    // Joined later: told by what it looks like.
    const Outcome later = play(kDescriptor, call);
    ASSERT_EQ(later.calls.size(), 1u);
    EXPECT_EQ(later.calls[0].summary, cql);
  }
  const Outcome bad =
      play(kDescriptor,
           {{kC, startup("lz4")}, {kS, answer(2, 0, "")}, {kC, frame(7, 1, be(100, 4) + "no lz4", 4, 1)}});
  EXPECT_EQ(bad.calls[1].flags & kFlagMalformed, kFlagMalformed);
}

TEST(Cassandra, EmptyBodiesThatArePacked) {
  struct Case {
    const char* name;
    std::string compression, body;
    bool empty;
  };
  for (const Case& c :
       {Case{"snappy", "snappy", snapped(""), true}, Case{"LZ4", "lz4", be(0, 4) + lz4ed(""), true},
        Case{"LZ4, its size alone", "lz4", be(0, 4), true},
        Case{"snappy, behind the start", "", snapped(""), true},
        Case{"LZ4, behind the start", "", be(0, 4) + lz4ed(""), true},
        Case{"LZ4 with more", "lz4", be(0, 4) + std::string(2, '\0'), false},
        Case{"snappy with more", "snappy", std::string(2, '\0'), false},
        Case{"no token", "lz4", be(0, 4) + "x", false}}) {
    Conversation all;
    if (!c.compression.empty()) all = {{kC, startup(c.compression)}, {kS, answer(2, 0, "")}};
    all.push_back({kC, frame(5, 1, c.body, 4, 1)});
    all.push_back({kS, answer(2, 1, c.body, 4, 1)});
    const Outcome o = play(kDescriptor, all);
    ASSERT_FALSE(o.calls.empty()) << c.name;
    const Seen& last = o.calls.back();
    EXPECT_EQ(last.summary, "OPTIONS") << c.name;
    EXPECT_EQ(last.flags, c.empty ? 0u : std::uint32_t{kFlagMalformed | kFlagTruncatedBody}) << c.name;
    EXPECT_EQ(has(last.response_fields, "unread=1"), !c.empty) << c.name;
    EXPECT_TRUE(has(last.response_fields, "compressed=1")) << c.name;
  }
}

TEST(Cassandra, SegmentsOfVersion5) {
  const std::string long_cql = "SELECT '" + std::string(300, 'x') + "'";
  const std::string large = query(2, long_cql, 5);
  const Conversation c = {{kC, frame(5, 0, "", 5)},
                          {kS, answer(6, 0, be(0, 2), 5)},
                          {kC, startup({}, 5)},
                          {kS, answer(2, 0, "", 5)},
                          {kC, segment(query(1, "SELECT 1", 5) + query(3, "SELECT 3", 5))},
                          {kS, segment(rows(3, 1, 5)) + segment(rows(1, 2, 5))},
                          {kC, segment(large.substr(0, 200), false) + segment(large.substr(200), false)},
                          {kS, segment(done(2, 5))}};
  const Outcome o = play(kDescriptor, c);
  EXPECT_EQ(brief(o),
            "complete OPTIONS | OPTIONS\ncomplete STARTUP | STARTUP\ncomplete QUERY | SELECT 3\ncomplete "
            "QUERY | SELECT 1\ncomplete QUERY | " +
                long_cql.substr(0, 256) + "\n");
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, c), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, c), "");
  // Joined later.
  const Outcome later =
      play(kDescriptor, {{kC, segment(query(1, "SELECT 1", 5))}, {kS, segment(rows(1, 1, 5))}});
  EXPECT_EQ(brief(later), "complete QUERY | SELECT 1\n");
}

TEST(Cassandra, PackedSegments) {
  const std::string asked =
                        query(1, "SELECT * FROM items WHERE name = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'", 5),
                    told = rows(1, 99, 5);
  const Conversation c = {{kC, startup("lz4", 5)},
                          {kS, answer(2, 0, "", 5)},
                          {kC, packed_segment(lz4ed(asked), asked.size())},
                          {kS, packed_segment(lz4ed(told), told.size())},
                          {kC, packed_segment(query(2, "SELECT 2", 5), 0)},
                          {kS, packed_segment(done(2, 5), 0)}};
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 3u) << brief(o);
  EXPECT_TRUE(has(o.calls[1].response_fields, "rows=99"));
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, c), "");
}

TEST(Cassandra, ALargeAnswerPassesByCounter) {
  Play pieces;
  pieces.cut_bytes = 1'460;
  const std::string large = rows(1, 50'000);
  const Outcome o = play(kDescriptor, {{kC, query(1, "SELECT *")}, {kS, large}}, pieces);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].response_size, large.size());
  EXPECT_TRUE(has(o.calls[0].response_fields, "rows=50000"));
  EXPECT_GT(o.skipped_bytes, 300'000u);
}

TEST(Cassandra, WhoIsNotAnswered) {
  Play how;
  how.close = End::reset;
  EXPECT_EQ(
      brief(play(kDescriptor, {{kC, query(1, "SELECT 1")}}, how)),
      "no_response QUERY | SELECT 1" + reason(Reason::reset) + " error=no response: connection reset\n");
  // The stream is used again: what was asked first lost its answer.
  const Outcome lost = play(
      kDescriptor,
      {{kC, query(1, "SELECT 1")}, {kS, rows(1, 1), true}, {kC, query(1, "SELECT 2")}, {kS, rows(1, 2)}});
  EXPECT_EQ(brief(lost), "no_response QUERY | SELECT 1" + flag(kFlagGap) + reason(Reason::lost_in_mirror) +
                             "\ncomplete QUERY | SELECT 2\n");
  // With holes on both sides the answer may be another request's.
  const Outcome unsure = play(kDescriptor, {{kC, query(1, "SELECT 1")},
                                            {kS, rows(1, 1), true},
                                            {kC, query(1, "SELECT 2"), true},
                                            {kS, rows(1, 2)}});
  ASSERT_EQ(unsure.calls.size(), 2u);
  EXPECT_EQ(unsure.calls[0].state, State::no_response);
  EXPECT_NE(unsure.calls[0].flags & kFlagUncertain, 0u);
  EXPECT_EQ(unsure.calls[1].state, State::no_request);
}

TEST(Cassandra, Limits) {
  Play few;
  few.limits.open_calls_max = 1;
  const Outcome o =
      play(kDescriptor, {{kC, query(1, "SELECT 1") + query(2, "SELECT 2")}, {kS, rows(2, 0)}}, few);
  EXPECT_EQ(o.counters.open_calls_exceeded, 1u);
  Play none;
  none.state_bytes = 0;
  EXPECT_EQ(play(kDescriptor, kDay, none).violations.size(), 0u);
  EXPECT_GE(play(kDescriptor, kDay).parked, 4u);
}

}  // namespace
}  // namespace spanlight::cassandra
