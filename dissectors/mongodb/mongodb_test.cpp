#include "mongodb/mongodb.h"

#include <gtest/gtest.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "core/testing/told.h"
#include "mongodb/parse.h"
#include "mongodb/wire_for_tests.h"

namespace spanlight::mongodb {
namespace {

using namespace wire;
using testing::Conversation;
using testing::flag;
using testing::has;
using testing::Outcome;
using testing::Play;
using testing::play;
using testing::reason;
using Told = testing::Call;

constexpr Direction kC = Direction::c2s;
constexpr Direction kS = Direction::s2c;

std::string brief(const Outcome& o) {
  return spanlight::testing::told(o, [](const spanlight::testing::Call& c) {
    return c.method + " | " + c.summary + (c.status > 0 ? " status=" + std::to_string(c.status) : "");
  });
}

const Conversation kDay = {
    {kC, query(1, "admin.$cmd", i32("isMaster", 1))},
    {kS, reply(101, 1, f64("ok", 1))},
    {kC, ask(2, find("items"))},
    {kS, answer(102, 2, batch(2, 7))},
    {kC, ask(3, i64("getMore", 7) + str("collection", "items") + str("$db", "shop"))},
    {kS, answer(103, 3, batch(1))},
    {kC, ask(4, str("insert", "items") + str("$db", "shop"), 0,
             sequence("documents", doc(i32("_id", 1)) + doc(i32("_id", 2))))},
    {kS, answer(104, 4,
                i32("n", 1) +
                    array("writeErrors",
                          sub("0", i32("index", 1) + i32("code", 11000) + str("errmsg", "duplicate key"))) +
                    fine())},
    {kC, ask(5, i32("nope", 1) + str("$db", "shop"))},
    {kS, answer(105, 5, failure(59, "CommandNotFound", "no such command"))},
    {kC, ask(6, str("delete", "items") + str("$db", "shop"), kMoreToCome)},
    {kC, ask(7, i32("ping", 1) + str("$db", "admin"), kChecksum)},
    {kS, answer(107, 7, fine(), kChecksum)},
};

TEST(Mongodb, ADay) {
  const Outcome o = play(kDescriptor, kDay);
  EXPECT_EQ(brief(o),
            "complete isMaster | isMaster admin\n"
            "complete find | find shop.items\n"
            "complete getMore | getMore shop.items\n"
            "complete insert | insert shop.items status=11000 error=11000: duplicate key\n"
            "complete nope | nope shop status=59 error=59 CommandNotFound: no such command\n"
            "one_way delete | delete shop.items\n"
            "complete ping | ping admin\n");
  ASSERT_EQ(o.calls.size(), 7u);
  EXPECT_TRUE(has(o.calls[1].request_fields, "request_id=2"));
  EXPECT_TRUE(has(o.calls[1].response_fields, "response_to=2"));
  EXPECT_TRUE(has(o.calls[1].response_fields, "cursor=7")) << o.calls[1].response_fields;
  EXPECT_TRUE(has(o.calls[1].response_fields, "documents=2"));
  EXPECT_EQ(o.calls[1].request_body, R"({"find":"items","filter":{"price":3},"$db":"shop"})");
  EXPECT_TRUE(has(o.calls[2].request_fields, "cursor=7"));
  EXPECT_TRUE(has(o.calls[3].request_fields, "documents=2"));
  EXPECT_EQ(o.calls[3].request_body,
            "{\"insert\":\"items\",\"$db\":\"shop\"}\n{\"documents\":[{\"_id\":1},{\"_id\":2}]}");
  EXPECT_TRUE(has(o.calls[3].response_fields, "write_errors=1"));
  EXPECT_EQ(o.counters.malformed, 0u);
}

// bulkWrite of 8.0: what became of each write is a document of its own.
TEST(Mongodb, WritesOfABulkThatFailed) {
  const auto outcomes = [](int errors) {
    const std::string done = sub("0", f64("ok", 1) + i32("idx", 0) + i32("n", 1));
    const std::string bad = sub("1", f64("ok", 0) + i32("idx", 1) + i32("code", 11000) +
                                         str("errmsg", "duplicate key") + i32("n", 0)) +
                            sub("2", f64("ok", 0) + i32("code", 13) + str("errmsg", "another"));
    return sub("cursor", i64("id", 0) + array("firstBatch", errors == 0 ? done : done + bad) +
                             str("ns", "admin.$cmd.bulkWrite")) +
           i32("nErrors", errors) + i32("nInserted", 1) + fine();
  };
  const std::string bulk = i32("bulkWrite", 1) + str("$db", "admin");
  const Conversation c = {
      {kC, ask(1, bulk, 0, sequence("nsInfo", doc(str("ns", "shop.items"))))},
      {kS, answer(101, 1, outcomes(2))},
      {kC, ask(2, bulk)},
      {kS, answer(102, 2, outcomes(0))},
      {kC, ask(3, find("items"))},  // documents of the application's: what they say is its own
      {kS,
       answer(103, 3, sub("cursor", array("firstBatch", sub("0", i32("ok", 0) + i32("code", 7)))) + fine())},
      {kC, ask(4, bulk, 0, sequence("nsInfo", doc(str("ns", "shop.items"))))},
      {kS, packed(104, 4, 2013, 0, body_of(outcomes(2)).size(), body_of(outcomes(2)))},
      {kS, answer(105, 99, outcomes(2))}};
  const Outcome o = play(kDescriptor, c);
  EXPECT_EQ(brief(o),
            "complete bulkWrite | bulkWrite admin status=11000 error=11000: duplicate key\n"
            "complete bulkWrite | bulkWrite admin\n"
            "complete find | find shop.items\n"
            "complete bulkWrite | bulkWrite admin status=11000 error=11000: duplicate key\n"
            "no_request  | failed" +
                reason(Reason::unsolicited) + " error=failed\n");
  ASSERT_EQ(o.calls.size(), 5u);
  EXPECT_TRUE(has(o.calls[0].response_fields, "success=0"));
  EXPECT_TRUE(has(o.calls[0].response_fields, "write_errors=2"));
  EXPECT_TRUE(has(o.calls[0].response_fields, "documents=3"));
  EXPECT_TRUE(has(o.calls[1].response_fields, "success=1"));
  EXPECT_EQ(o.calls[2].status, 0);
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, c), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, c), "");
}

TEST(Mongodb, ContractHolds) {
  EXPECT_EQ(testing::check_splits(kDescriptor, kDay), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, kDay), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, kDay), "");
}

TEST(Mongodb, PairsByIdInAnyOrder) {
  const Outcome o = play(kDescriptor, {{kC, ask(1, find("a")) + ask(2, find("b"))},
                                       {kS, answer(9, 2, batch(0)) + answer(10, 1, batch(0))}});
  EXPECT_EQ(brief(o), "complete find | find shop.b\ncomplete find | find shop.a\n");
}

TEST(Mongodb, NothingSecretIsShown) {
  const std::string start = i32("saslStart", 1) + str("mechanism", "SCRAM-SHA-256") +
                            binary("payload", "swordfish") + str("$db", "admin");
  const std::string hello =
      i32("hello", 1) + sub("speculativeAuthenticate", i32("saslStart", 1) + binary("payload", "swordfish")) +
      str("$db", "admin");
  const std::string user = str("createUser", "u") + str("pwd", "swordfish") + str("$db", "admin");
  const std::string back = i32("conversationId", 1) + binary("payload", "swordfish") + fine();
  const Conversation c = {
      {kC, ask(1, hello)},
      {kS, answer(11, 1, sub("speculativeAuthenticate", binary("payload", "swordfish")) + fine())},
      {kC, ask(2, start)},
      {kS, answer(12, 2, back)},
      {kC, ask(3, user)},
      {kS, answer(13, 3, fine())},
      {kS, answer(14, 99, back)},
      {kC, query(4, "admin.$cmd", start)},
      {kS, reply(15, 4, back)}};
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 5u);
  const std::string hex = "73776f726466697368";
  for (const Told& call : o.calls) {
    EXPECT_EQ(call.text().find("swordfish"), std::string::npos) << call.text();
    EXPECT_EQ(call.text().find(hex), std::string::npos) << call.text();
    EXPECT_NE(call.flags & kFlagRedacted, 0u) << call.text();
  }
  // The body that says what it is may stand behind documents.
  const std::string behind =
      le(0, 4) + sequence("x", doc(i32("a", 1)) + doc(i32("a", 2))) + std::string(1, '\0') + doc(user);
  const Outcome late = play(kDescriptor, {{kC, message(2013, 1, 0, behind)}});
  EXPECT_EQ(late.text().find("swordfish"), std::string::npos) << late.text();
  EXPECT_NE(late.calls[0].flags & kFlagRedacted, 0u);
  // A document of the application's is its own.
  EXPECT_NE(play(kDescriptor, {{kC, ask(1, str("insert", "t") + str("payload", "data") + str("$db", "d"))}})
                .calls[0]
                .request_body.find("data"),
            std::string::npos);
  Play shown;
  shown.limits.credentials_shown = true;
  EXPECT_NE(play(kDescriptor, c, shown).calls[1].request_body.find(hex), std::string::npos);
}

std::string zlibbed(const std::string& in) {
  std::string out(compressBound(in.size()), '\0');
  uLongf n = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &n, reinterpret_cast<const Bytef*>(in.data()), in.size());
  return out.substr(0, n);
}
std::string snapped(const std::string& in) {
  std::string out(snappy_max_compressed_length(in.size()), '\0');
  std::size_t n = out.size();
  snappy_compress(in.data(), in.size(), out.data(), &n);
  return out.substr(0, n);
}
std::string zstdded(const std::string& in) {
  std::string out(ZSTD_compressBound(in.size()), '\0');
  return out.substr(0, ZSTD_compress(out.data(), out.size(), in.data(), in.size(), 3));
}

TEST(Mongodb, CompressedMessages) {
  const std::string asked = body_of(find("items")), told = body_of(batch(20, 5, 100));
  Conversation c;
  unsigned id = 1;
  for (const unsigned how : {0u, 1u, 2u, 3u}) {
    const auto pack = [&](const std::string& in) {
      return how == 0 ? in : how == 1 ? snapped(in) : how == 2 ? zlibbed(in) : zstdded(in);
    };
    c.push_back({kC, packed(id, 0, 2013, how, asked.size(), pack(asked))});
    c.push_back({kS, packed(100 + id, id, 2013, how, told.size(), pack(told))});
    ++id;
  }
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 4u) << brief(o);
  for (const Told& call : o.calls) {
    EXPECT_EQ(call.summary, "find shop.items");
    EXPECT_TRUE(has(call.response_fields, "documents=20")) << call.response_fields;
    EXPECT_TRUE(has(call.response_fields, "ok=1"));
    EXPECT_EQ(call.flags, 0u);
  }
  EXPECT_TRUE(has(o.calls[3].request_fields, "compressor=zstd"));
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
  // All of several documents, and the body behind them.
  const std::string insert = str("insert", "items") + str("$db", "shop");
  const std::string three =
      sequence("documents", doc(i32("_id", 1)) + doc(i32("_id", 2)) + doc(i32("_id", 3)));
  for (const std::string& body :
       {body_of(insert, 0, three), le(0, 4) + three + std::string(1, '\0') + doc(insert)}) {
    const Outcome several = play(kDescriptor, {{kC, packed(1, 0, 2013, 2, body.size(), zlibbed(body))}});
    ASSERT_EQ(several.calls.size(), 1u);
    EXPECT_TRUE(has(several.calls[0].request_fields, "documents=3")) << several.calls[0].request_fields;
    EXPECT_EQ(several.calls[0].summary, "insert shop.items");
    EXPECT_EQ(several.counters.malformed, 0u);
  }
  // Not what it says it is.
  const Outcome bad = play(kDescriptor, {{kC, packed(1, 0, 2013, 2, 100, "no zlib at all")}});
  EXPECT_EQ(bad.calls[0].flags & kFlagMalformed, kFlagMalformed);
  // Larger than is unpacked.
  const std::string much = body_of(batch(2'000, 5, 100));
  const Outcome large = play(kDescriptor, {{kC, packed(1, 0, 2013, 1, asked.size(), snapped(asked))},
                                           {kS, packed(2, 1, 2013, 1, much.size(), snapped(much))}});
  ASSERT_EQ(large.calls.size(), 1u);
  EXPECT_TRUE(has(large.calls[0].response_fields, "unread=1")) << large.calls[0].response_fields;
  EXPECT_EQ(large.calls[0].flags, std::uint32_t{kFlagTruncatedBody});
}

TEST(Mongodb, ALargeAnswerPassesByCounter) {
  Play pieces;
  pieces.cut_bytes = 1'460;
  const std::string large = answer(9, 1, batch(10, 5, 100'000));
  const Outcome o = play(kDescriptor, {{kC, ask(1, find("items"))}, {kS, large}}, pieces);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].response_size, large.size());
  EXPECT_TRUE(has(o.calls[0].response_fields, "documents=10")) << o.calls[0].response_fields;
  EXPECT_TRUE(has(o.calls[0].response_fields, "ok=1"));
  EXPECT_GT(o.skipped_bytes, 900'000u);
  EXPECT_EQ(o.calls[0].flags, std::uint32_t{kFlagTruncatedBody});
}

TEST(Mongodb, SeveralAnswersToOneRequest) {
  const Conversation c = {{kC, ask(1, i32("hello", 1) + str("$db", "admin"), kExhaustAllowed)},
                          {kS, answer(11, 1, fine(), kMoreToCome)},
                          {kS, answer(12, 11, fine(), kMoreToCome)},
                          {kS, answer(13, 12, fine())},
                          {kC, ask(2, i32("ping", 1) + str("$db", "admin"))},
                          {kS, answer(14, 2, fine())}};
  EXPECT_EQ(brief(play(kDescriptor, c)),
            "complete hello | hello admin\none_way hello | hello admin\none_way hello | hello "
            "admin\ncomplete ping | ping admin\n");
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
}

TEST(Mongodb, ARequestWithSeveralAnswersWaitsFromItsLastOne) {
  const Conversation c = {{kC, ask(1, i32("hello", 1) + str("$db", "admin"), kExhaustAllowed)},
                          {kS, answer(11, 1, fine(), kMoreToCome)},
                          {.from = kS, .bytes = answer(12, 11, fine(), kMoreToCome), .pause = 40 * kSecondNs},
                          {kC, ask(2, i32("ping", 1) + str("$db", "admin"))},
                          {.from = kS, .bytes = answer(13, 12, fine(), kMoreToCome), .pause = 40 * kSecondNs},
                          {.from = kS, .bytes = answer(14, 13, fine()), .pause = 40 * kSecondNs}};
  EXPECT_EQ(brief(play(kDescriptor, c)),
            "complete hello | hello admin\none_way hello | hello admin\none_way hello | hello admin\n"
            "no_response ping | ping admin" +
                reason(Reason::unanswered) + " error=no response: unanswered\none_way hello | hello admin\n");
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, c), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, c), "");
}

TEST(Mongodb, OlderMessages) {
  const Conversation c = {{kC, query(1, "shop.items", i32("a", 1))},
                          {kS, reply(11, 1, i32("_id", 1) + i32("ok", 0))},
                          {kC, message(2002, 2, 0, le(0, 4) + name("shop.items") + doc(i32("a", 1)))},
                          {kC, message(2005, 3, 0, le(0, 4) + name("shop.items") + le(0, 4) + le(7, 8))},
                          {kS, message(1, 12, 3, le(1, 4) + le(0, 8) + le(0, 4) + le(0, 4))},
                          {kC, query(4, "shop.items", i32("$bad", 1))},
                          {kS, reply(13, 4, str("$err", "bad query") + i32("code", 2), 2)},
                          {kC, message(2007, 5, 0, le(0, 4) + le(1, 4) + le(7, 8))}};
  EXPECT_EQ(brief(play(kDescriptor, c)),
            "complete find | find shop.items\n"
            "one_way insert | insert shop.items\n"
            "complete getMore | getMore shop.items\n"
            "complete find | find shop.items status=2 error=2: bad query\n"
            "one_way killCursors | killCursors\n");
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, c), "");
}

TEST(Mongodb, WhoIsNotAnswered) {
  Play how;
  how.close = End::reset;
  EXPECT_EQ(
      brief(play(kDescriptor, {{kC, ask(1, find("a"))}}, how)),
      "no_response find | find shop.a" + reason(Reason::reset) + " error=no response: connection reset\n");
  const Outcome lost = play(kDescriptor, {{kC, ask(1, find("a"))},
                                          {kS, answer(9, 1, batch(0)), true},
                                          {kC, ask(2, find("b"))},
                                          {kS, answer(10, 2, batch(0))}});
  EXPECT_EQ(lost.calls[0].state, State::complete);
  EXPECT_EQ(brief(lost), "complete find | find shop.b\nno_response find | find shop.a" + flag(kFlagGap) +
                             reason(Reason::lost_in_mirror) + "\n");
  const Outcome alone = play(kDescriptor, {{kC, ask(1, find("a"))}, {kS, answer(9, 55, fine())}});
  EXPECT_EQ(alone.calls[0].reason, Reason::unsolicited);
}

TEST(Mongodb, Limits) {
  Play few;
  few.limits.open_calls_max = 1;
  const Outcome o =
      play(kDescriptor, {{kC, ask(1, find("a")) + ask(2, find("b"))}, {kS, answer(9, 2, batch(0))}}, few);
  EXPECT_EQ(o.counters.open_calls_exceeded, 1u);
  EXPECT_EQ(o.calls[0].reason, Reason::evicted);
  Play none;
  none.state_bytes = 0;
  EXPECT_EQ(play(kDescriptor, kDay, none).violations.size(), 0u);
  EXPECT_GE(play(kDescriptor, kDay).parked, 5u);
}

}  // namespace
}  // namespace spanlight::mongodb
