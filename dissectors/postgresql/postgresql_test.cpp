#include "postgresql/postgresql.h"

#include <gtest/gtest.h>

#include <string>

#include "core/testing/harness.h"
#include "postgresql/parse.h"
#include "postgresql/recognise.h"
#include "postgresql/wire_for_tests.h"

namespace spanlight::postgresql {
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

Conversation login() {
  return {{C, startup_message()}, {S, greeting()}};
}
Conversation after_login(const Conversation& more) {
  Conversation all = login();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<Call> calls_of(const Conversation& conversation, const Play& how = {}) {
  const Outcome o = testing::play(kDescriptor, conversation, how);
  EXPECT_TRUE(o.violations.empty()) << o.violations.front();
  EXPECT_EQ(o.used_bytes, 0u);
  return o.calls;
}

std::vector<Call> calls_behind_login(const Conversation& more, const Play& how = {}) {
  std::vector<Call> calls = calls_of(after_login(more), how);
  EXPECT_FALSE(calls.empty());
  if (!calls.empty()) calls.erase(calls.begin());
  return calls;
}

const std::string kRows = row_description({"id", "name"}) + row({"1", "a"}) + row({"2", "b"});

Conversation everything() {
  return after_login({
      {C, query("select * from t")},
      {S, kRows + complete("SELECT 2") + ready()},
      {C, parse_message("select $1", "s1") + describe('S', "s1") + sync_message()},
      {S, message('1') + message('t', be16(0)) + message('n') + ready()},
      {C, bind_message({"7"}, "s1") + execute() + sync_message()},
      {S, message('2') + row({"7"}) + complete("SELECT 1") + ready()},
      {C, parse_message("insert into t values($1)") + bind_message({std::string("x")}) + describe() +
              execute() + sync_message()},
      {S, message('1') + message('2') + message('n') + error("23505", "duplicate key") + ready()},
      {C, query("copy t from stdin")},
      {S, message('G', std::string(1, '\0') + be16(1) + be16(0))},
      {C, message('d', "1\ta\n") + message('d', "2\tb\n") + message('c')},
      {S, complete("COPY 2") + ready()},
      {S, message('A', be32(5) + zero("ch") + zero("hello"))},
      {C, close("s1") + sync_message()},
      {S, message('3') + ready()},
      {C, message('X')},
  });
}

// ---- parsing ----

TEST(PostgresqlParse, LengthsBelongToTypes) {
  struct Case {
    const char* name;
    Direction from;
    std::string bytes;
    Fault fault;
  };
  const Case cases[] = {
      {"nothing", C, "", Fault::short_input},
      {"a type alone", C, "Q", Fault::short_input},
      {"no such type", C, "q", Fault::bad_magic},
      {"a query", C, query("x"), Fault::none},
      {"sync with a body", C, message('S', "x"), Fault::bad_length},
      {"a length of three", C, "Q" + be32(3), Fault::bad_length},
      {"a length of gigabytes", C, "Q" + be32(0xfffffff0), Fault::bad_length},
      {"ready without its state", S, message('Z'), Fault::bad_length},
      {"the client's type, said by the server", S, query("x"), Fault::bad_magic},
      {"a row", S, row({"1"}), Fault::none},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_header(c.from, as_bytes(c.bytes)).fault, c.fault) << c.name;
}

TEST(PostgresqlParse, Openings) {
  struct Case {
    const char* name;
    std::string bytes;
    Fault fault;
  };
  const Case cases[] = {
      {"startup", startup_message(), Fault::none},
      {"ssl", ssl_request(), Fault::none},
      {"ssl with more", opening_message(80'877'103, "x"), Fault::bad_length},
      {"cancel", opening_message(80'877'102, be32(1) + be32(2)), Fault::none},
      {"cancel without a key", opening_message(80'877'102, be32(1)), Fault::bad_length},
      {"version 2", opening_message(131'072, "x"), Fault::bad_magic},
      {"too long", be32(10'001) + be32(196'608), Fault::bad_length},
      {"cut", startup_message().substr(0, 7), Fault::short_input},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_opening(as_bytes(c.bytes)).fault, c.fault) << c.name;
}

TEST(PostgresqlParse, BodiesAgreeWithTheirCounts) {
  struct Case {
    const char* name;
    Direction from;
    std::string bytes;
    Fault fault;
  };
  const Case cases[] = {
      {"bind", C, bind_message({"a", std::nullopt}), Fault::none},
      {"bind, one value too few", C,
       message('B', zero("") + zero("") + be16(0) + be16(2) + be32(0) + be16(0)), Fault::bad_length},
      {"parse with types that are not there", C, message('P', zero("") + zero("x") + be16(3)),
       Fault::bad_length},
      {"a row shorter than its column", S, message('D', be16(1) + be32(9) + "x"), Fault::bad_length},
      {"a row with more behind it", S, message('D', be16(1) + be32(1) + "xy"), Fault::bad_length},
      {"an error without its end", S, message('E', 'S' + zero("ERROR")), Fault::bad_length},
      {"an error", S, error("42P01", "no"), Fault::none},
      {"a tag in small letters", S, complete("select"), Fault::bad_value},
      {"a query without its end", C, message('Q', "select"), Fault::bad_value},
      {"a state that is none", S, ready('x'), Fault::bad_value},
  };
  for (const Case& c : cases) {
    const Bytes body = as_bytes(c.bytes).subspan(kHeaderBytes);
    EXPECT_EQ(check_body(c.from, static_cast<std::uint8_t>(c.bytes[0]), body,
                         static_cast<std::uint32_t>(body.size())),
              c.fault)
        << c.name;
  }
}

// ---- recognition ----

TEST(Postgresql, IsRecognisedByWhatBeginsIt) {
  struct Case {
    const char* name;
    std::string bytes;
    Verdict verdict;
  };
  const Case cases[] = {
      {"startup", startup_message(), Verdict::client},
      {"ssl", ssl_request(), Verdict::client},
      {"gss", opening_message(80'877'104), Verdict::client},
      {"cancel", opening_message(80'877'102, be32(1) + be32(2)), Verdict::client},
      {"query", query("select 1"), Verdict::client},
      {"parse", parse_message("select 1") + sync_message(), Verdict::client},
      {"greeting", greeting(), Verdict::server},
      {"refused, then md5", "N" + auth_message(5, "salt"), Verdict::server},
      {"rows", kRows, Verdict::server},
      {"a long query", query("select " + std::string(5'000, 'x')), Verdict::client},
      {"one byte", std::string(1, '\0'), Verdict::more},
      {"HTTP", "GET / HTTP/1.1\r\n\r\n", Verdict::no},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01", 6), Verdict::no},
      {"Kafka's metadata", be32(20) + be16(3) + be16(1) + be32(7) + be16(4) + "test" + be32(0), Verdict::no},
      {"redis", "*1\r\n$4\r\nPING\r\n", Verdict::no},
      {"memcached", "set a 0 0 1\r\nx\r\n", Verdict::no},
      {"SSH", "SSH-2.0-x\r\n", Verdict::no},
      {"a query without its zero", message('Q', "select"), Verdict::no},
      {"an upper case word", "QUIT\r\n", Verdict::no},
  };
  for (const Case& c : cases) EXPECT_EQ(kDescriptor.probe(as_bytes(c.bytes), {}), c.verdict) << c.name;
}

TEST(Postgresql, AVerdictStays) {
  for (const std::string& head : {startup_message(), query("select 1"), greeting(), kRows,
                                  parse_message("x") + bind_message() + sync_message()}) {
    const Verdict whole = kDescriptor.probe(as_bytes(head), {});
    for (std::size_t n = 0; n < head.size(); ++n) {
      const Verdict v = kDescriptor.probe(as_bytes(head).first(n), {});
      EXPECT_TRUE(v == Verdict::more || v == whole) << n;
    }
  }
}

TEST(Postgresql, AMessageIsFoundBehindAHole) {
  const std::string tail = "1234', 'abc')" + std::string(1, '\0');
  const Sync at = kDescriptor.find(C, as_bytes(tail + query("select 1")));
  EXPECT_TRUE(at.found);
  EXPECT_EQ(at.skip, tail.size());
}

// ---- calls ----

TEST(Postgresql, StartupTellsWho) {
  const auto calls = calls_of(login());
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].state, State::complete);
  EXPECT_EQ(calls[0].summary, "Startup anna@shop");
  EXPECT_EQ(asked_of(calls[0], "user"), "anna");
  EXPECT_EQ(asked_of(calls[0], "database"), "shop");
  EXPECT_EQ(answered_of(calls[0], "auth"), "trust");
  EXPECT_EQ(answered_of(calls[0], "ok"), "1");
  EXPECT_EQ(answered_of(calls[0], "server_version"), "15.4");
  EXPECT_EQ(calls[0].response_fields.find("4711"), std::string::npos);
}

TEST(Postgresql, ASimpleQueryHasRowsAndATag) {
  const auto calls =
      calls_behind_login({{C, query("select *\n from t")}, {S, kRows + complete("SELECT 2") + ready()}});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].method, "SELECT");
  EXPECT_EQ(calls[0].summary, "select * from t");
  EXPECT_EQ(calls[0].request_body, "select *\n from t");
  EXPECT_EQ(asked_of(calls[0], "kind"), "simple");
  EXPECT_EQ(asked_of(calls[0], "user"), "anna");
  EXPECT_EQ(answered_of(calls[0], "rows"), "2");
  EXPECT_EQ(answered_of(calls[0], "columns"), "2");
  EXPECT_EQ(answered_of(calls[0], "column_names"), "id,name,");
  EXPECT_EQ(answered_of(calls[0], "tags"), "SELECT 2,");
  EXPECT_EQ(answered_of(calls[0], "transaction"), "idle");
  EXPECT_EQ(calls[0].flags, 0u);
}

TEST(Postgresql, SeveralStatementsAreOneCall) {
  const auto calls =
      calls_behind_login({{C, query("begin; select 1; x")},
                          {S, complete("BEGIN") + row_description({"a"}) + row({"1"}) + complete("SELECT 1") +
                                  error("42601", "syntax") + ready('E')}});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(answered_of(calls[0], "tags"), "BEGIN,SELECT 1,");
  EXPECT_TRUE(calls[0].is_error);
  EXPECT_EQ(calls[0].error, "42601: syntax");
  EXPECT_EQ(answered_of(calls[0], "error_code"), "42601");
  EXPECT_EQ(answered_of(calls[0], "success"), "0");
  EXPECT_EQ(answered_of(calls[0], "transaction"), "failed");
}

TEST(Postgresql, TheColumnsAreThoseOfTheFirstResult) {
  const auto calls = calls_behind_login(
      {{C, query("select 1 as a; select 2 as b, 3 as c")},
       {S, row_description({"a"}) + row({"1"}) + complete("SELECT 1") + row_description({"b", "c"}) +
               row({"2", "3"}) + complete("SELECT 1") + ready()}});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(answered_of(calls[0], "columns"), "1");
  EXPECT_EQ(answered_of(calls[0], "column_names"), "a,");
  EXPECT_EQ(answered_of(calls[0], "rows"), "2");
}

TEST(Postgresql, ExecuteShowsTheTextThatWasPreparedEarlier) {
  const auto calls = calls_behind_login(
      {{C, parse_message("select $1, $2", "s1") + describe('S', "s1") + sync_message()},
       {S,
        message('1') + message('t', be16(2) + be32(23) + be32(25)) + row_description({"a", "b"}) + ready()},
       {C, bind_message({"7", std::nullopt}, "s1") + execute() + sync_message()},
       {S, message('2') + row({"7", ""}) + complete("SELECT 1") + ready()},
       {C, bind_message({std::string("\0\1", 2)}, "s1", true) + execute() + sync_message()},
       {S, message('2') + complete("SELECT 0") + ready()}});
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(asked_of(calls[0], "kind"), "parse");
  EXPECT_EQ(calls[0].summary, "Parse select $1, $2");
  EXPECT_EQ(answered_of(calls[0], "columns"), "2");
  EXPECT_EQ(asked_of(calls[1], "kind"), "execute");
  EXPECT_EQ(asked_of(calls[1], "sql"), "select $1, $2");
  EXPECT_EQ(asked_of(calls[1], "statement"), "s1");
  EXPECT_EQ(asked_of(calls[1], "parameters"), "7,NULL,");
  EXPECT_EQ(answered_of(calls[1], "rows"), "1");
  EXPECT_EQ(asked_of(calls[2], "parameters"), "\\x0001,");
}

TEST(Postgresql, RowsAreFetchedFromAPortalInParts) {
  const auto calls = calls_behind_login(
      {{C, parse_message("select 1") + bind_message({}, "", false, "p") + execute(1, "p") + flush()},
       {S, message('1') + message('2') + row({"1"}) + message('s')},
       {C, execute(1, "p") + sync_message()},
       {S, row({"1"}) + complete("SELECT 1") + ready()}});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(answered_of(calls[0], "tags"), "SUSPENDED,");
  EXPECT_EQ(asked_of(calls[1], "sql"), "select 1");
  EXPECT_EQ(asked_of(calls[1], "portal"), "p");
  EXPECT_EQ(answered_of(calls[1], "tags"), "SELECT 1,");
}

TEST(Postgresql, AnErrorSkipsTheRestOfItsBatch) {
  const std::string one = parse_message("insert into t values (1)") + bind_message() + execute();
  const std::string done = message('1') + message('2') + complete("INSERT 0 1");
  const auto calls =
      calls_behind_login({{C, one + one + one + sync_message()},
                          {S, done + message('1') + message('2') + error("23505", "dup") + ready()},
                          {C, query("select 1")},
                          {S, complete("SELECT 0") + ready()}});
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_EQ(calls[0].state, State::complete);
  EXPECT_FALSE(calls[0].is_error);
  EXPECT_EQ(calls[1].error, "23505: dup");
  EXPECT_EQ(calls[2].state, State::no_response);
  EXPECT_EQ(calls[2].error, "skipped: an earlier error in the same batch");
  EXPECT_EQ(calls[3].method, "SELECT");
  EXPECT_EQ(calls[3].state, State::complete);
}

TEST(Postgresql, PipelinedGroupsAreAnsweredInOrder) {
  const auto calls =
      calls_behind_login({{C, parse_message("select 1") + bind_message() + execute() + sync_message() +
                                  parse_message("select 2") + bind_message() + execute() + sync_message()},
                          {S, message('1') + message('2') + complete("SELECT 1") + ready() + message('1') +
                                  message('2') + complete("SELECT 2") + ready()}});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(answered_of(calls[0], "tags"), "SELECT 1,");
  EXPECT_EQ(answered_of(calls[1], "tags"), "SELECT 2,");
  EXPECT_EQ(asked_of(calls[1], "pipelined"), "1");
}

TEST(Postgresql, CopiedDataIsCounted) {
  const std::string many(100'000, 'x');
  const auto calls =
      calls_behind_login({{C, query("copy t from stdin")},
                          {S, message('G', std::string(1, '\0') + be16(1) + be16(0))},
                          {C, message('d', many) + message('d', "y") + message('c')},
                          {S, complete("COPY 2") + ready()},
                          {C, query("copy t to stdout")},
                          {S, message('H', std::string(1, '\0') + be16(1) + be16(0)) + message('d', many) +
                                  message('c') + complete("COPY 1") + ready()}});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(asked_of(calls[0], "copy_bytes"), "100001");
  EXPECT_EQ(asked_of(calls[0], "copy_messages"), "2");
  EXPECT_EQ(answered_of(calls[0], "copy"), "in");
  EXPECT_EQ(answered_of(calls[1], "copy_bytes"), "100000");
  EXPECT_EQ(calls[1].response_size,
            5u + 3 + 2 + 5 + many.size() + 5 + complete("COPY 1").size() + ready().size());
}

TEST(Postgresql, LargeRowsPassByCounter) {
  const std::string large(1u << 20, 'x');
  const Outcome o = testing::play(
      kDescriptor,
      after_login({{C, query("select large")},
                   {S, row_description({"a"}) + row({large}) + row({"1"}) + complete("SELECT 2") + ready()}}),
      {.cut_bytes = 1'460});
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(answered_of(o.calls[1], "rows"), "2");
  EXPECT_GT(o.skipped_bytes, 1'000'000u);
}

TEST(Postgresql, ALongStatementIsCutAtThePreview) {
  const std::string text = "select '" + std::string(50'000, 'x') + "'";
  const auto calls = calls_behind_login({{C, query(text)}, {S, complete("SELECT 1") + ready()}});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].request_body.size(), 16'384u);
  EXPECT_EQ(calls[0].request_body_size, text.size());
  EXPECT_EQ(calls[0].request_size, text.size() + 6);
  EXPECT_TRUE(calls[0].flags & kFlagTruncatedBody);
}

TEST(Postgresql, AnEmptyQueryIsAnswered) {
  const auto calls = calls_behind_login({{C, query("")}, {S, message('I') + ready()}});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(answered_of(calls[0], "tags"), "EMPTY,");
}

TEST(Postgresql, NoticesBelongToTheirCall) {
  const auto calls =
      calls_behind_login({{C, query("drop table if exists t")},
                          {S, report('N', "NOTICE", "00000", "table \"t\" does not exist, skipping") +
                                  complete("DROP TABLE") + ready()},
                          {S, report('N', "WARNING", "01000", "alone")},
                          {S, message('A', be32(5) + zero("orders") + zero("42"))},
                          {S, report('E', "FATAL", "57P01", "terminating connection")}});
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_EQ(answered_of(calls[0], "notice_count"), "1");
  EXPECT_EQ(calls[1].state, State::one_way);
  EXPECT_EQ(asked_of(calls[1], "message"), "alone");
  EXPECT_EQ(asked_of(calls[1], "direction"), "s2c");
  EXPECT_EQ(calls[2].summary, "Notification orders");
  EXPECT_EQ(asked_of(calls[2], "message"), "42");
  EXPECT_EQ(calls[3].state, State::no_request);
  EXPECT_EQ(calls[3].error, "57P01: terminating connection");
}

TEST(Postgresql, FunctionCallsAndCancellations) {
  auto calls = calls_behind_login({{C, message('F', be32(1'598) + be16(0) + be16(0) + be16(0))},
                                   {S, message('V', be32(1) + "x") + ready()}});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].summary, "FunctionCall 1598");
  calls = calls_of({{C, opening_message(80'877'102, be32(77) + be32(4'711))}});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].state, State::one_way);
  EXPECT_EQ(asked_of(calls[0], "process_id"), "77");
}

TEST(Postgresql, TlsIsHandedOver) {
  const std::string hello("\x16\x03\x01\x00\x05hello", 10);
  const Outcome o = testing::play(kDescriptor, {{C, ssl_request()}, {S, "S"}, {C, hello}, {S, hello}});
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(answered_of(o.calls[0], "accepted"), "1");
  EXPECT_EQ(o.handed_over[0], hello);
  EXPECT_EQ(o.handed_over[1], hello);
  EXPECT_EQ(o.used_bytes, 0u);
}

TEST(Postgresql, AHelloThatOvertakesTheAnswerWaitsForIt) {
  const std::string hello("\x16\x03\x01\x00\x05hello", 10);
  for (const char* said : {"S", "N"}) {
    const Outcome o = testing::play(kDescriptor, {{C, ssl_request()}, {C, hello}, {S, said}, {S, hello}});
    ASSERT_EQ(o.calls.size(), 1u);
    EXPECT_EQ(o.calls[0].state, State::complete);
    EXPECT_EQ(o.handed_over[0], hello);
    EXPECT_EQ(o.handed_over[1], hello);
    EXPECT_EQ(o.used_bytes, 0u);
  }
}

TEST(Postgresql, RefusedEncryptionGoesOnInClear) {
  const auto calls = calls_of({{C, opening_message(80'877'104)},
                               {S, "N"},
                               {C, ssl_request()},
                               {S, "N"},
                               {C, startup_message()},
                               {S, greeting()}});
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(asked_of(calls[0], "gss"), "1");
  EXPECT_EQ(answered_of(calls[1], "accepted"), "0");
  EXPECT_EQ(calls[2].state, State::complete);
}

// ---- secrets ----

TEST(Postgresql, SecretsOfALoginAreNotTold) {
  const struct {
    const char* name;
    std::string request, password;
    const char* method;
  } cases[] = {
      {"cleartext", auth_message(3), message('p', zero("s3cret")), "password"},
      {"md5", auth_message(5, "salt"), message('p', zero("md5s3cret")), "md5"},
      {"scram", auth_message(10, zero("SCRAM-SHA-256-PLUS") + zero("SCRAM-SHA-256") + '\0'),
       message('p', zero("SCRAM-SHA-256") + be32(8) + "n,,s3cret"), "SCRAM-SHA-256"},
  };
  for (const auto& c : cases) {
    const Conversation conversation = {
        {C, startup_message()}, {S, c.request}, {C, c.password}, {S, greeting()}};
    auto calls = calls_of(conversation);
    ASSERT_EQ(calls.size(), 1u) << c.name;
    EXPECT_EQ(calls[0].text().find("s3cret"), std::string::npos) << c.name;
    EXPECT_EQ(asked_of(calls[0], "password"), "[redacted]") << c.name;
    EXPECT_TRUE(calls[0].flags & kFlagRedacted) << c.name;
    EXPECT_EQ(answered_of(calls[0], "auth"), c.method) << c.name;
    Play shown;
    shown.limits.credentials_shown = true;
    calls = calls_of(conversation, shown);
    EXPECT_NE(calls[0].text().find("s3cret"), std::string::npos) << c.name;
    EXPECT_EQ(calls[0].flags & kFlagRedacted, 0u) << c.name;
  }
}

TEST(Postgresql, SecretsInStatementsAreNotTold) {
  const std::string text = "ALTER USER anna PASSWORD 's3cret'";
  const auto calls =
      calls_behind_login({{C, query(text)},
                          {S, error("42601", "syntax error at or near \"'s3cret'\"") + ready()},
                          {C, parse_message(text, "s") + sync_message()},
                          {S, message('1') + ready()},
                          {C, bind_message({}, "s") + execute() + sync_message()},
                          {S, message('2') + complete("ALTER ROLE") + ready()}});
  ASSERT_EQ(calls.size(), 3u);
  for (const Call& c : calls) {
    EXPECT_EQ(c.text().find("s3cret"), std::string::npos) << c.text();
    EXPECT_TRUE(c.flags & kFlagRedacted);
    EXPECT_EQ(c.request_body, "ALTER USER anna PASSWORD [redacted]");
  }
}

TEST(Postgresql, ParametersThatAreSecretsAreNotTold) {
  const std::string text = "UPDATE users SET password = $1 WHERE id = $2";
  const std::string failed = report('E', "ERROR", "08001", "could not connect password=s3cret");
  const Conversation conversation =
      after_login({{C, parse_message(text) + bind_message({"s3cret", "7"}) + execute() + sync_message()},
                   {S, message('1') + message('2') + failed + ready()},
                   {C, parse_message(text, "s") + sync_message()},
                   {S, message('1') + ready()},
                   {C, bind_message({"s3cret", "7"}, "s") + execute() + sync_message()},
                   {S, message('2') + complete("UPDATE 1") + ready()}});
  auto calls = calls_of(conversation);
  ASSERT_EQ(calls.size(), 4u);
  for (const Call& c : calls) EXPECT_EQ(c.text().find("s3cret"), std::string::npos) << c.text();
  for (const std::size_t i : {1u, 3u}) {
    EXPECT_EQ(asked_of(calls[i], "parameters"), "[redacted],7,");
    EXPECT_EQ(calls[i].request_body, text);
    EXPECT_TRUE(calls[i].flags & kFlagRedacted);
  }
  EXPECT_EQ(calls[2].flags & kFlagRedacted, 0u);  // it brings none
  EXPECT_EQ(calls[1].error, "08001: [redacted]");
  Play shown;
  shown.limits.credentials_shown = true;
  calls = calls_of(conversation, shown);
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_EQ(asked_of(calls[1], "parameters"), "s3cret,7,");
  EXPECT_EQ(calls[1].error, "08001: could not connect password=s3cret");
  EXPECT_EQ(calls[1].flags & kFlagRedacted, 0u);
}

TEST(Postgresql, ASecretParameterBehindWhatIsKeptIsNotTold) {
  Play few;
  few.limits.body_preview_bytes = 256;
  const std::string text = "UPDATE u SET x = '" + std::string(5'000, 'x') + "', password = $1";
  const auto calls = calls_behind_login({{C, parse_message(text, "s") + sync_message()},
                                         {S, message('1') + ready()},
                                         {C, bind_message({std::nullopt}, "s") + execute() + sync_message()},
                                         {S, message('2') + complete("UPDATE 1") + ready()}},
                                        few);
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(asked_of(calls[1], "parameters"), "[redacted],");
  EXPECT_TRUE(calls[1].flags & kFlagTruncatedBody);
}

TEST(Postgresql, ErrorsOfStatementsWithSecretsAreTheirCodes) {
  const std::string failed = message('E', 'S' + zero("ERROR") + 'C' + zero("08001") + 'M' +
                                              zero("could not connect password=s3cret") + 'D' +
                                              zero("tried s3cret") + 'H' + zero("is it s3cret?") + '\0');
  const auto calls =
      calls_behind_login({{C, query("SELECT dblink('host=h password=s3cret')")}, {S, failed + ready()}});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].text().find("s3cret"), std::string::npos) << calls[0].text();
  EXPECT_EQ(calls[0].error, "08001: [redacted]");
  EXPECT_EQ(answered_of(calls[0], "error_message"), "[redacted]");
  EXPECT_EQ(answered_of(calls[0], "severity"), "ERROR");
  EXPECT_EQ(answered_of(calls[0], "detail"), "-");
  EXPECT_EQ(answered_of(calls[0], "hint"), "-");
}

// ---- losses ----

TEST(Postgresql, ARefusedLoginIsAnError) {
  const auto calls = calls_of({{C, startup_message()},
                               {S, auth_message(5, "salt")},
                               {C, message('p', zero("x"))},
                               {S, report('E', "FATAL", "28P01", "password authentication failed")}},
                              {.fin = true});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].state, State::complete);
  EXPECT_EQ(answered_of(calls[0], "error"), "28P01");
  EXPECT_EQ(answered_of(calls[0], "severity"), "FATAL");
  EXPECT_EQ(calls[0].flags & kFlagMalformed, 0u);
}

TEST(Postgresql, JoinedInTheMiddleOfAnAnswer) {
  const auto calls = calls_of({{C, query("select 1"), true},
                               {S, kRows, true},
                               {S, row({"3", "c"}) + complete("SELECT 3") + ready()},
                               {C, query("select 2")},
                               {S, complete("SELECT 0") + ready()}});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].state, State::no_request);
  EXPECT_EQ(answered_of(calls[0], "tags"), "SELECT 3,");
  EXPECT_TRUE(calls[0].flags & kFlagGap);
  EXPECT_EQ(calls[1].state, State::complete);
  EXPECT_EQ(calls[1].method, "SELECT");
}

TEST(Postgresql, RowsMissingInTheMiddleKeepTheirCall) {
  const auto calls = calls_behind_login({{C, query("select * from t")},
                                         {S, kRows},
                                         {S, row({"3", "c"}), true},
                                         {S, row({"4", "d"}) + complete("SELECT 4") + ready()},
                                         {C, query("select 2")},
                                         {S, complete("SELECT 0") + ready()}});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].state, State::complete);
  EXPECT_TRUE(calls[0].flags & kFlagGap);
  EXPECT_EQ(answered_of(calls[0], "rows"), "3");
  EXPECT_EQ(answered_of(calls[0], "tags"), "SELECT 4,");
  EXPECT_EQ(calls[1].state, State::complete);
  EXPECT_EQ(calls[1].flags & kFlagGap, 0u);
}

TEST(Postgresql, AHoleInABatchPairsNothingBehindIt) {
  const std::string one = parse_message("insert into t values (1)") + bind_message() + execute();
  const std::string done = message('1') + message('2') + complete("INSERT 0 1");
  const auto calls = calls_behind_login({{C, one},
                                         {C, one, true},
                                         {C, one + sync_message()},
                                         {S, done + done + done + ready()},
                                         {C, query("select 1")},
                                         {S, complete("SELECT 0") + ready()}});
  unsigned paired = 0;
  for (const Call& c : calls) {
    if (c.state != State::complete) {
      EXPECT_TRUE(c.flags & kFlagGap) << c.text();
      continue;
    }
    ++paired;
  }
  EXPECT_EQ(paired, 2u);
  EXPECT_EQ(calls.back().state, State::complete);
}

TEST(Postgresql, WhatTheServerSkippedIsNotLost) {
  const std::string one = parse_message("insert into t values (1)") + bind_message() + execute();
  const auto calls = calls_behind_login({{C, one + one + sync_message()},
                                         {S, message('1') + message('2') + error("23505", "dup")},
                                         {S, ready(), true},
                                         {C, query("select 1")},
                                         {S, complete("SELECT 0") + ready()}});
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].error, "23505: dup");
  EXPECT_EQ(calls[1].reason, Reason::unanswered);
  EXPECT_EQ(calls[1].error, "skipped: an earlier error in the same batch");
  EXPECT_EQ(calls[2].state, State::complete);
}

TEST(Postgresql, UnansweredAndClosed) {
  auto calls = calls_behind_login(
      {{C, query("select pg_sleep(100)")}, {S, "", false, 0, GapCause::mirror, 70 * kSecondNs}},
      {.fin = true});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].state, State::no_response);
  calls = calls_behind_login({{C, query("select 1")}}, {.fin = true});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].reason, Reason::closed);
  EXPECT_TRUE(calls[0].is_error);
  calls = calls_behind_login({{C, query("select 1")}, {S, kRows}}, {.fin = true});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].state, State::complete);
  EXPECT_TRUE(calls[0].flags & kFlagMalformed);
}

TEST(Postgresql, LimitsHold) {
  Play few;
  few.limits.open_calls_max = 2;
  const std::string one = parse_message("select 1") + bind_message() + execute();
  const Outcome o =
      testing::play(kDescriptor, after_login({{C, one + one + one + one + sync_message()}}), few);
  EXPECT_GT(o.counters.open_calls_exceeded, 0u);
  EXPECT_EQ(o.calls.size(), 5u);
  EXPECT_EQ(o.used_bytes, 0u);
  Play small;
  small.state_bytes = SlabPool::kPageBytes;
  EXPECT_EQ(testing::play(kDescriptor, everything(), small).used_bytes, 0u);
  small.state_bytes = 0;
  EXPECT_EQ(testing::play(kDescriptor, everything(), small).used_bytes, 0u);
}

TEST(Postgresql, StatementsBeyondTheLimitAreForgotten) {
  Conversation many = login();
  for (unsigned i = 0; i < 140; ++i) {
    many.push_back(
        {C, parse_message("select " + std::to_string(i), "s" + std::to_string(i)) + sync_message()});
    many.push_back({S, message('1') + ready()});
  }
  many.push_back({C, bind_message({}, "s0") + execute() + sync_message() + bind_message({}, "s139") +
                         execute() + sync_message()});
  const auto calls = calls_of(many);
  ASSERT_EQ(calls.size(), 143u);
  EXPECT_EQ(asked_of(calls[141], "sql"), "-");
  EXPECT_EQ(calls[141].summary, "Execute s0");
  EXPECT_EQ(asked_of(calls[142], "sql"), "select 139");
}

TEST(Postgresql, CutsAndPrefixesChangeNothing) {
  EXPECT_EQ(testing::check_splits(kDescriptor, everything()), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, everything()), "");
}

TEST(Postgresql, WhatIsMissingIsSaid) {
  EXPECT_EQ(testing::check_gaps(kDescriptor, everything()), "");
}

TEST(Postgresql, WithoutASessionItRests) {
  const Outcome o = testing::play(kDescriptor, {{C, query("select 1")},
                                                {S, complete("SELECT 1") + ready()},
                                                {C, query("select 2")},
                                                {S, complete("SELECT 2") + ready()}});
  EXPECT_GT(o.parked, 0u);
  EXPECT_EQ(o.calls.size(), 2u);
}

}  // namespace
}  // namespace spanlight::postgresql
