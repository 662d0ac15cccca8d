#include "redis/redis.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "core/testing/harness.h"
#include "redis/commands.h"
#include "redis/recognise.h"
#include "redis/resp.h"

namespace spanlight::redis {
namespace {

using testing::Call;
using testing::Conversation;
using testing::Outcome;
using testing::Play;
using testing::play;

constexpr Direction kClient = Direction::c2s, kServer = Direction::s2c;

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}
std::string command(std::initializer_list<std::string_view> words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) out += bulk(word);
  return out;
}

Outcome one(const std::string& asked, const std::string& answered, const Play& how = {}) {
  return play(kDescriptor, {{kClient, asked}, {kServer, answered}}, how);
}

// ---- parse --------------------------------------------------------------------------------------

struct LineCase {
  const char* name;
  std::string in;
  Fault fault;
  Type type = Type::status;
  std::uint64_t count = 0, payload = 0;
};

TEST(RedisLine, ByTable) {
  const LineCase cases[] = {
      {"status", "+OK\r\n", Fault::none, Type::status},
      {"error", "-ERR no\r\n", Fault::none, Type::error},
      {"integer", ":-42\r\n", Fault::none, Type::integer},
      {"integer with plus", ":+42\r\n", Fault::none, Type::integer},
      {"bulk", "$5\r\n", Fault::none, Type::bulk, 0, 7},
      {"empty bulk", "$0\r\n", Fault::none, Type::bulk, 0, 2},
      {"null bulk", "$-1\r\n", Fault::none, Type::nil},
      {"null array", "*-1\r\n", Fault::none, Type::nil},
      {"array", "*3\r\n", Fault::none, Type::array, 3},
      {"map counts twice", "%3\r\n", Fault::none, Type::map, 6},
      {"null", "_\r\n", Fault::none, Type::nil},
      {"boolean", "#t\r\n", Fault::none, Type::boolean},
      {"double", ",-1.5e3\r\n", Fault::none, Type::number},
      {"infinite", ",-inf\r\n", Fault::none, Type::number},
      {"push", ">2\r\n", Fault::none, Type::push, 2},
      {"nothing", "", Fault::short_input},
      {"no end", "+OK", Fault::short_input},
      {"half an end", "+OK\r", Fault::short_input},
      {"end without LF", "+OK\rx", Fault::bad_value},
      {"no type", "?1\r\n", Fault::bad_magic},
      {"letters in a length", "$x\r\n", Fault::bad_value},
      {"negative length", "$-2\r\n", Fault::bad_value},
      {"null map", "%-1\r\n", Fault::bad_value},
      {"bulk too long", "$536870913\r\n", Fault::bad_length},
      {"too many", "*1073741825\r\n", Fault::too_many},
      {"number without an end", "$" + std::string(40, '1'), Fault::bad_length},
      {"status without an end", "+" + std::string(kLineBytesMax, 'x'), Fault::bad_length},
      {"maybe", "#x\r\n", Fault::bad_value},
      {"null with text", "_x\r\n", Fault::bad_value},
  };
  for (const LineCase& c : cases) {
    const Line line = read_line(as_bytes(c.in));
    EXPECT_EQ(line.fault, c.fault) << c.name;
    if (c.fault != Fault::none) continue;
    EXPECT_EQ(line.type, c.type) << c.name;
    EXPECT_EQ(line.count, c.count) << c.name;
    EXPECT_EQ(line.payload, c.payload) << c.name;
    for (std::size_t n = 0; n < c.in.size(); ++n)
      EXPECT_EQ(read_line(as_bytes(c.in.substr(0, n))).fault, Fault::short_input) << c.name << " " << n;
  }
}

TEST(RedisWalk, NestsAndEnds) {
  struct Case {
    const char* name;
    std::string in;
    bool ends;
  };
  const Case cases[] = {{"scalar", ":1\r\n", true},
                        {"empty array", "*0\r\n", true},
                        {"array", "*2\r\n:1\r\n:2\r\n", true},
                        {"unfinished", "*2\r\n:1\r\n", false},
                        {"nested", "*2\r\n*1\r\n:1\r\n*0\r\n", true},
                        {"map", "%1\r\n+a\r\n:1\r\n", true},
                        {"attribute before its value", "|1\r\n+a\r\n:1\r\n", false},
                        {"attribute and its value", "|1\r\n+a\r\n:1\r\n:2\r\n", true},
                        {"attribute inside", "*2\r\n:1\r\n|1\r\n+a\r\n:1\r\n:2\r\n", true},
                        {"empty attribute", "|0\r\n:2\r\n", true}};
  for (const Case& c : cases) {
    Walk walk;
    Bytes rest = as_bytes(c.in);
    bool ended = false, too_deep = false;
    while (!rest.empty()) {
      ASSERT_FALSE(ended) << c.name;
      const Line line = read_line(rest);
      ASSERT_EQ(line.fault, Fault::none) << c.name;
      ended = walk.accept(line.type, line.count, too_deep);
      rest = rest.subspan(line.bytes);
    }
    EXPECT_EQ(ended, c.ends) << c.name;
  }
}

TEST(RedisWords, OfLines) {
  Words words;
  read_words("SET  foo \"a b\\\" c\" 'd e'\r\n", words);
  EXPECT_TRUE(words.is_inline);
  ASSERT_EQ(words.count, 4u);
  EXPECT_EQ(words.at(1), "foo");
  EXPECT_EQ(words.at(2), "a b\\\" c");
  EXPECT_EQ(words.at(3), "d e");
}

TEST(RedisCommands, ANameSaysInEitherCaseWhatItsCommandIs) {
  EXPECT_EQ(find_command("set").value, 2);
  EXPECT_EQ(find_command("HSET").value, 3);
  EXPECT_EQ(find_command("GET").value, 0);
  EXPECT_TRUE(find_command("blPop").blocks);
  EXPECT_TRUE(find_command("xread").reads_streams);
  EXPECT_FALSE(find_command("xread").blocks);
  EXPECT_TRUE(find_command("Subscribe").subscribes && find_command("Subscribe").changes_what_comes);
  EXPECT_TRUE(find_command("monitor").changes_what_comes && !find_command("monitor").subscribes);
  EXPECT_TRUE(find_command("auth").may_hold_secret);
  EXPECT_FALSE(find_command("get").may_hold_secret);
  EXPECT_TRUE(find_command("ping").known);
  for (const std::string_view none : {"", "NOSUCH", "SE", "SETT", "SET "})
    EXPECT_FALSE(find_command(none).known);
  EXPECT_FALSE(find_command(std::string(kNameBytesMax + 1, 'A')).known);
}

TEST(RedisCommands, Keys) {
  struct Case {
    std::initializer_list<std::string_view> words;
    std::size_t key;
  };
  const Case cases[] = {{{"get", "k"}, 1},
                        {{"PING"}, 0},
                        {{"BITOP", "AND", "d", "s"}, 2},
                        {{"XREAD", "COUNT", "2", "STREAMS", "s", "0"}, 4},
                        {{"XREAD", "STREAMS"}, 0},
                        {{"EVAL", "return 1", "0"}, 0},
                        {{"EVAL", "return 1", "1", "k"}, 3},
                        {{"JSON.SET", "doc", "$", "1"}, 1},
                        {{"MEMORY", "USAGE", "k"}, 2},
                        {{"NOSUCH", "k"}, 0},
                        {{"GET"}, 0}};
  for (const Case& c : cases) {
    Words words;
    const std::string text = command(c.words);
    read_words(text, words);
    EXPECT_EQ(key_position(find_command(words.at(0)), words), c.key) << text;
  }
}

// ---- recognition --------------------------------------------------------------------------------

TEST(RedisProbe, ByTable) {
  struct Case {
    const char* name;
    std::string own, peer;
    Verdict verdict;
  };
  const Case cases[] = {
      {"command", command({"GET", "k"}), "", Verdict::client},
      {"module's command", command({"JSON.GET", "k"}), "", Verdict::client},
      {"command cut", "*2\r\n$3\r\nGE", "", Verdict::more},
      {"published", command({"message", "ch", "hi"}), "", Verdict::server},
      {"confirmed", "*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n", "", Verdict::server},
      {"subscribes", command({"subscribe", "ch"}), "", Verdict::client},
      {"list", command({"some", "words", "here"}), "", Verdict::either},
      {"inline, nobody answered", "PING\r\n", "", Verdict::more},
      {"inline, Redis answered", "PING\r\n", "+PONG\r\n", Verdict::client},
      {"inline, NATS answered", "PING\r\n", "PONG\r\n", Verdict::no},
      {"inline, memcached answered", "get k\r\n", "VALUE k 0 1\r\n", Verdict::no},
      {"inline, POP3 greeted", "AUTH PLAIN\r\n", "+OK ready\r\n", Verdict::no},
      {"HTTP", "GET / HTTP/1.1\r\n", "", Verdict::no},
      {"SMTP", "EHLO there\r\n", "", Verdict::no},
      {"OK alone", "+OK\r\n", "", Verdict::more},
      {"OK to a command", "+OK\r\n", command({"SET", "a", "b"}), Verdict::server},
      {"POP3", "+OK POP3 server ready\r\n", "", Verdict::more},
      {"NATS's errors", "-ERR 'Unknown'\r\n+OK\r\n", "", Verdict::more},
      {"bulk and integer", "$5\r\nhello\r\n:1\r\n", "", Verdict::server},
      {"bulk that lies", "$4\r\nhello\r\n:1\r\n", "", Verdict::no},
      {"moved", "-MOVED 3999 127.0.0.1:6381\r\n", "", Verdict::server},
      {"TLS", "\x16\x03\x01\x02", "", Verdict::no},
      {"nothing", "", "", Verdict::more},
  };
  for (const Case& c : cases) EXPECT_EQ(probe(as_bytes(c.own), as_bytes(c.peer)), c.verdict) << c.name;
}

TEST(RedisSync, FindsACommandBehindAHole) {
  const std::string tail = "lue\r\n" + command({"GET", "k"});
  const Sync found = kDescriptor.find(kClient, as_bytes(tail));
  EXPECT_TRUE(found.found);
  EXPECT_EQ(found.skip, 5u);
  EXPECT_FALSE(
      kDescriptor.find(kServer, as_bytes(std::string_view("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))).found);
}

// ---- calls --------------------------------------------------------------------------------------

TEST(Redis, ACallIsPaired) {
  const Outcome o = one(command({"set", "user:42", "hello"}), "+OK\r\n");
  ASSERT_EQ(o.calls.size(), 1u);
  const Call& c = o.calls[0];
  EXPECT_EQ(c.state, State::complete);
  EXPECT_EQ(c.method, "SET");
  EXPECT_EQ(c.summary, "SET user:42 hello");
  EXPECT_EQ(c.request_fields, "command=SET|args=user:42,hello,|key=user:42|");
  EXPECT_EQ(c.response_fields, "type=status|value=OK|");
  EXPECT_EQ(c.request_body, "hello");
  EXPECT_FALSE(c.is_error);
}

TEST(Redis, Answers) {
  struct Case {
    const char* name;
    std::string answer;
    std::string fields, body, error;
  };
  const Case cases[] = {
      {"bulk", bulk("hello"), "type=bulk|value=hello|", "hello", ""},
      {"a quoted colon is no key", bulk("a .. \":\" .. b"), "type=bulk|value=a .. \":\" .. b|",
       "a .. \":\" .. b", ""},
      {"so is what holds keys", bulk("42[{\"a\":1}]"), "type=bulk|value=[json]|", "42[{\"a\":1}]", ""},
      {"JSON is shown as a body alone", bulk("{\"a\":1}"), "type=bulk|value=[json]|", "{\"a\":1}", ""},
      {"nil", "$-1\r\n", "type=nil|", "", ""},
      {"integer", ":7\r\n", "type=integer|value=7|", "", ""},
      {"array", "*2\r\n$1\r\na\r\n:2\r\n", "type=array|length=2|values=a,2,|", "*2\r\n$1\r\na\r\n:2\r\n", ""},
      {"map", "%1\r\n+a\r\n:2\r\n", "type=map|length=1|values=a,2,|", "%1\r\n+a\r\n:2\r\n", ""},
      {"attribute", "|1\r\n+ttl\r\n:9\r\n$1\r\nv\r\n", "type=bulk|value=v|", "", ""},
      {"verbatim", "=7\r\ntxt:abc\r\n", "type=verbatim|value=abc|", "abc", ""},
      {"error", "-WRONGTYPE no list\r\n", "type=error|error_code=WRONGTYPE|value=WRONGTYPE no list|", "",
       "WRONGTYPE no list"},
      {"bulk error", "!6\r\nERR no\r\n", "type=error|error_code=ERR|value=ERR no|", "", "ERR no"},
      {"moved", "-MOVED 3999 10.0.0.1:6381\r\n",
       "type=error|error_code=MOVED|redirect=10.0.0.1:6381|value=MOVED 3999 10.0.0.1:6381|", "",
       "MOVED 3999 10.0.0.1:6381"},
      {"true", "#t\r\n", "type=boolean|value=true|", "", ""},
  };
  for (const Case& c : cases) {
    const Outcome o = one(command({"GET", "k"}), c.answer);
    ASSERT_EQ(o.calls.size(), 1u) << c.name;
    EXPECT_EQ(o.calls[0].state, State::complete) << c.name;
    EXPECT_EQ(o.calls[0].response_fields, c.fields) << c.name;
    EXPECT_EQ(o.calls[0].response_body, c.body) << c.name;
    EXPECT_EQ(o.calls[0].error, c.error) << c.name;
    EXPECT_EQ(o.calls[0].is_error, !c.error.empty()) << c.name;
  }
}

TEST(Redis, SecretsAreRedacted) {
  struct Case {
    std::string asked, answered;
  };
  const Case cases[] = {
      {command({"AUTH", "s3cret"}), "+OK\r\n"},
      {command({"auth", "user", "s3cret"}), "+OK\r\n"},
      {"AUTH s3cret\r\n", "+OK\r\n"},
      {command({"HELLO", "3", "AUTH", "user", "s3cret"}), "+OK\r\n"},
      {command({"CONFIG", "SET", "maxmemory", "1", "requirepass", "s3cret"}), "+OK\r\n"},
      {command({"ACL", "SETUSER", "bob", "on", ">s3cret", "~*"}), "+OK\r\n"},
      {command({"ACL", "SETUSER", "bob", ">s3cret", "x"}),
       "-ERR Error in ACL SETUSER modifier '>s3cret'\r\n"},
      {command({"MIGRATE", "h", "1", "k", "0", "9", "AUTH", "s3cret"}), "+OK\r\n"},
      {command({"MIGRATE", "h", "1", "auth", "0", "9", "AUTH", "s3cret"}), "+OK\r\n"},
      {command({"MIGRATE", "auth2", "1", "", "0", "9", "COPY", "AUTH2", "auth", "s3cret", "KEYS", "k"}),
       "+OK\r\n"},
      {command({"HELLO", "3", "SETNAME", "auth", "AUTH", "user", "s3cret"}), "+OK\r\n"},
      {command({"SENTINEL", "SET", "m", "auth-pass", "s3cret"}), "+OK\r\n"},
      {command({"CONFIG", "GET", "*"}), command({"requirepass", "s3cret"})},
      {command({"ACL", "LIST"}), command({"user bob on #s3cret ~*"})},
      {command({"EXEC"}), "*1\r\n" + command({"requirepass", "s3cret"})},
      {command({"EXEC"}), "*1\r\n*4\r\n" + bulk("flags") + "*1\r\n" + bulk("on") + bulk("passwords") +
                              "*1\r\n" + bulk("s3cret")},
      {command({"EXEC"}), "*1\r\n%1\r\n" + bulk("passwords") + "*1\r\n" + bulk("s3cret")},
      {command({"GET", "k"}), command({"masterauth", "s3cret"})},
  };
  for (const Case& c : cases) {
    const Outcome o = one(c.asked, c.answered);
    ASSERT_EQ(o.calls.size(), 1u);
    EXPECT_EQ(o.text().find("s3cret"), std::string::npos) << o.text();
    EXPECT_NE(o.calls[0].flags & kFlagRedacted, 0u) << o.text();
    const Outcome shown = one(c.asked, c.answered, {.limits = {.credentials_shown = true}});
    EXPECT_NE(shown.text().find("s3cret"), std::string::npos) << c.asked;
  }
}

Conversation session() {
  return {{kClient, command({"HELLO", "3"})},
          {kServer, "%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n"},
          {kClient, command({"SET", "a", "1"}) + command({"INCR", "a"}) + command({"GET", "nothing"})},
          {kServer, "+OK\r\n:2\r\n_\r\n"},
          {kClient, command({"MULTI"}) + command({"LPUSH", "l", "x"})},
          {kServer, "+OK\r\n+QUEUED\r\n"},
          {kClient, command({"EXEC"})},
          {kServer, "*1\r\n:1\r\n"},
          {kClient, "PING\r\n"},
          {kServer, "+PONG\r\n"},
          {kClient, command({"GET", "a", "b"})},
          {kServer, "-ERR wrong number of arguments for 'get' command\r\n"},
          {kServer, ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n"},
          {kClient, command({"SET", "big", std::string(20'000, 'v')})},
          {kServer, "+OK\r\n"},
          {kClient, command({"GET", "big"})},
          {kServer, bulk(std::string(20'000, 'v'))}};
}

TEST(Redis, ASession) {
  const Outcome o = play(kDescriptor, session());
  ASSERT_EQ(o.calls.size(), 12u);
  for (const Call& c : o.calls)
    EXPECT_EQ(c.state, c.method == "invalidate" ? State::one_way : State::complete) << c.text();
  EXPECT_EQ(o.calls[9].request_fields, "direction=s2c|type=push|command=invalidate|args=a,|");
  EXPECT_EQ(o.calls[10].request_body_size, 20'000u);
  EXPECT_EQ(o.calls[10].request_body.size(), 16'384u);
  EXPECT_NE(o.calls[10].flags & kFlagTruncatedBody, 0u);
  EXPECT_EQ(o.counters.malformed, 0u);
}

TEST(Redis, LargeValuesPassByCounter) {
  const std::string asked = command({"SET", "big", std::string(200'000, 'v')});
  const Conversation c = {
      {kClient, asked.substr(0, 20'000)}, {kClient, asked.substr(20'000)}, {kServer, "+OK\r\n"}};
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].request_body_size, 200'000u);
  EXPECT_EQ(o.calls[0].request_size, asked.size());
  EXPECT_GT(o.skipped_bytes, 150'000u);
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
}

TEST(Redis, Channels) {
  const Conversation c = {
      {kClient, command({"SUBSCRIBE", "a", "b"})},
      {kServer, "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"},
      {kServer, command({"message", "a", "hi"})},
      {kClient, command({"PING"})},
      {kServer, "*2\r\n$4\r\npong\r\n$0\r\n\r\n"},
      {kClient, command({"UNSUBSCRIBE"})},
      {kServer, "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:0\r\n"},
      {kClient, command({"LRANGE", "l", "0", "-1"})},
      {kServer, command({"message", "is", "data"})}};
  const Outcome o = play(kDescriptor, c);
  std::string seen;
  for (const Call& call : o.calls) seen += call.method + (call.state == State::complete ? "=" : "~") + " ";
  EXPECT_EQ(seen, "SUBSCRIBE= subscribe~ message~ PING= UNSUBSCRIBE= unsubscribe~ LRANGE= ");
  EXPECT_EQ(o.calls[0].request_fields, "command=SUBSCRIBE|args=a,b,|channel=a|");
  EXPECT_EQ(o.calls[4].request_fields, "command=UNSUBSCRIBE|args=|");
  EXPECT_EQ(o.calls[2].request_body, "hi");
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
}

// "HKEYS= GET=": what was told, and whether it was paired.
std::string told(const Outcome& o) {
  std::string seen;
  for (const Call& call : o.calls) seen += call.method + (call.state == State::complete ? "=" : "~") + " ";
  return seen;
}

// Lists of words may begin as messages do.
TEST(Redis, AnAnswerThatBeginsAsAMessageDoesIsNone) {
  const std::string confirmed = "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n";
  const std::string as_push = ">" + confirmed.substr(1);
  const std::string ended = "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n";
  const std::string refused = "-NOPERM No permissions to access a channel\r\n";
  const std::string list = command({"message", "from", "date"}), hi = command({"message", "a", "hi"});
  const std::string hkeys = command({"HKEYS", "h"}), get = command({"GET", "k"});
  struct Case {
    const char* name;
    Conversation talk;
    std::string told;
    bool leaves_pushes = true;  // without one of its commands, and pushes are not flagged
  };
  const Case cases[] = {
      {"SUBSCRIBE was refused",
       {{kClient, command({"SUBSCRIBE", "a"})},
        {kServer, refused},
        {kClient, hkeys},
        {kServer, list},
        {kClient, get},
        {kServer, bulk("1")}},
       "SUBSCRIBE= HKEYS= GET= "},
      {"a message has three words",
       {{kClient, command({"SUBSCRIBE", "a"})},
        {kServer, refused},
        {kClient, hkeys},
        {kServer, command({"message", "date"})},
        {kClient, get},
        {kServer, bulk("1")}},
       "SUBSCRIBE= HKEYS= GET= ",
       false},
      {"RESP3: any command beside a subscription",
       {{kClient, command({"HELLO", "3"})},
        {kServer, "%1\r\n+proto\r\n:3\r\n"},
        {kClient, command({"SUBSCRIBE", "a"})},
        {kServer, as_push},
        {kClient, hkeys},
        {kServer, ">" + hi.substr(1) + list},
        {kClient, get},
        {kServer, bulk("1")}},
       "HELLO= SUBSCRIBE= message~ HKEYS= GET= "},
      {"asked before SUBSCRIBE, answered behind it",
       {{kClient, hkeys + command({"SUBSCRIBE", "a"})}, {kServer, list + confirmed + hi}},
       "HKEYS= SUBSCRIBE= message~ "},
      {"a command that the subscription forbids",
       {{kClient, command({"SUBSCRIBE", "a"})},
        {kServer, confirmed},
        {kClient, get},
        {kServer, hi + "-ERR Can't execute 'get'\r\n"}},
       "SUBSCRIBE= message~ GET= "},
      {"PING among messages whose subscription nobody saw",
       {{kClient, command({"PING"})}, {kServer, hi + "*2\r\n$4\r\npong\r\n$0\r\n\r\n"}},
       "message~ PING= ",
       false},
      {"more confirmations than there were channels",
       {{kClient, command({"SUBSCRIBE", "a"})},
        {kServer, confirmed},
        {kClient, command({"UNSUBSCRIBE", "a", "b"}) + hkeys},
        {kServer, ended + ended + list}},
       "SUBSCRIBE= UNSUBSCRIBE= unsubscribe~ HKEYS= "},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(told(play(kDescriptor, c.talk)), c.told) << c.name;
    EXPECT_EQ(testing::check_splits(kDescriptor, c.talk), "") << c.name;
    EXPECT_EQ(testing::check_prefixes(kDescriptor, c.talk), "") << c.name;
    if (c.leaves_pushes) continue;
    EXPECT_EQ(testing::check_gaps(kDescriptor, c.talk), "") << c.name;
  }
}

TEST(Redis, WhatHasNoAnswer) {
  const Outcome o =
      play(kDescriptor,
           {{kClient, command({"CLIENT", "REPLY", "OFF"}) + command({"SET", "a", "1"})},
            {kClient, command({"CLIENT", "REPLY", "ON"})},
            {kServer, "+OK\r\n"},
            {kClient, command({"CLIENT", "REPLY", "SKIP"}) + command({"GET", "a"}) + command({"GET", "b"})},
            {kServer, "$-1\r\n"}});
  std::string seen;
  for (const Call& call : o.calls) seen += call.summary + (call.state == State::complete ? "=" : "~") + " ";
  EXPECT_EQ(seen, "CLIENT REPLY OFF~ SET a 1~ CLIENT REPLY ON= CLIENT REPLY SKIP~ GET a~ GET b= ");
}

TEST(Redis, MonitorShowsOthers) {
  const Outcome o =
      play(kDescriptor, {{kClient, command({"MONITOR"})},
                         {kServer, "+OK\r\n+1339518083.107412 [0 127.0.0.1:60866] \"keys\" \"*\"\r\n"},
                         {kServer, "+1339518083.107412 [0 127.0.0.1:60866] \"auth\" \"s3cret\"\r\n"}});
  ASSERT_EQ(o.calls.size(), 3u);
  EXPECT_EQ(o.calls[1].state, State::one_way);
  EXPECT_EQ(o.calls[1].method, "MONITOR");
  EXPECT_EQ(o.text().find("s3cret"), std::string::npos);
}

TEST(Redis, ReplicationIsLeftAlone) {
  const Outcome o = play(kDescriptor, {{kClient, command({"PSYNC", "?", "-1"})},
                                       {kServer, "+FULLRESYNC 8c0 0\r\n$5\r\nREDIS"},
                                       {kServer, command({"SET", "a", "b"})}});
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].state, State::complete);
}

TEST(Redis, Unanswered) {
  Play how;
  how.close = End::reset;
  const Outcome o = play(kDescriptor, {{kClient, command({"GET", "k"})}}, how);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].state, State::no_response);
  EXPECT_EQ(o.calls[0].error, "no response: connection reset");
  const auto answered_late = [](const std::string& asked) {
    testing::Segment late{.from = kServer, .bytes = "*-1\r\n"};
    late.pause = 100 * kSecondNs;
    return play(kDescriptor, {{kClient, asked}, late});
  };
  const Outcome blocked = answered_late(command({"BLPOP", "k", "0"}));
  ASSERT_EQ(blocked.calls.size(), 1u);
  EXPECT_EQ(blocked.calls[0].state, State::complete);
  const Outcome late = answered_late(command({"LLEN", "k"}));
  ASSERT_EQ(late.calls.size(), 2u);
  EXPECT_EQ(late.calls[0].reason, Reason::unanswered);
  EXPECT_EQ(late.calls[1].state, State::no_request);
}

TEST(Redis, OpenCallsAreLimited) {
  const Outcome o = one(command({"GET", "a"}) + command({"GET", "b"}) + command({"GET", "c"}),
                        "$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n", {.limits = {.open_calls_max = 2}});
  ASSERT_EQ(o.calls.size(), 4u);
  EXPECT_EQ(o.calls[0].reason, Reason::evicted);
  EXPECT_EQ(o.calls[1].state, State::no_request);
  EXPECT_EQ(o.calls[2].summary, "GET b");
  EXPECT_EQ(o.calls[2].state, State::complete);
  EXPECT_EQ(o.counters.open_calls_exceeded, 1u);
}

TEST(Redis, JoinedMidstream) {
  const Outcome o = play(kDescriptor, {{kServer, "lo\r\n", true},
                                       {kClient, "x", true},
                                       {kClient, command({"GET", "k"})},
                                       {kServer, bulk("v")}});
  ASSERT_GE(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].state, State::complete) << o.text();
}

TEST(Redis, GarbageIsMalformedAndFlagged) {
  const Outcome o = play(kDescriptor, {{kClient, command({"GET", "a"})},
                                       {kServer, "?what\r\n"},
                                       {kClient, command({"GET", "b"})},
                                       {kServer, bulk("2")}});
  EXPECT_EQ(o.counters.malformed, 1u);
  ASSERT_EQ(o.calls.size(), 2u) << o.text();
  EXPECT_EQ(o.calls[0].reason, Reason::malformed);
  EXPECT_EQ(o.calls[1].state, State::complete);
}

TEST(Redis, CutsPrefixesAndHoles) {
  EXPECT_EQ(testing::check_splits(kDescriptor, session()), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, session()), "");
  Conversation small = session();
  small.resize(13);
  EXPECT_EQ(testing::check_prefixes(kDescriptor, small), "");
}

TEST(Redis, RestsBetweenCalls) {
  const Outcome o = play(kDescriptor, session());
  EXPECT_GT(o.parked, 0u);
}

}  // namespace
}  // namespace spanlight::redis
