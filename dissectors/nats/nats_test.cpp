#include "nats/nats.h"

#include <gtest/gtest.h>

#include "core/testing/harness.h"
#include "nats/parse.h"
#include "nats/recognise.h"
#include "nats/secrets.h"

namespace spanlight::nats {
namespace {

using testing::Call;
using testing::Conversation;
using testing::Outcome;
using testing::play;

constexpr Direction kClient = Direction::c2s, kServer = Direction::s2c;
const std::string kInfo =
    "INFO "
    "{\"server_id\":\"NA\",\"server_name\":\"n1\",\"version\":\"2.10.7\",\"headers\":true,\"max_payload\":"
    "1048576}\r\n";
const std::string kConnect =
    "CONNECT {\"verbose\":false,\"user\":\"bob\",\"pass\":\"s3cret\",\"lang\":\"go\",\"name\":\"app\"}\r\n";

// ---- parse --------------------------------------------------------------------------------------

TEST(NatsLine, ByTable) {
  struct Case {
    const char* line;
    Fault fault;
    Op op = Op::unknown;
    std::string_view subject = {}, reply = {}, sid = {}, queue = {};
    std::uint64_t headers = 0, payload = 0;
  };
  const Case cases[] = {
      {"PUB a.b 5\r\n", Fault::none, Op::pub, "a.b", "", "", "", 0, 5},
      {"pub a.b _INBOX.1 5\r\n", Fault::none, Op::pub, "a.b", "_INBOX.1", "", "", 0, 5},
      {"HPUB a 12 17\r\n", Fault::none, Op::hpub, "a", "", "", "", 12, 17},
      {"HPUB a r 12 17\r\n", Fault::none, Op::hpub, "a", "r", "", "", 12, 17},
      {"MSG a 9 5\r\n", Fault::none, Op::msg, "a", "", "9", "", 0, 5},
      {"MSG a 9 r 5\r\n", Fault::none, Op::msg, "a", "r", "9", "", 0, 5},
      {"HMSG a 9 r 12 17\r\n", Fault::none, Op::hmsg, "a", "r", "9", "", 12, 17},
      {"SUB a.* 1\r\n", Fault::none, Op::sub, "a.*", "", "1"},
      {"SUB a.* q 1\r\n", Fault::none, Op::sub, "a.*", "", "1", "q"},
      {"UNSUB 1 5\r\n", Fault::none, Op::unsub, "", "", "1"},
      {"PING\r\n", Fault::none, Op::ping},
      {"+OK\r\n", Fault::none, Op::ok},
      {"-ERR 'Unknown'\r\n", Fault::none, Op::err},
      {"PUB a\r\n", Fault::bad_value},
      {"PUB a x\r\n", Fault::bad_value},
      {"PUB a b c 5\r\n", Fault::bad_value},
      {"HPUB a 20 17\r\n", Fault::bad_value},
      {"PUB a 99999999999\r\n", Fault::bad_value},
      {"PING x\r\n", Fault::bad_value},
      {"CONNECT x\r\n", Fault::bad_value},
      {"HELLO\r\n", Fault::bad_magic},
      {"PUBLISH a 5\r\n", Fault::bad_magic},
  };
  for (const Case& c : cases) {
    const std::string text = c.line;
    const Line line = read_line(as_bytes(text));
    EXPECT_EQ(line.fault, c.fault) << c.line;
    if (c.fault != Fault::none) continue;
    EXPECT_EQ(line.op, c.op) << c.line;
    EXPECT_EQ(line.subject, c.subject) << c.line;
    EXPECT_EQ(line.reply, c.reply) << c.line;
    EXPECT_EQ(line.sid, c.sid) << c.line;
    EXPECT_EQ(line.queue, c.queue) << c.line;
    EXPECT_EQ(line.header_bytes, c.headers) << c.line;
    EXPECT_EQ(line.payload, c.payload) << c.line;
    for (std::size_t n = 0; n < text.size(); ++n)
      EXPECT_EQ(read_line(as_bytes(text.substr(0, n))).fault, Fault::short_input) << c.line << n;
  }
}

TEST(NatsSecrets, AreLeftOut) {
  const auto redacted = [](std::string_view json) {
    std::array<char, 512> bytes;
    TextRoom room(bytes);
    write_redacted(room, json);
    return std::string(room.since(0));
  };
  EXPECT_EQ(redacted("{\"user\":\"a\",\"pass\":\"b\"}"), "{\"user\":\"a\",\"pass\":\"[redacted]\"}");
  EXPECT_EQ(redacted("{\"jwt\":\"b\",\"sig\":\"c\",\"auth_token\":\"d\"}"),
            "{\"jwt\":\"[redacted]\",\"sig\":\"[redacted]\",\"auth_token\":\"[redacted]\"}");
  EXPECT_EQ(redacted("{\"pass\":\"b"), "{\"pass\":\"[redacted]");
  EXPECT_EQ(redacted("{\"pass\":12,\"x\":1}"), "{\"pass\":\"[redacted]");
  EXPECT_EQ(redacted("{\"p\\u0061ss\":\"b\"}"), "{\"p\\u0061ss\":\"[redacted]\"}");
  EXPECT_EQ(redacted("{\"a\":1}"), "{\"a\":1}");
}

// ---- recognition --------------------------------------------------------------------------------

TEST(NatsProbe, ByTable) {
  struct Case {
    const char* name;
    std::string own;
    Verdict verdict;
  };
  const Case cases[] = {
      {"INFO", kInfo, Verdict::server},
      {"CONNECT", kConnect, Verdict::client},
      {"PUB with its payload", "PUB a 2\r\nhi\r\n", Verdict::client},
      {"MSG with its payload", "MSG a 1 2\r\nhi\r\n", Verdict::server},
      {"PUB that lies", "PUB a 1\r\nhi\r\n", Verdict::no},
      {"PING alone", "PING\r\n", Verdict::more},
      {"PING, then PUB", "PING\r\nPUB a 2\r\nhi\r\n", Verdict::client},
      {"OK alone", "+OK\r\n", Verdict::more},
      {"OK, then MSG", "+OK\r\nMSG a 1 2\r\nhi\r\n", Verdict::server},
      {"Redis's", "+PONG\r\n", Verdict::no},
      {"POP3", "+OK ready\r\n", Verdict::no},
      {"HTTP", "CONNECT a:443 HTTP/1.1\r\n", Verdict::no},
      {"SIP", "INFO sip:a SIP/2.0\r\n", Verdict::no},
      {"IRC", "PING :x\r\n", Verdict::no},
      {"nothing", "", Verdict::more},
  };
  for (const Case& c : cases) EXPECT_EQ(probe(as_bytes(c.own), {}), c.verdict) << c.name;
}

// ---- messages -----------------------------------------------------------------------------------

Conversation session() {
  return {{kServer, kInfo},
          {kClient, kConnect + "PING\r\n"},
          {kServer, "PONG\r\n"},
          {kClient, "SUB _INBOX.x.* 1\r\nSUB orders.* workers 2\r\n"},
          {kClient, "PUB svc.time _INBOX.x.1 3\r\nnow\r\n"},
          {kServer, "MSG _INBOX.x.1 1 5\r\n12:00\r\n"},
          {kServer, "MSG _INBOX.x.1 1 5\r\nagain\r\n"},
          {kServer, "MSG orders.new 2 _INBOX.y.7 2\r\n{}\r\n"},
          {kClient, "PUB _INBOX.y.7 4\r\ndone\r\n"},
          {kClient, "HPUB a 23 28\r\nNATS/1.0\r\nA: 1\r\nB:2\r\n\r\nhello\r\n"},
          {kClient, "PUB nobody _INBOX.x.2 0\r\n\r\n"},
          {kServer, "HMSG _INBOX.x.2 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"},
          {kServer, "-ERR 'Permissions Violation'\r\n"},
          {kClient, "UNSUB 2\r\n"}};
}

TEST(Nats, ASession) {
  const Outcome o = play(kDescriptor, session());
  std::string seen;
  for (const Call& c : o.calls) seen += c.summary + (c.state == State::complete ? "=" : "~") + "; ";
  EXPECT_EQ(
      seen,
      "INFO~; CONNECT~; PING~; PONG~; SUB _INBOX.x.*~; SUB orders.* workers~; PUB svc.time (3 bytes)=; MSG "
      "_INBOX.x.1 (5 bytes)~; MSG orders.new (2 bytes)=; HPUB a (5 bytes)~; PUB nobody (0 bytes)=; -ERR "
      "Permissions "
      "Violation~; UNSUB 2~; ");
  EXPECT_EQ(o.text().find("s3cret"), std::string::npos);
  EXPECT_NE(o.calls[1].flags & kFlagRedacted, 0u);
  EXPECT_EQ(o.calls[6].request_body, "now");
  EXPECT_EQ(o.calls[6].response_body, "12:00");
  EXPECT_EQ(o.calls[8].request_fields,
            "op=MSG|subject=orders.new|sid=2|reply=_INBOX.y.7|size=2|direction=s2c|");
  EXPECT_EQ(o.calls[8].response_body, "done");
  EXPECT_EQ(o.calls[9].request_headers, "A: 1|B: 2|");
  EXPECT_EQ(o.calls[9].request_body, "hello");
  EXPECT_EQ(o.calls[10].status, 503);
  EXPECT_EQ(o.calls[10].error, "503 No Responders");
  EXPECT_TRUE(o.calls[11].is_error);
  EXPECT_EQ(o.calls[11].error, "Permissions Violation");
}

TEST(Nats, CredentialsAreShownWhereTheyShallBe) {
  EXPECT_NE(play(kDescriptor, session(), {.limits = {.credentials_shown = true}}).text().find("s3cret"),
            std::string::npos);
}

TEST(Nats, WhoIsAskedNeedNotAnswer) {
  const Outcome o =
      play(kDescriptor, {{kServer, "MSG a 1 _INBOX.q 1\r\nx\r\n"}, {kClient, "PUB b _INBOX.r 1\r\nx\r\n"}},
           {.fin = true});
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].state, State::one_way);
  EXPECT_EQ(o.calls[1].state, State::no_response);
  EXPECT_EQ(o.calls[1].error, "no response: connection closed");
}

TEST(Nats, APullIsAnsweredByWhatItGets) {
  const auto pull = [](const std::string& prefix, int n) {
    return "PUB " + prefix + ".CONSUMER.MSG.NEXT.ORDERS.c _INBOX.p." + std::to_string(n) + " 1\r\n1\r\n";
  };
  const std::string acknowledged = "$JS.ACK.ORDERS.c.1.1.1.1700000000.0";
  const Conversation talk = {
      {kClient, pull("$JS.API", 1)},
      {kServer, "MSG orders.new 1 " + acknowledged + " 5\r\nhello\r\n"},
      {kClient, "PUB " + acknowledged + " 4\r\n+ACK\r\n"},
      {kClient, pull("$JS.hub.API", 2)},
      {kServer, "HMSG _INBOX.p.2 1 35 35\r\nNATS/1.0 408 Request Timeout   \r\n\r\n\r\n"},
      {.from = kClient, .bytes = "PING\r\n", .pause = 70 * kSecondNs},
      {kClient, pull("imported", 3)},
      {kClient, "PUB $JS.API.STREAM.INFO.ORDERS _INBOX.p.4 0\r\n\r\n"},
      {.from = kClient, .bytes = "PING\r\n", .pause = 70 * kSecondNs}};
  std::string seen;
  const Outcome o = play(kDescriptor, talk);
  for (const Call& c : o.calls)
    seen += c.summary +
            (c.state == State::complete  ? "="
             : c.state == State::one_way ? "~"
                                         : "?") +
            (c.is_error ? "!" : "") + "\n";
  EXPECT_EQ(seen,
            "MSG orders.new (5 bytes)=\n"
            "PUB $JS.hub.API.CONSUMER.MSG.NEXT.ORDERS.c (1 bytes)=!\n"
            "PUB $JS.API.CONSUMER.MSG.NEXT.ORDERS.c (1 bytes)~\n"
            "PING~\n"
            "PUB imported.CONSUMER.MSG.NEXT.ORDERS.c (1 bytes)~\n"
            "PUB $JS.API.STREAM.INFO.ORDERS (0 bytes)?!\n"
            "PING~\n");
  EXPECT_EQ(o.calls[1].status, 408);
  EXPECT_EQ(testing::check_splits(kDescriptor, talk), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, talk), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, talk), "");
}

TEST(Nats, CutsPrefixesAndHoles) {
  EXPECT_EQ(testing::check_splits(kDescriptor, session()), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, session()), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, session()), "");
  EXPECT_GT(play(kDescriptor, session()).parked, 0u);
}

TEST(Nats, ALongInfoIsCut) {
  const std::string info =
      "INFO {\"server_id\":\"NA\",\"connect_urls\":[\"" + std::string(6'000, 'u') + "\"]}\r\n";
  const Outcome o = play(kDescriptor, {{kServer, info}});
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_NE(o.calls[0].flags & kFlagTruncatedBody, 0u);
  EXPECT_EQ(o.calls[0].request_fields.substr(0, 20), "op=INFO|server_id=NA");
}

}  // namespace
}  // namespace spanlight::nats
