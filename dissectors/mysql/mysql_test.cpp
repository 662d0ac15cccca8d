#include "mysql/mysql.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "core/testing/told.h"
#include "mysql/wire_for_tests.h"

namespace spanlight::mysql {
namespace {

using namespace wire;
using testing::Call;
using testing::Conversation;
using testing::flag;
using testing::has;
using testing::Outcome;
using testing::Play;
using testing::play;
using testing::reason;

constexpr Direction kC = Direction::c2s;
constexpr Direction kS = Direction::s2c;

// One line a call: state, method, summary, what came of it.
std::string brief(const Outcome& o) {
  return spanlight::testing::told(o, [](const spanlight::testing::Call& c) {
    return c.method + " | " + c.summary + (c.status > 0 ? " status=" + std::to_string(c.status) : "");
  });
}

const Conversation kLoggedIn = {
    {kS, greeting()}, {kC, login(kCapabilities | kDatabase, "shop", "orders")}, {kS, ok(2)}};

Conversation with(Conversation begin, const Conversation& more) {
  begin.insert(begin.end(), more.begin(), more.end());
  return begin;
}

const Conversation kDay = with(kLoggedIn, {{kC, query("SELECT * FROM t")},
                                           {kS, rows(3)},
                                           {kC, query("INSERT INTO t VALUES (1)")},
                                           {kS, ok(1, 1, 2, 9)},
                                           {kC, query("SELEC 1")},
                                           {kS, error(1, 1064, "42000", "You have an error")},
                                           {kC, command(22, "SELECT * FROM t WHERE id=?")},
                                           {kS, prepared(5, 2, 1)},
                                           {kC, execution(5)},
                                           {kS, rows(1)},
                                           {kC, command(25, le(5, 4))},
                                           {kC, command(2, "stock")},
                                           {kS, ok(1)},
                                           {kC, command(14)},
                                           {kS, ok(1)},
                                           {kC, query("call p()")},
                                           {kS, rows(2, true, 2 | 8) + ok(9)},
                                           {kC, command(9)},
                                           {kS, packet(1, "Uptime: 4")},
                                           {kC, command(1)}});

TEST(Mysql, ADay) {
  const Outcome o = play(kDescriptor, kDay);
  EXPECT_EQ(brief(o), "complete LOGIN | LOGIN shop" + flag(kFlagRedacted) +
                          "\n"
                          "complete COM_QUERY | SELECT * FROM t\n"
                          "complete COM_QUERY | INSERT INTO t VALUES (1)\n"
                          "complete COM_QUERY | SELEC 1 status=1064 error=42000 You have an error\n"
                          "complete COM_STMT_PREPARE | SELECT * FROM t WHERE id=?\n"
                          "complete COM_STMT_EXECUTE | SELECT * FROM t WHERE id=?\n"
                          "one_way COM_STMT_CLOSE | COM_STMT_CLOSE 5\n"
                          "complete COM_INIT_DB | COM_INIT_DB stock\n"
                          "complete COM_PING | COM_PING\n"
                          "complete COM_QUERY | call p()\n"
                          "complete COM_STATISTICS | COM_STATISTICS\n"
                          "one_way COM_QUIT | COM_QUIT\n");
  ASSERT_EQ(o.calls.size(), 12u);
  EXPECT_TRUE(has(o.calls[0].request_fields, "schema=orders")) << o.calls[0].request_fields;
  EXPECT_TRUE(has(o.calls[0].response_fields, "server_version=8.0.36")) << o.calls[0].response_fields;
  EXPECT_TRUE(has(o.calls[1].response_fields, "rows=3")) << o.calls[1].response_fields;
  EXPECT_TRUE(has(o.calls[1].response_fields, "columns=2"));
  EXPECT_TRUE(has(o.calls[1].request_fields, "database=orders"));
  EXPECT_TRUE(has(o.calls[1].request_fields, "user=shop"));
  EXPECT_TRUE(has(o.calls[2].response_fields, "affected_rows=1"));
  EXPECT_TRUE(has(o.calls[3].response_fields, "sqlstate=42000"));
  EXPECT_TRUE(has(o.calls[4].response_fields, "stmt_id=5"));
  EXPECT_TRUE(has(o.calls[8].request_fields, "database=stock"));
  EXPECT_TRUE(has(o.calls[9].response_fields, "results=2")) << o.calls[9].response_fields;
  EXPECT_EQ(o.calls[10].response_body, "Uptime: 4");
  EXPECT_EQ(o.calls[1].request_body, "SELECT * FROM t");
}

TEST(Mysql, DatabasesAndTablesThatCommandsName) {
  const Conversation c =
      with(kLoggedIn, {{kC, command(2, "stock")},
                       {kS, error(1, 1049, "42000", "Unknown database")},
                       {kC, command(4, std::string("items\0", 6))},
                       {kS, column(1, "id") + eof(2)},
                       {kC, command(17, std::string("bob\0", 4) + str("hash") + std::string("stock\0", 6))},
                       {kS, ok(1)}});
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 4u) << brief(o);
  EXPECT_TRUE(has(o.calls[0].request_fields, "schema=orders")) << o.calls[0].request_fields;
  EXPECT_TRUE(has(o.calls[0].request_fields, "database=orders")) << o.calls[0].request_fields;
  EXPECT_TRUE(has(o.calls[1].request_fields, "schema=stock")) << o.calls[1].request_fields;
  EXPECT_TRUE(has(o.calls[1].request_fields, "database=stock")) << o.calls[1].request_fields;
  EXPECT_TRUE(has(o.calls[2].request_fields, "table=items")) << o.calls[2].request_fields;
  EXPECT_TRUE(has(o.calls[2].request_fields, "database=orders")) << o.calls[2].request_fields;
  EXPECT_EQ(o.calls[2].request_fields.find("schema="), std::string::npos) << o.calls[2].request_fields;
  EXPECT_TRUE(has(o.calls[3].request_fields, "database=stock")) << o.calls[3].request_fields;
}

TEST(Mysql, ContractHolds) {
  EXPECT_EQ(testing::check_splits(kDescriptor, kDay), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, kDay), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, kDay), "");
}

TEST(Mysql, EndsOfRowsWithoutEof) {
  const Conversation c = {{kS, greeting()},
                          {kC, login(kCapabilities | kNoEof)},
                          {kS, ok(2)},
                          {kC, query("SELECT * FROM t")},
                          {kS, rows(3, false)},
                          {kC, query("SELECT * FROM t WHERE 0")},
                          {kS, rows(0, false)},
                          {kC, command(22, "SELECT ?")},
                          {kS, prepared(1, 1, 1, false)},
                          {kC, execution(1)},
                          {kS, rows(2, false)}};
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 5u) << brief(o);
  EXPECT_TRUE(has(o.calls[1].response_fields, "rows=3"));
  EXPECT_TRUE(has(o.calls[2].response_fields, "rows=0"));
  EXPECT_TRUE(has(o.calls[4].response_fields, "rows=2"));
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
}

TEST(Mysql, NothingSecretIsShown) {
  const std::string hash = "secret-answer-hash-1";
  const Conversation c = with(kLoggedIn, {{kC, query("CREATE USER u IDENTIFIED BY 'swordfish'")},
                                          {kS, ok(1)},
                                          {kC, command(22, "SET PASSWORD = 'swordfish'")},
                                          {kS, prepared(1, 0, 0)},
                                          {kC, execution(1)},
                                          {kS, ok(1)}});
  const Outcome o = play(kDescriptor, c);
  EXPECT_EQ(o.calls.size(), 4u);
  for (const Call& call : o.calls) {
    EXPECT_EQ(call.text().find(hash), std::string::npos);
    EXPECT_EQ(call.text().find("swordfish"), std::string::npos) << call.text();
    EXPECT_NE(call.flags & kFlagRedacted, 0u);
  }
  // The server quotes what it did not understand.
  const Conversation quoted = with(kLoggedIn, {{kC, query("ALTER USR u IDENTIFIED BY 'swordfish'")},
                                               {kS, error(1, 1064, "42000", "near 'BY 'swordfish''")},
                                               {kC, query("SELEC 1")},
                                               {kS, error(1, 1064, "42000", "near 'SELEC 1'")}});
  EXPECT_EQ(brief(play(kDescriptor, quoted)).substr(brief(play(kDescriptor, kLoggedIn)).size()),
            "complete COM_QUERY | ALTER USR u IDENTIFIED BY [redacted] status=1064" + flag(kFlagRedacted) +
                " error=42000 [redacted]\n"
                "complete COM_QUERY | SELEC 1 status=1064 error=42000 near 'SELEC 1'\n");
  const std::string fields = play(kDescriptor, quoted).calls[1].response_fields;
  EXPECT_TRUE(has(fields, "error_message=[redacted]")) << fields;
  EXPECT_TRUE(has(fields, "sqlstate=42000"));
  Play shown;
  shown.limits.credentials_shown = true;
  EXPECT_EQ(play(kDescriptor, quoted, shown).calls[1].error, "42000 near 'BY 'swordfish''");
  EXPECT_EQ(play(kDescriptor, c, shown).calls[1].summary, "CREATE USER u IDENTIFIED BY 'swordfish'");
}

TEST(Mysql, ALoginInSeveralSteps) {
  const std::string other = packet(2,
                                   "\xfe"
                                   "caching_sha2_password" +
                                       std::string(1, '\0') + "salt");
  const Conversation c = {{kS, greeting()},
                          {kC, login()},
                          {kS, other},
                          {kC, packet(3, "answer")},
                          {kS, packet(4, "\x01\x03")},
                          {kS, ok(5)},
                          {kC, query("SELECT 1")},
                          {kS, rows(1)}};
  EXPECT_EQ(brief(play(kDescriptor, c)),
            "complete LOGIN | LOGIN shop" + flag(kFlagRedacted) + "\ncomplete COM_QUERY | SELECT 1\n");
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
  const Conversation denied = {
      {kS, greeting()}, {kC, login()}, {kS, error(2, 1045, "28000", "Access denied")}};
  EXPECT_EQ(brief(play(kDescriptor, denied)),
            "complete LOGIN | LOGIN shop status=1045" + flag(kFlagRedacted) + " error=28000 Access denied\n");
}

TEST(Mysql, AnErrorInsteadOfAGreeting) {
  const Outcome o = play(kDescriptor, {{kS, packet(0, "\xff\x10\x04Too many connections")}});
  EXPECT_EQ(brief(o), "no_request  | Too many connections status=1040" + reason(Reason::unsolicited) +
                          " error=Too many connections\n");
}

TEST(Mysql, TlsIsHandedOver) {
  const std::string wish =
      packet(1, le(kCapabilities | kTls, 4) + le(1u << 24, 4) + le(45, 1) + std::string(23, '\0'));
  const Outcome o = play(kDescriptor, {{kS, greeting()}, {kC, wish + "tls"}, {kS, "hello"}});
  EXPECT_TRUE(o.identified);
  EXPECT_EQ(o.handed_over[0], "tls");
  EXPECT_EQ(o.handed_over[1], "hello");
  EXPECT_TRUE(o.calls.empty());
  EXPECT_EQ(o.used_bytes, 0u);
}

TEST(Mysql, NothingIsKeptOfWhatTheServerBeganBeforeTls) {
  const std::string wish =
      packet(1, le(kCapabilities | kTls, 4) + le(1u << 24, 4) + le(45, 1) + std::string(23, '\0'));
  const std::string progress = packet(0, "\xff\xff\xff and no end");
  const Outcome o = play(kDescriptor, {{kS, progress}, {kC, wish + "tls"}});
  EXPECT_TRUE(o.identified);
  EXPECT_TRUE(o.calls.empty());
  EXPECT_EQ(o.used_bytes, 0u);
}

TEST(Mysql, AFileOfTheClients) {
  const Conversation c = with(kLoggedIn, {{kC, query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t")},
                                          {kS, packet(1,
                                                      "\xfb"
                                                      "f")},
                                          {kC, packet(2, std::string(500, 'x')) + packet(3, "")},
                                          {kS, ok(4, 7)},
                                          {kC, command(14)},
                                          {kS, ok(1)}});
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 3u) << brief(o);
  EXPECT_TRUE(has(o.calls[1].response_fields, "file_bytes=500")) << o.calls[1].response_fields;
  EXPECT_TRUE(has(o.calls[1].response_fields, "affected_rows=7"));
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
}

TEST(Mysql, AReplicaAcknowledgesEvents) {
  const std::string acknowledgement = packet(0, "\xef" + le(400, 8) + "bin.000001");
  const std::string event = std::string("\0\xef\1", 3) + std::string(40, 'e');
  const Conversation c = with(kLoggedIn, {{kC, command(18, le(4, 4) + le(0, 2) + le(2, 4) + "bin.000001")},
                                          {kS, packet(1, event)},
                                          {kC, acknowledgement},
                                          {kS, packet(2, event)},
                                          {kC, acknowledgement},
                                          {kS, eof(3)},
                                          {kC, command(14)},
                                          {kS, ok(1)}});
  const Outcome o = play(kDescriptor, c);
  EXPECT_EQ(brief(o), "complete LOGIN | LOGIN shop" + flag(kFlagRedacted) +
                          "\ncomplete COM_BINLOG_DUMP | COM_BINLOG_DUMP\ncomplete COM_PING | COM_PING\n");
  EXPECT_TRUE(has(o.calls[1].response_fields, "rows=2")) << o.calls[1].response_fields;
  EXPECT_EQ(o.counters.malformed, 0u);
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, c), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, c), "");
  // The end of the connection is that of its events, but within one.
  Play closed;
  closed.fin = true;
  const Conversation dump(c.begin(), c.begin() + 8);
  EXPECT_EQ(play(kDescriptor, dump, closed).calls[1].flags, 0u);
  EXPECT_EQ(testing::check_splits(kDescriptor, dump, closed), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, dump, closed), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, dump, closed), "");
  for (const std::size_t bytes : {1u, 4u, 20u})
    EXPECT_EQ(play(kDescriptor, with(dump, {{kS, packet(3, event).substr(0, bytes)}}), closed).calls[1].flags,
              std::uint32_t{kFlagMalformed | kFlagTruncatedBody})
        << bytes;
  // Where no events come it is no more than a command that nobody knows.
  EXPECT_EQ(play(kDescriptor, with(kLoggedIn, {{kC, acknowledgement}})).counters.malformed, 1u);
}

// So many packets of a file from `sequence` on, and the empty one behind them if it ends there.
std::string pieces_of_file(unsigned& sequence, unsigned count, const std::string& piece, bool ends) {
  std::string out;
  for (unsigned i = 0; i < count; ++i) out += packet(sequence++ & 0xff, piece);
  return ends ? out + packet(sequence++ & 0xff, "") : out;
}

// Numbers go from 255 to 0 within it: what begins with a command's byte there is none. Behind the empty
// packet 0 is a command again, also where that packet has the number 255.
TEST(Mysql, AFileThatIsLongerThanItsNumbers) {
  for (const std::string piece : {"\tab\n", "\nab\n", "1,ab\n", "\x3SELECT 1\n"})
    for (const unsigned count : {253u, 254u, 255u, 300u, 600u}) {
      unsigned sequence = 2;
      const std::string begin = pieces_of_file(sequence, count / 2, piece, false);
      const std::string middle = pieces_of_file(sequence, count / 4, piece, false);
      const std::string end = pieces_of_file(sequence, count - count / 2 - count / 4, piece, true);
      const Conversation c = with(kLoggedIn, {{kC, query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t")},
                                              {kS, packet(1,
                                                          "\xfb"
                                                          "f")},
                                              {kC, begin},
                                              {kC, middle},
                                              {kC, end},
                                              {kS, ok(sequence & 0xff, 7)},
                                              {kC, command(9)},
                                              {kS, packet(1, "Uptime: 4")},
                                              {kC, query("SELECT 2")},
                                              {kS, rows(1)}});
      const Outcome o = play(kDescriptor, c);
      ASSERT_EQ(o.calls.size(), 4u) << brief(o);
      EXPECT_EQ(o.counters.malformed, 0u);
      EXPECT_TRUE(has(o.calls[1].response_fields, "file_bytes=" + std::to_string(count * piece.size())));
      EXPECT_TRUE(has(o.calls[1].response_fields, "affected_rows=7"));
      EXPECT_EQ(o.calls[2].method, "COM_STATISTICS");
      EXPECT_EQ(o.calls[3].summary, "SELECT 2");
      for (const testing::Call& call : o.calls) EXPECT_EQ(call.flags & ~kFlagRedacted, 0u);
      EXPECT_TRUE(has(o.calls[3].request_fields, "database=orders"));
      if (count != 300 || piece[0] != '\3') continue;
      EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
      EXPECT_EQ(testing::check_prefixes(kDescriptor, c), "");
      EXPECT_EQ(testing::check_gaps(kDescriptor, c), "");
    }
}

// Of a session that has nothing to forget, too.
TEST(Mysql, AFileWithAHoleIsFlagged) {
  unsigned sequence = 2;
  const std::string begin = pieces_of_file(sequence, 100, "\tab\n", false);
  const std::string middle = pieces_of_file(sequence, 200, "\tab\n", false);
  const std::string end = pieces_of_file(sequence, 100, "\tab\n", true);
  const Conversation c = {{kS, greeting()},
                          {kC, login()},
                          {kS, ok(2)},
                          {kC, query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t")},
                          {kS, packet(1,
                                      "\xfb"
                                      "f")},
                          {kC, begin},
                          {kC, middle},
                          {kC, end},
                          {kS, ok(sequence & 0xff, 7)},
                          {kC, query("SELECT 2")},
                          {kS, rows(1)}};
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, c), "");
}

TEST(Mysql, ALargeRowAndALargeStatementPassByCounter) {
  const std::string row = packet(5, std::string(200'000, 'x'));
  const std::string result = packet(1, "\2") + column(2, "a") + column(3, "b") + eof(4) + row + eof(6);
  const std::string statement = "INSERT INTO t VALUES ('" + std::string(300'000, 'y') + "')";
  Play pieces;
  pieces.cut_bytes = 1'460;
  const Outcome o = play(
      kDescriptor,
      with(kLoggedIn, {{kC, query("SELECT b FROM t")}, {kS, result}, {kC, query(statement)}, {kS, ok(1, 1)}}),
      pieces);
  ASSERT_EQ(o.calls.size(), 3u);
  EXPECT_TRUE(has(o.calls[1].response_fields, "rows=1"));
  EXPECT_EQ(o.calls[1].response_size, result.size());
  EXPECT_EQ(o.calls[2].request_body_size, statement.size());
  EXPECT_EQ(o.calls[2].request_body, statement.substr(0, 16'384));
  EXPECT_NE(o.calls[2].flags & kFlagTruncatedBody, 0u);
  EXPECT_GT(o.skipped_bytes, 400'000u);
}

std::string deflated(unsigned sequence, const std::string& within) {
  std::string out(compressBound(within.size()), '\0');
  uLongf n = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &n, reinterpret_cast<const Bytef*>(within.data()),
           within.size());
  out.resize(n);
  return le(n, 3) + le(sequence, 1) + le(within.size(), 3) + out;
}
std::string undeflated(unsigned sequence, const std::string& within) {
  return le(within.size(), 3) + le(sequence, 1) + le(0, 3) + within;
}

TEST(Mysql, TheCompressedProtocol) {
  const std::string many = rows(500);
  const Conversation c = {
      {kS, greeting()},
      {kC, login(kCapabilities | kCompressed)},
      {kS, ok(2)},
      {kC, undeflated(0, query("SELECT 1"))},
      {kS, deflated(1, rows(1))},
      {kC, deflated(0, query("SELECT * FROM t WHERE a = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"))},
      {kS, deflated(1, many.substr(0, 1'001)) + undeflated(2, many.substr(1'001, 50)) +
               deflated(3, many.substr(1'051))},
      {kC, undeflated(0, command(14))},
      {kS, undeflated(1, ok(1))}};
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 4u) << brief(o);
  EXPECT_TRUE(has(o.calls[2].response_fields, "rows=500")) << o.calls[2].response_fields;
  EXPECT_EQ(o.calls[3].method, "COM_PING");
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, c), "");
}

TEST(Mysql, ALongFileWithinTheCompressedProtocol) {
  unsigned sequence = 2;
  const std::string file = pieces_of_file(sequence, 300, "\tab\n", true);
  const Conversation c = {{kS, greeting()},
                          {kC, login(kCapabilities | kCompressed)},
                          {kS, ok(2)},
                          {kC, undeflated(0, query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t"))},
                          {kS, undeflated(1, packet(1,
                                                    "\xfb"
                                                    "f"))},
                          {kC, deflated(2, file.substr(0, 2'001)) + undeflated(3, file.substr(2'001))},
                          {kS, undeflated(4, ok(4, 7))},
                          {kC, undeflated(0, command(14))},
                          {kS, undeflated(1, ok(1))}};
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 3u) << brief(o);
  EXPECT_TRUE(has(o.calls[1].response_fields, "file_bytes=1200")) << o.calls[1].response_fields;
  EXPECT_EQ(o.calls[2].method, "COM_PING");
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, c), "");
}

// Neither greeting nor login were seen.
TEST(Mysql, JoinedInTheMiddle) {
  const Conversation c = {{kC, query("SELECT 1")}, {kS, rows(1)},      {kC, command(22, "SELECT ?")},
                          {kS, prepared(1, 1, 1)}, {kC, execution(1)}, {kS, rows(1)}};
  EXPECT_EQ(brief(play(kDescriptor, c)),
            "complete COM_QUERY | SELECT 1\ncomplete COM_STMT_PREPARE | SELECT ?\ncomplete COM_STMT_EXECUTE "
            "| SELECT ?\n");
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
}

TEST(Mysql, WhoIsNotAnswered) {
  Play how;
  how.close = End::reset;
  EXPECT_EQ(brief(play(kDescriptor, {{kC, query("SELECT SLEEP(9)")}}, how)),
            "no_response COM_QUERY | SELECT SLEEP(9)" + reason(Reason::reset) +
                " error=no response: connection reset\n");
  const std::string slow = query("SELECT " + std::string(40'000, '1'));
  const Outcome coming =
      play(kDescriptor, {{kC, slow.substr(0, 39'000)},
                         {.from = kC, .bytes = slow.substr(39'000), .pause = 70 * kSecondNs},
                         {kS, rows(1)}});
  ASSERT_EQ(coming.calls.size(), 1u);
  EXPECT_EQ(coming.calls[0].state, State::complete);
  const Outcome late = play(
      kDescriptor, {{kC, query("SELECT 1")}, {kS, rows(1), false, ~0ull, GapCause::mirror, 61 * kSecondNs}});
  EXPECT_EQ(late.calls[0].reason, Reason::unanswered);
  EXPECT_TRUE(late.calls[0].is_error);
  const Outcome lost = play(
      kDescriptor, {{kC, query("SELECT 1")}, {kS, rows(1), true}, {kC, query("SELECT 2")}, {kS, rows(2)}});
  EXPECT_EQ(lost.calls[0].reason, Reason::lost_in_mirror);
  EXPECT_FALSE(lost.calls[0].is_error);
  EXPECT_EQ(lost.calls[1].state, State::complete);
}

TEST(Mysql, Limits) {
  Play few;
  few.limits.open_calls_max = 2;
  const std::string burst = query("SELECT 1") + query("SELECT 2") + query("SELECT 3");
  const Outcome o = play(kDescriptor, {{kC, burst}, {kS, rows(1) + rows(2) + rows(3)}}, few);
  EXPECT_EQ(o.counters.open_calls_exceeded, 1u);
  EXPECT_EQ(o.calls[0].reason, Reason::evicted);
  EXPECT_EQ(o.calls.size(), 4u);  // the late answer stands alone
  Play none;
  none.state_bytes = 0;
  EXPECT_EQ(play(kDescriptor, kDay, none).violations.size(), 0u);
  // A connection that was joined later has nothing to remember between two commands.
  const Conversation idle = {{kC, query("SELECT 1")}, {kS, rows(1)}, {kC, query("SELECT 2")}, {kS, rows(1)}};
  EXPECT_GE(play(kDescriptor, idle).parked, 2u);
}

}  // namespace
}  // namespace spanlight::mysql
