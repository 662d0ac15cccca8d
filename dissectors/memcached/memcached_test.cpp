#include "memcached/memcached.h"

#include <gtest/gtest.h>

#include "core/testing/harness.h"
#include "memcached/parse.h"
#include "memcached/recognise.h"

namespace spanlight::memcached {
namespace {

using testing::Call;
using testing::Conversation;
using testing::Outcome;
using testing::Play;
using testing::play;

constexpr Direction kClient = Direction::c2s, kServer = Direction::s2c;

std::string be(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i > 0; --i) out += static_cast<char>(value >> 8 * (i - 1) & 0xff);
  return out;
}

struct Packet {
  std::uint8_t op = 0;
  std::string key = {}, value = {}, extras = {};
  std::uint32_t opaque = 0;
  std::uint16_t status = 0;
};

std::string packet(std::uint8_t magic, const Packet& p) {
  return be(magic, 1) + be(p.op, 1) + be(p.key.size(), 2) + be(p.extras.size(), 1) + be(0, 1) +
         be(p.status, 2) + be(p.key.size() + p.extras.size() + p.value.size(), 4) + be(p.opaque, 4) +
         be(0, 8) + p.extras + p.key + p.value;
}
std::string asks(const Packet& p) {
  return packet(kRequestMagic, p);
}
std::string says(const Packet& p) {
  return packet(kResponseMagic, p);
}

Outcome one(const std::string& asked, const std::string& answered, const Play& how = {}) {
  return play(kDescriptor, {{kClient, asked}, {kServer, answered}}, how);
}

// ---- parse --------------------------------------------------------------------------------------

TEST(MemcachedRequest, ByTable) {
  struct Case {
    const char* line;
    Fault fault;
    std::uint64_t payload = 0;
    bool quiet = false;
  };
  const Case cases[] = {
      {"get a b c", Fault::none},
      {"get", Fault::bad_value},
      {"gat 60 a", Fault::none},
      {"gat x a", Fault::bad_value},
      {"set k 0 0 5", Fault::none, 7},
      {"set k 0 -1 5 noreply", Fault::none, 7, true},
      {"set k 0 0", Fault::bad_value},
      {"set k 0 0 x", Fault::bad_value},
      {"set k 0 0 99999999999", Fault::bad_value},
      {"set k 0 0 5 noreply x", Fault::bad_value},
      {"cas k 0 0 5 77", Fault::none, 7},
      {"cas k 0 0 5 77 noreply", Fault::none, 7, true},
      {"cas k 0 0 5", Fault::bad_value},
      {"delete k", Fault::none},
      {"delete k noreply", Fault::none, 0, true},
      {"incr k 1", Fault::none},
      {"incr k", Fault::bad_value},
      {"touch k 10 noreply", Fault::none, 0, true},
      {"flush_all noreply", Fault::none, 0, true},
      {"mg k v t q", Fault::none, 0, true},
      {"ms k 3 T60", Fault::none, 5},
      {"ms k x", Fault::bad_value},
      {"mn", Fault::none},
      {"mn x", Fault::bad_value},
      {"GET k", Fault::bad_magic},
      {"", Fault::bad_magic},
  };
  for (const Case& c : cases) {
    Words words;
    split(c.line, words);
    const Request request = read_request(words);
    EXPECT_EQ(request.fault, c.fault) << c.line;
    if (c.fault != Fault::none) continue;
    EXPECT_EQ(request.payload, c.payload) << c.line;
    EXPECT_EQ(request.quiet, c.quiet) << c.line;
  }
}

TEST(MemcachedReply, ByTable) {
  struct Case {
    const char* line;
    Fault fault;
    bool last = true;
    std::uint64_t payload = 0;
  };
  const Case cases[] = {{"STORED", Fault::none},
                        {"VALUE k 0 5", Fault::none, false, 7},
                        {"VALUE k 0 5 12", Fault::none, false, 7},
                        {"VALUE k 0", Fault::bad_value},
                        {"END", Fault::none},
                        {"STAT pid 1", Fault::none, false},
                        {"key=a exp=-1 la=1 cas=2 fetch=no cls=1 size=63", Fault::none, false},
                        {"mg a", Fault::none, false},
                        {"mg", Fault::bad_value},
                        {"VA 3 t60", Fault::none, true, 5},
                        {"VA x", Fault::bad_value},
                        {"12", Fault::none},
                        {"HELLO", Fault::bad_magic},
                        {"", Fault::bad_magic}};
  for (const Case& c : cases) {
    Words words;
    split(c.line, words);
    const Reply reply = read_reply(words);
    EXPECT_EQ(reply.fault, c.fault) << c.line;
    if (c.fault != Fault::none) continue;
    EXPECT_EQ(reply.last, c.last) << c.line;
    EXPECT_EQ(reply.payload, c.payload) << c.line;
  }
}

TEST(MemcachedHeader, FaultsAndPrefixes) {
  const std::string whole = asks({.op = 1, .key = "k", .value = "v", .extras = std::string(8, '\0')});
  for (std::size_t n = 0; n < kHeaderBytes; ++n)
    EXPECT_EQ(read_header(as_bytes(whole).first(n)).fault, Fault::short_input) << n;
  EXPECT_EQ(read_header(as_bytes(whole)).fault, Fault::none);
  const auto spoiled = [&](std::size_t at, char with) {
    std::string bytes = whole;
    bytes[at] = with;
    return read_header(as_bytes(bytes)).fault;
  };
  EXPECT_EQ(spoiled(0, '\x82'), Fault::bad_magic);
  EXPECT_EQ(spoiled(1, '\x7f'), Fault::bad_value);
  EXPECT_EQ(spoiled(2, '\x01'), Fault::bad_length);
  EXPECT_EQ(spoiled(5, '\x01'), Fault::bad_value);
  EXPECT_EQ(spoiled(11, '\x01'), Fault::bad_length);
}

// ---- recognition --------------------------------------------------------------------------------

TEST(MemcachedProbe, ByTable) {
  struct Case {
    const char* name;
    std::string own, peer;
    Verdict verdict;
  };
  const Case cases[] = {
      {"set with its value", "set k 0 0 5\r\nhello\r\n", "", Verdict::client},
      {"set, value not there yet", "set k 0 0 5\r\nhel", "", Verdict::more},
      {"set that lies", "set k 0 0 4\r\nhello\r\n", "", Verdict::no},
      {"get alone", "get k\r\n", "", Verdict::more},
      {"get, answered", "get k\r\n", "VALUE k 0 1\r\nx\r\nEND\r\n", Verdict::client},
      {"get, answered by Redis", "get k\r\n", "$1\r\nx\r\n", Verdict::no},
      {"Redis's set", "set k v\r\n", "+OK\r\n", Verdict::no},
      {"value", "VALUE k 0 1\r\nx\r\nEND\r\n", "", Verdict::server},
      {"stored", "STORED\r\n", "", Verdict::server},
      {"end alone", "END\r\n", "", Verdict::more},
      {"end to a get", "END\r\n", "get k\r\n", Verdict::server},
      {"HTTP", "GET / HTTP/1.1\r\n", "", Verdict::no},
      {"HTTP's answer", "HTTP/1.1 200 OK\r\n", "", Verdict::no},
      {"SSH", "SSH-2.0-x\r\n", "", Verdict::no},
      {"SMTP", "220 mail ready\r\n", "", Verdict::no},
      {"FTP", "220\r\n", "", Verdict::more},
  };
  for (const Case& c : cases) EXPECT_EQ(probe_text(as_bytes(c.own), as_bytes(c.peer)), c.verdict) << c.name;
}

TEST(MemcachedProbe, Binary) {
  EXPECT_EQ(probe_binary(as_bytes(asks({.op = 0, .key = "k"})), {}), Verdict::client);
  EXPECT_EQ(probe_binary(as_bytes(says({.op = 0, .value = "v", .extras = std::string(4, '\0')})), {}),
            Verdict::server);
  EXPECT_EQ(probe_binary(as_bytes(asks({.op = 0, .key = "k", .extras = "abc"})), {}), Verdict::no);
  EXPECT_EQ(probe_binary(as_bytes(asks({.op = 0})), {}), Verdict::no);
  EXPECT_EQ(probe_binary(as_bytes(says({.op = 0, .status = 999})), {}), Verdict::no);
}

// ---- lines --------------------------------------------------------------------------------------

TEST(Memcached, ACallIsPaired) {
  const Outcome o = one("set user:42 0 60 5\r\nhello\r\n", "STORED\r\n");
  ASSERT_EQ(o.calls.size(), 1u);
  const Call& c = o.calls[0];
  EXPECT_EQ(c.state, State::complete);
  EXPECT_EQ(c.summary, "set user:42 (5 bytes)");
  EXPECT_EQ(c.request_fields, "protocol=text|command=set|key=user:42|keys=user:42,|value_len=5|");
  EXPECT_EQ(c.response_fields, "status=STORED|");
  EXPECT_EQ(c.request_body, "hello");
}

TEST(Memcached, Answers) {
  struct Case {
    std::string asked, answered, fields, body, error;
  };
  const Case cases[] = {
      {"get a b c\r\n", "VALUE a 0 1\r\nx\r\nVALUE c 0 2\r\nyz\r\nEND\r\n",
       "status=VALUE|keys=a,c,|value_lens=1,2,|", "xyz", ""},
      {"get a\r\n", "END\r\n", "status=END|", "", ""},
      {"incr n 1\r\n", "42\r\n", "status=42|", "", ""},
      {"incr n 1\r\n", "CLIENT_ERROR cannot increment\r\n", "status=CLIENT_ERROR|message=cannot increment|",
       "", "CLIENT_ERROR cannot increment"},
      {"nonsense\r\n", "ERROR\r\n", "status=ERROR|", "", "ERROR"},
      {"stats\r\n", "STAT pid 1\r\nSTAT time 2\r\nEND\r\n", "status=STAT|count=2|", "", ""},
      {"lru_crawler metadump all\r\n", "key=a exp=-1 la=1 size=63\nkey=b%20 exp=-1 la=1 size=63\nEND\r\n",
       "status=key|keys=a,b%20,|count=2|", "", ""},
      {"lru_crawler mgdump all\r\n", "mg a\r\nmg b\r\nEN\r\n", "status=mg|keys=a,b,|count=2|", "", ""},
      {"lru_crawler mgdump all\r\n", "EN\r\n", "status=EN|", "", ""},
      {"version\r\n", "VERSION 1.6.18\r\n", "status=VERSION|message=1.6.18|", "", ""},
      {"mg k v t\r\n", "VA 2 t60\r\nhi\r\n", "status=VA|message=2 t60|", "hi", ""},
      {"mg k v\r\n", "EN\r\n", "status=EN|", "", ""},
      {"delete k\r\n", "NOT_FOUND\r\n", "status=NOT_FOUND|", "", ""},
  };
  for (const Case& c : cases) {
    const Outcome o = one(c.asked, c.answered);
    ASSERT_EQ(o.calls.size(), 1u) << c.asked;
    EXPECT_EQ(o.calls[0].state, State::complete) << c.asked;
    EXPECT_EQ(o.calls[0].response_fields, c.fields) << c.asked;
    EXPECT_EQ(o.calls[0].response_body, c.body) << c.asked;
    EXPECT_EQ(o.calls[0].error, c.error) << c.asked;
  }
}

Conversation session() {
  return {{kClient, "set k 0 0 5\r\nhello\r\n"},
          {kServer, "STORED\r\n"},
          {kClient, "get k none\r\n"},
          {kServer, "VALUE k 0 5\r\nhello\r\nEND\r\n"},
          {kClient, "set a 0 0 1 noreply\r\n1\r\nincr a 1\r\nget a\r\n"},
          {kServer, "2\r\nVALUE a 0 1\r\n2\r\nEND\r\n"},
          {kClient, "mg k v k q O1\r\nmg none v k q O2\r\nmn\r\n"},
          {kServer, "VA 5 kk O1\r\nhello\r\nMN\r\n"},
          {kClient, "set big 0 0 9000\r\n" + std::string(9'000, 'x') + "\r\n"},
          {kServer, "SERVER_ERROR out of memory storing object\r\n"},
          {kClient, "get k\r\n"},
          {kServer, "END\r\n"},
          {kClient, "quit\r\n"}};
}

TEST(Memcached, ASession) {
  const Outcome o = play(kDescriptor, session());
  std::string seen;
  for (const Call& c : o.calls) seen += c.summary + (c.state == State::complete ? "=" : "~") + "; ";
  EXPECT_EQ(seen,
            "set k (5 bytes)=; get k none=; set a (1 bytes)~; incr a=; get a=; mg k=; mg none~; mn=; set big "
            "(9000 bytes)=; "
            "get k=; quit~; ");
  EXPECT_TRUE(o.calls[8].is_error);
}

TEST(Memcached, CutsPrefixesAndHoles) {
  EXPECT_EQ(testing::check_splits(kDescriptor, session()), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, session()), "");
  Conversation small = session();
  small.resize(8);
  EXPECT_EQ(testing::check_prefixes(kDescriptor, small), "");
  EXPECT_GT(play(kDescriptor, session()).parked, 0u);
}

TEST(Memcached, ListsOfKeysAreOneAnswer) {
  const Conversation c = {
      {kClient, "set a 0 0 1\r\nx\r\n"},
      {kServer, "STORED\r\n"},
      {kClient, "lru_crawler metadump all\r\nget a\r\n"},
      {kServer, "key=a exp=-1 la=1 size=63\nkey=b exp=-1 la=1 size=63\nEND\r\nVALUE a 0 1\r\nx\r\nEND\r\n"},
      {kClient, "lru_crawler mgdump all\r\n"},
      {kServer, "mg a\r\nmg b\r\nEN\r\n"}};
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 4u) << o.text();
  for (const Call& call : o.calls) EXPECT_EQ(call.state, State::complete) << o.text();
  EXPECT_EQ(o.counters.malformed, 0u);
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
  EXPECT_EQ(testing::check_prefixes(kDescriptor, c), "");
  EXPECT_EQ(testing::check_gaps(kDescriptor, c), "");
}

// What a quiet command has no answer to cannot be told where it does not say whose an answer is.
TEST(Memcached, QuietWithoutANameIsNotGuessed) {
  const Outcome o =
      play(kDescriptor, {{kClient, "mg a v q\r\nmg b v q\r\nmn\r\n"}, {kServer, "VA 1\r\nx\r\nMN\r\n"}});
  std::string seen;
  for (const Call& c : o.calls) seen += c.summary + (c.state == State::complete ? "=" : "~") + "; ";
  EXPECT_EQ(seen, "~; mg a~; mg b~; mn=; ");
  EXPECT_NE(o.calls[0].flags & kFlagUncertain, 0u);
}

TEST(Memcached, Unanswered) {
  const Outcome o = play(kDescriptor, {{kClient, "get k\r\n"}}, {.close = End::reset});
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].error, "no response: connection reset");
}

// ---- binary -------------------------------------------------------------------------------------

Conversation binary_session() {
  const std::string extras(8, '\0'), flags(4, '\0');
  return {
      {kClient, asks({.op = 0x21, .key = "PLAIN", .value = std::string("\0user\0s3cret", 12), .opaque = 1})},
      {kServer, says({.op = 0x21, .value = "Authenticated", .opaque = 1})},
      {kClient, asks({.op = 1, .key = "k", .value = "hello", .extras = extras, .opaque = 2})},
      {kServer, says({.op = 1, .opaque = 2})},
      {kClient, asks({.op = 0x0d, .key = "none", .opaque = 3}) + asks({.op = 0x0d, .key = "k", .opaque = 4}) +
                    asks({.op = 0x0a, .opaque = 5})},
      {kServer, says({.op = 0x0d, .key = "k", .value = "hello", .extras = flags, .opaque = 4}) +
                    says({.op = 0x0a, .opaque = 5})},
      {kClient, asks({.op = 0, .key = "none", .opaque = 6})},
      {kServer, says({.op = 0, .value = "Not found", .opaque = 6, .status = 1})},
      {kClient, asks({.op = 0x10, .opaque = 7})},
      {kServer,
       says({.op = 0x10, .key = "pid", .value = "1", .opaque = 7}) + says({.op = 0x10, .opaque = 7})},
      {kClient, asks({.op = 0x05, .key = "k", .extras = std::string(20, '\0'), .opaque = 8})},
      {kServer, says({.op = 0x05, .value = "Non-numeric", .opaque = 8, .status = 6})}};
}

TEST(MemcachedBinary, ASession) {
  const Outcome o = play(kBinary, binary_session());
  std::string seen;
  for (const Call& c : o.calls)
    seen += c.summary + (c.state == State::complete ? "=" : "~") + std::to_string(c.status) + "; ";
  EXPECT_EQ(seen,
            "sasl_auth PLAIN=0; set k (5 bytes)=0; getkq none~-1; getkq k=0; noop=0; get none=1; stat=0; "
            "increment k=6; ");
  EXPECT_EQ(o.text().find("s3cret"), std::string::npos);
  EXPECT_NE(o.calls[0].flags & kFlagRedacted, 0u);
  EXPECT_FALSE(o.calls[5].is_error);
  EXPECT_EQ(o.calls[7].error, "Incr/Decr on non-numeric value");
}

TEST(MemcachedBinary, CutsPrefixesAndHoles) {
  EXPECT_EQ(testing::check_splits(kBinary, binary_session()), "");
  EXPECT_EQ(testing::check_gaps(kBinary, binary_session()), "");
  EXPECT_EQ(testing::check_prefixes(kBinary, binary_session()), "");
}

// ---- datagrams ----------------------------------------------------------------------------------

TEST(MemcachedDatagrams, ArePairedByRequestId) {
  const std::string first = be(7, 2) + be(0, 2) + be(1, 2) + be(0, 2), second = be(8, 2) + first.substr(2);
  const Conversation c = {{kClient, first + "set k 0 0 1\r\n1\r\n"},
                          {kClient, second + "get k\r\n"},
                          {kServer, second + "VALUE k 0 1\r\n1\r\nEND\r\n"},
                          {kServer, first + "STORED\r\n"}};
  EXPECT_EQ(probe_datagram(as_bytes(c[0].bytes), {}), Verdict::client);
  EXPECT_EQ(probe_datagram(as_bytes(c[2].bytes), {}), Verdict::server);
  EXPECT_EQ(probe_datagram(as_bytes(first + "hello\r\n"), {}), Verdict::no);
  const Outcome o = play(kDescriptor, c, {.datagrams = true});
  ASSERT_EQ(o.calls.size(), 2u) << o.text();
  EXPECT_EQ(o.calls[0].summary, "get k");
  EXPECT_EQ(o.calls[0].response_body, "1");
  EXPECT_EQ(o.calls[1].response_fields, "status=STORED|");
}

}  // namespace
}  // namespace spanlight::memcached
