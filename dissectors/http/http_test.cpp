#include "http/http.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "core/testing/harness.h"
#include "core/ws/terms.h"

namespace spanlight::http {
namespace {

using testing::Call;
using testing::check_gaps;
using testing::check_prefixes;
using testing::check_splits;
using testing::Conversation;
using testing::Outcome;
using testing::Play;
using testing::play;

constexpr Direction kC = Direction::c2s;
constexpr Direction kS = Direction::s2c;

std::string x(std::size_t n, char c = 'x') {
  return std::string(n, c);
}

// One line a call: state, status, summary, body sizes, flags.
std::string brief(const Outcome& o) {
  constexpr const char* kStates[] = {"complete", "no_response", "no_request", "one_way"};
  std::string out;
  for (const Call& c : o.calls) {
    out += std::string(kStates[static_cast<int>(c.state)]) + " " + std::to_string(c.status) + " " +
           c.summary + " " + std::to_string(c.request_body_size) + "/" + std::to_string(c.response_body_size);
    if (c.flags != 0) out += " flags=" + std::to_string(c.flags);
    if (c.reason != Reason::none) out += " reason=" + std::to_string(static_cast<int>(c.reason));
    out += "\n";
  }
  return out;
}

struct Case {
  const char* name;
  Conversation conversation;
  std::string calls;
  bool fin = false;
  std::uint64_t malformed = 0;
};

const std::string kGet = "GET /a?b=1 HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

std::vector<Case> cases() {
  return {
      {"plain", {{kC, kGet}, {kS, kOk}}, "complete 200 GET /a 0/2\n"},
      {"keep_alive",
       {{kC, kGet},
        {kS, kOk},
        {kC, "POST /p HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"},
        {kS, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"}},
       "complete 200 GET /a 0/2\ncomplete 404 POST /p 3/0\n"},
      {"connection_close_then_more",
       {{kC, "GET /1 HTTP/1.0\r\n\r\n"}, {kS, kOk}, {kC, "GET /2 HTTP/1.0\r\n\r\n"}, {kS, kOk}},
       "complete 200 GET /1 0/2\ncomplete 200 GET /2 0/2\n"},
      {"pipelined",
       {{kC, "GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n"},
        {kS, kOk + "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + kOk}},
       "complete 200 GET /1 0/2\ncomplete 200 HEAD /2 0/0\ncomplete 200 GET /3 0/2\n"},
      {"chunked",
       {{kC, "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
        {kS,
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, "
         "chunked\r\n\r\n5;ext=\"v\"\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: t\r\n\r\n"}},
       "complete 200 POST /c 3/6\n"},
      {"until_close",
       {{kC, kGet}, {kS, "HTTP/1.1 200 OK\r\n\r\nall of it"}},
       "complete 200 GET /a 0/9\n",
       true},
      {"no_bodies",
       {{kC, kGet},
        {kS, "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"},
        {kC, kGet},
        {kS, "HTTP/1.1 204 No Content\r\n\r\n"}},
       "complete 304 GET /a 0/0\ncomplete 204 GET /a 0/0\n"},
      {"interim",
       {{kC, "PUT /i HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"},
        {kS, "HTTP/1.1 100 Continue\r\n\r\n"},
        {kC, "ab"},
        {kS, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kOk}},
       "complete 200 PUT /i 2/2\n"},
      {"early_answer",
       {{kC, "POST /e HTTP/1.1\r\nContent-Length: 4\r\n\r\nab"},
        {kS, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"},
        {kC, "cd"},
        {kC, kGet},
        {kS, kOk}},
       "complete 413 POST /e 4/0\ncomplete 200 GET /a 0/2\n"},
      {"declined_upgrade",
       {{kC, "GET /u HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"},
        {kC, kGet},
        {kS, kOk},
        {kS, kOk}},
       "complete 200 GET /u 0/2\ncomplete 200 GET /a 0/2\n"},
      {"declined_upgrade_both_answers_at_once",
       {{kC, "GET /u HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"}, {kC, kGet}, {kS, kOk + kOk}},
       "complete 200 GET /u 0/2\ncomplete 200 GET /a 0/2\n"},
      {"declined_connect",
       {{kC, "CONNECT h:1 HTTP/1.1\r\n\r\n"},
        {kS, "HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n"},
        {kC, kGet},
        {kS, kOk}},
       "complete 407 CONNECT h:1 0/0\ncomplete 200 GET /a 0/2\n"},
      {"bare_lf",
       {{kC, "GET /lf HTTP/1.1\nHost: h\n\n"}, {kS, "HTTP/1.1 200 OK\nContent-Length: 1\n\nx"}},
       "complete 200 GET /lf 0/1\n"},
      {"garbage_lines_between",
       {{kC, "\r\n" + kGet + "\r\n\r\n"}, {kS, kOk + "\r\n"}, {kC, kGet}, {kS, kOk}},
       "complete 200 GET /a 0/2\ncomplete 200 GET /a 0/2\n"},
      {"unknown_method",
       {{kC, "FOO /x HTTP/1.1\r\nContent-Length: 1\r\n\r\nz"}, {kS, kOk}},
       "complete 200 FOO /x 1/2\n"},
      {"strange_target",
       {{kC, "GET /{x}|\"^\xff HTTP/1.1\r\n\r\n"}, {kS, kOk}},
       "complete 200 GET /{x}|\"^\xff 0/2\n"},
      {"no_reason_phrase",
       {{kC, kGet}, {kS, "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"}},
       "complete 200 GET /a 0/0\n"},
      {"spaces_in_header_name",
       {{kC, "GET / HTTP/1.1\r\nMy Name: v\r\nHost : h\r\n\r\n"}, {kS, kOk}},
       "complete 200 GET / 0/2\n"},
      {"length_and_chunked",
       {{kC, kGet},
        {kS,
         "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"}},
       "complete 200 GET /a 0/1 flags=32\n"},
      {"chunked_and_length",
       {{kC,
         "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n1\r\nx\r\n0\r\n\r\n"},
        {kS, kOk}},
       "complete 200 POST /a 1/2 flags=32\n"},
      {"no_request", {{kS, kOk}}, "no_request 200 200 OK 0/2 reason=9\n"},
      {"no_answer", {{kC, kGet}}, "no_response -1 GET /a 0/0 reason=6\n"},
      {"no_answer_closed", {{kC, kGet}}, "no_response -1 GET /a 0/0 reason=3\n", true},
      {"cut_body",
       {{kC, kGet}, {kS, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}},
       "complete 200 GET /a 0/3 flags=32\n",
       true},
      {"capture_ends_in_request",
       {{kC, "POST /p HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"}},
       "no_response -1 POST /p 3/0 flags=4 reason=6\n"},
      {"bad_header_in_request",
       {{kC, "GET /m HTTP/1.1\r\nA: b\r\nb@d\x01 x: y\r\n\r\n"},
        {kS, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"}},
       "complete 400 GET /m 0/0 flags=32\n",
       false,
       1},
      {"chunk_sizes_with_blanks",
       {{kC, kGet},
        {kS,
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5  \r\nhello\r\n1 \t;x=y\r\n!\r\n0   "
         "\r\n\r\n"}},
       "complete 200 GET /a 0/6 flags=32\n"},
      {"chunk_lines_that_end_in_lf",
       {{kC, kGet},
        {kS, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\n1;x\n!\n0\n\r\n"},
        {kC, kGet},
        {kS, kOk}},
       "complete 200 GET /a 0/6 flags=32\ncomplete 200 GET /a 0/2\n"},
      {"length_said_twice",
       {{kC, kGet},
        {kS, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\ncontent-length: 2\r\n\r\nhi"},
        {kC, kGet},
        {kS, kOk}},
       "complete 200 GET /a 0/2 flags=32\ncomplete 200 GET /a 0/2\n"},
      {"lengths_that_differ",
       {{kC, kGet}, {kS, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi"}},
       "complete 200 GET /a 0/0 flags=32\n",
       false,
       1},
      {"bad_chunk",
       {{kC, kGet},
        {kS, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
        {kC, kGet},
        {kS, kOk}},
       "complete 200 GET /a 0/0 flags=32\ncomplete 200 GET /a 0/2\n",
       false,
       1},
      {"bad_request_encoding",
       {{kC, "POST /t HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nzz"}},
       "no_response -1 POST /t 0/0 flags=32 reason=6\n",
       false,
       1},
      {"garbage", {{kC, "nonsense\r\n"}, {kS, "more nonsense\r\n"}}, "", false, 2},
  };
}

TEST(Http, Cases) {
  for (const Case& c : cases()) {
    Play how;
    how.fin = c.fin;
    const Outcome o = play(kDescriptor, c.conversation, how);
    EXPECT_EQ(brief(o), c.calls) << c.name;
    EXPECT_EQ(o.counters.malformed, c.malformed) << c.name;
    EXPECT_EQ(o.used_bytes, 0u) << c.name;
    EXPECT_TRUE(o.violations.empty()) << c.name;
  }
}

TEST(Http, EveryCutGivesTheSame) {
  for (const Case& c : cases())
    for (const std::uint32_t preview : {0u, 1u, 16'384u}) {
      Play how;
      how.fin = c.fin;
      how.limits.body_preview_bytes = preview;
      EXPECT_EQ(check_splits(kDescriptor, c.conversation, how), "") << c.name << " preview " << preview;
    }
}

TEST(Http, PrefixesAndGaps) {
  for (const Case& c : cases()) {
    Play how;
    how.fin = c.fin;
    if (c.malformed == 0) {
      EXPECT_EQ(check_prefixes(kDescriptor, c.conversation), "") << c.name;
    }
    EXPECT_EQ(check_gaps(kDescriptor, c.conversation, how), "") << c.name;
  }
}

TEST(Http, TheRecord) {
  const Outcome o =
      play(kDescriptor,
           {{kC,
             "GET http://h.example/p/q?a=b HTTP/1.1\r\nHost: h.example\r\nuser-agent: curl\r\nX-Fold: "
             "one\r\n two\r\n"
             "X-Empty:\r\nTRACEPARENT: "
             "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01\r\nX-Request-ID: r7  \r\n\r\n"},
            {kS, "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nno!"}});
  ASSERT_EQ(o.calls.size(), 1u);
  const Call& c = o.calls[0];
  EXPECT_EQ(c.version, "1.1");
  EXPECT_EQ(c.method, "GET");
  EXPECT_EQ(c.url, "http://h.example/p/q?a=b");
  EXPECT_EQ(c.path, "/p/q");
  EXPECT_EQ(c.query, "a=b");
  EXPECT_EQ(c.trace_id, "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(c.request_id, "r7");
  EXPECT_EQ(c.error, "404 Not Found");
  EXPECT_TRUE(c.is_error);
  EXPECT_EQ(c.response_body, "no!");
  EXPECT_EQ(c.request_headers,
            "Host: h.example|user-agent: curl|X-Fold: one two|X-Empty: |"
            "TRACEPARENT: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01|X-Request-ID: r7|");
  EXPECT_EQ(c.request_fields, "http_version=1.1|host=h.example|user_agent=curl|");
  EXPECT_EQ(c.response_fields, "reason=Not Found|");
}

TEST(Http, InterimAnswersAreListed) {
  const Outcome o = play(
      kDescriptor,
      {{kC, kGet}, {kS, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kOk}});
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].response_fields, "reason=OK|interim=100,103,|");
  EXPECT_EQ(o.calls[0].response_headers, "Content-Length: 2|");
}

TEST(Http, SwitchingHandsBothDirectionsOver) {
  struct Switch {
    const char* name;
    std::string request, response;
  };
  for (const Switch& s :
       {Switch{"connect", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n",
               "HTTP/1.1 200 Established\r\nContent-Length: 5\r\n\r\n"},
        Switch{"websocket",
               "GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
               "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
        Switch{"h2c", "POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nz",
               "HTTP/1.1 101 Switching Protocols\r\n\r\n"}}) {
    const Conversation c = {
        {kC, s.request + "client"}, {kC, "more"}, {kS, s.response + "server"}, {kC, "!"}, {kS, "?"}};
    const Outcome o = play(kDescriptor, c);
    EXPECT_TRUE(o.identified) << s.name;
    EXPECT_EQ(o.handed_over[0], "clientmore!") << s.name;
    EXPECT_EQ(o.handed_over[1], "server?") << s.name;
    ASSERT_EQ(o.calls.size(), 1u) << s.name;
    EXPECT_EQ(o.calls[0].state, State::complete) << s.name;
    EXPECT_EQ(o.used_bytes, 0u) << s.name;
    EXPECT_EQ(check_splits(kDescriptor, c), "") << s.name;
  }
}

// What the answer agrees on reaches whoever reads WebSocket.
TEST(Http, AnUpgradeNamesItsSuccessorAndTheTerms) {
  const std::string ask = "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  const std::string agree =
      "HTTP/1.1 101 Switching Protocols\r\nUPGRADE: WebSocket\r\nSec-WebSocket-Protocol: chat\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n";
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}}) {
    const Outcome o = play(kDescriptor, {{kC, ask}, {kS, agree}}, {.cut_bytes = cut});
    EXPECT_EQ(o.handover.protocol, "ws");
    const auto terms = o.handover.get<ws::Terms>();
    EXPECT_TRUE(terms.known && terms.deflates);
    EXPECT_EQ(terms.subprotocol(), "chat");
    EXPECT_TRUE(terms.deflate[0].takes_over);
    EXPECT_FALSE(terms.deflate[1].takes_over);
  }
  EXPECT_EQ(play(kDescriptor, {{kC, ask}, {kS, "HTTP/1.1 101 S\r\nUpgrade: h2c\r\n\r\n"}}).handover.protocol,
            "");
}

TEST(Http, GrpcWebIsToldAsSuch) {
  const std::string asked("\0\0\0\0\3tea", 8);
  const std::string answered =
      std::string("\0\0\0\0\4done", 9) + std::string("\x80\0\0\0\x10", 5) + "grpc-status: 13\n";
  const auto head = [](const std::string& first, std::size_t size) {
    return first + "\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: " + std::to_string(size) +
           "\r\n\r\n";
  };
  const Conversation talk = {{kC, head("POST /shop.Cart/Add HTTP/1.1\r\nHost: h", asked.size()) + asked},
                             {kS, head("HTTP/1.1 200 OK", answered.size()) + answered}};
  const Outcome o = play(kDescriptor, talk);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].summary, "shop.Cart/Add");
  EXPECT_EQ(o.calls[0].error, "INTERNAL");
  EXPECT_NE(o.calls[0].response_fields.find("grpc_messages=1|grpc_message_bytes=4|grpc_status=13"),
            std::string::npos)
      << o.calls[0].response_fields;
  EXPECT_EQ(check_splits(kDescriptor, talk, {}), "");
  EXPECT_EQ(check_prefixes(kDescriptor, talk, {}), "");
  EXPECT_EQ(check_gaps(kDescriptor, talk, {}), "");
}

TEST(Http, GraphqlIsToldAsSuch) {
  const auto post = [](const std::string& type, const std::string& body) {
    return "POST /any HTTP/1.1\r\nHost: h\r\nContent-Type: " + type +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  const auto answer = [](const std::string& type, const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  };
  const std::string fine = answer("application/json", "{\"data\":{}}");
  const Conversation c = {
      {kC, post("application/json", R"({"query":"query Me { me }"})")},
      {kS, fine},
      {kC, post("application/graphql", "mutation Do { do }")},
      {kS, answer("application/graphql-response+json", R"({"errors":[{"message":"no \"way\""}]})")},
      {kC, "GET /x?query=%7Bme%7D HTTP/1.1\r\n\r\n"},
      {kS, fine},
      {kC, post("application/json", R"({"query":"select 1"})")},
      {kS, fine},
      {kC, post("text/plain", R"({"query":"{ me }"})")},
      {kS, fine},
      {kC, post("application/octet-stream", "zipped")},
      {kS, answer("application/graphql-response+json", "{\"data\":1}")},
      {kC, "GET /graphql HTTP/1.1\r\n\r\n"},
      {kS, fine}};
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 7u);
  const char* const summaries[] = {"query Me",  "mutation Do", "query",       "POST /any",
                                   "POST /any", "GraphQL",     "GET /graphql"};
  for (std::size_t i = 0; i < o.calls.size(); ++i) EXPECT_EQ(o.calls[i].summary, summaries[i]) << i;
  EXPECT_TRUE(o.calls[1].is_error);
  EXPECT_EQ(o.calls[1].error, "no \"way\"");
  EXPECT_EQ(o.calls[1].response_fields, "errors=1|reason=OK|");
  EXPECT_EQ(o.calls[0].request_fields, "operation=query|operation_name=Me|http_version=1.1|host=h|");
  EXPECT_EQ(check_splits(kDescriptor, c), "");
  EXPECT_EQ(check_gaps(kDescriptor, c), "");
}

// What uploads files, and what is answered piece by piece.
TEST(Http, GraphqlInSeveralParts) {
  const std::string operations = "--b\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n";
  const std::string form = operations + R"({"query":"mutation Up($f:File!){up(f:$f)}"})" + "\r\n--b--\r\n";
  const std::string other = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n";
  const auto post = [](const std::string& type, const std::string& body) {
    return "POST /any HTTP/1.1\r\nHost: h\r\nContent-Type: " + type +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  const auto answer = [](const std::string& headers, const std::string& body) {
    return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
  };
  const std::string error = R"({"errors":[{"message":"no"}]})";
  const Conversation c = {
      {kC, post("multipart/form-data; boundary=b", form)},
      {kS, answer("Content-Type: application/json\r\n", error)},
      {kC, post("multipart/form-data; boundary=b", other)},
      {kS, answer("", "hi")},
      {kC, post("application/json", R"({"query":"query D { a ... @defer { b } }"})")},
      {kS, answer("Content-Type: multipart/mixed; boundary=\"-\"\r\n",
                  "\r\n---\r\nContent-Type: application/json\r\n\r\n{\"data\":{},\"hasNext\":true}\r\n---\r\n"
                  "Content-Type: application/json\r\n\r\n{\"incremental\":[" +
                      error + "]}\r\n-----\r\n")},
      {kC, post("application/json", R"({"query":"subscription S { s }"})")},
      {kS, answer("Content-Type: text/event-stream\r\nContent-Encoding: none\r\n",
                  "event: next\ndata: {\"data\":{}}\n\nevent: next\ndata: " + error +
                      "\n\nevent: complete\n\n")}};
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 4u);
  const char* const summaries[] = {"mutation Up", "POST /any", "query D", "subscription S"};
  for (std::size_t i = 0; i < o.calls.size(); ++i) {
    EXPECT_EQ(o.calls[i].summary, summaries[i]) << i;
    EXPECT_EQ(o.calls[i].error, i == 1 ? "" : "no") << i;
  }
  EXPECT_EQ(check_splits(kDescriptor, c), "");
  EXPECT_EQ(check_gaps(kDescriptor, c), "");
}

// `window_bits`: deflateInit2()'s, 16 more for gzip.
std::string deflated(const std::string& text, int window_bits) {
  z_stream zlib{};
  deflateInit2(&zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&zlib, text.size()), '\0');
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  zlib.avail_in = static_cast<uInt>(text.size());
  zlib.next_out = reinterpret_cast<Bytef*>(out.data());
  zlib.avail_out = static_cast<uInt>(out.size());
  deflate(&zlib, Z_FINISH);
  out.resize(zlib.total_out);
  deflateEnd(&zlib);
  return out;
}

TEST(Http, GraphqlErrorsInCompressedAnswers) {
  const std::string error = R"({"errors":[{"message":"no","extensions":{"code":"C"}}],"data":null})";
  const std::string fine = R"({"data":{}})", late = "{\"data\":\"" + x(20'000) + "\"," + error.substr(1);
  const std::string told = "errors=1|error_code=C|reason=OK|";
  struct Packed {
    std::string encoding, body, fields;
  };
  for (const Packed& c :
       {Packed{"gzip", deflated(error, 31), told}, Packed{"x-gzip", deflated(error, 31), told},
        Packed{"deflate", deflated(error, 15), told}, Packed{"gzip", deflated(fine, 31), "reason=OK|"},
        Packed{"gzip", deflated(late, 31), "truncated=1|reason=OK|"},
        Packed{"gzip", deflated(error, 31).substr(0, 12), "truncated=1|reason=OK|"},
        Packed{"gzip", error, "truncated=1|reason=OK|"}, Packed{"br", error, "truncated=1|reason=OK|"}}) {
    const Conversation conversation = {
        {kC,
         "POST /any HTTP/1.1\r\nContent-Type: application/json\r\n"
         "Content-Length: 14\r\n\r\n{\"query\":\"{a}\"}"},
        {kS, "HTTP/1.1 200 OK\r\nContent-Encoding: " + c.encoding +
                 "\r\nContent-Length: " + std::to_string(c.body.size()) + "\r\n\r\n" + c.body}};
    const Outcome o = play(kDescriptor, conversation);
    ASSERT_EQ(o.calls.size(), 1u);
    EXPECT_EQ(o.calls[0].response_fields, c.fields) << c.encoding << c.body.size();
    EXPECT_EQ(o.calls[0].error, c.fields == told ? "no" : "");
    EXPECT_EQ(o.used_bytes, 0u);
    EXPECT_EQ(check_splits(kDescriptor, conversation), "");
  }
}

// Overload leaves previews out for a while: bodies are counted all the same, and what is missing is flagged.
TEST(Http, PreviewsLeftOutUnderOverload) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n";
  const Conversation c = {{kC, kGet},  {kS, head}, {kS, x(10)}, {kS, x(10)},
                          {kS, x(10)}, {kC, kGet}, {kS, kOk}};
  struct Shed {
    std::uint32_t shed;
    std::size_t kept;
    bool flagged;
  };
  for (const Shed& s : {Shed{0, 30, false}, Shed{0b00010, 0, true}, Shed{0b00100, 0, true},
                        Shed{0b01000, 10, true}, Shed{0b10000, 20, true}, Shed{0b00001, 30, false}}) {
    Play how;
    how.shed_segments = s.shed;
    const Outcome o = play(kDescriptor, c, how);
    ASSERT_EQ(o.calls.size(), 2u) << brief(o);
    EXPECT_EQ(o.calls[0].response_body_size, 30u) << s.shed;
    EXPECT_EQ(o.calls[0].response_body.size(), s.kept) << s.shed;
    EXPECT_EQ((o.calls[0].flags & kFlagShedBody) != 0, s.flagged) << s.shed;
    EXPECT_EQ((o.calls[0].flags & kFlagTruncatedBody) != 0, s.flagged) << s.shed;
    EXPECT_EQ(o.calls[1].response_body, "hi");
    EXPECT_EQ(o.calls[1].flags & (kFlagShedBody | kFlagTruncatedBody), 0u);
    EXPECT_EQ(check_splits(kDescriptor, c, how), "") << s.shed;
  }
}

// A flow that the sensor leaves out: its calls say so, whatever else had happened to them.
TEST(Http, AFlowThatIsLeftOutSaysSo) {
  const std::string part = "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n" + x(10);
  Play how;
  how.close = End::shed;
  for (const bool hole : {false, true}) {
    const Conversation c = {{kC, kGet}, {kC, kGet}};
    const Conversation behind_hole = {{kC, kGet}, {kS, x(5), true}};
    const Outcome o = play(kDescriptor, hole ? behind_hole : c, how);
    EXPECT_EQ(o.calls.size(), hole ? 1u : 2u) << brief(o);
    for (const Call& call : o.calls) {
      EXPECT_EQ(call.reason, Reason::lost_in_sensor) << brief(o);
      EXPECT_NE(call.flags & kFlagGap, 0u) << brief(o);
    }
    EXPECT_EQ(o.used_bytes, 0u);
  }
  Outcome o = play(kDescriptor, {{kC, kGet}, {kS, part}}, how);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].state, State::complete);
  EXPECT_EQ(o.calls[0].response_body_size, 10u);
  EXPECT_EQ(o.calls[0].flags & (kFlagGap | kFlagTruncatedBody), kFlagGap | kFlagTruncatedBody);
  o = play(kDescriptor, {{kC, kGet}, {kS, "HTTP/1.1 2"}}, how);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].reason, Reason::lost_in_sensor);
}

TEST(Http, HeldBytesAreBounded) {
  const Outcome o = play(kDescriptor, {{kC, "GET /u HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"},
                                       {kC, x(70'000)},
                                       {kC, x(70'000)},
                                       {kS, kOk},
                                       {kC, kGet},
                                       {kS, kOk}});
  ASSERT_EQ(o.calls.size(), 2u) << brief(o);
  EXPECT_EQ(o.calls[0].url, "/u");
  EXPECT_GE(o.counters.resyncs, 1u);
}

// Its body has not ended, and nobody looks at it: it is counted all the same.
TEST(Http, SwitchedBeforeTheRequestEnds) {
  Play how;
  how.limits.body_preview_bytes = 0;
  const Conversation c = {
      {kC, "POST /u HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 9\r\n\r\n"},
      {kC, "ab"},
      {kS, "HTTP/1.1 101 Switching Protocols\r\n\r\n"}};
  const Outcome o = play(kDescriptor, c, how);
  ASSERT_EQ(o.calls.size(), 1u) << brief(o);
  EXPECT_EQ(o.calls[0].request_body_size, 2u);
  EXPECT_EQ(check_splits(kDescriptor, c, how), "");
}

// The message found behind the second hole is read at once, and not looked for once more.
TEST(Http, AHoleBehindAHoleInWhatWasHeld) {
  const Conversation c = {{kC, "GET /u HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"},
                          {kC, "gone", true},
                          {kS, "no status line\r\n"},
                          {kC, "gone", true},
                          {kC, kGet},
                          {kS, kOk}};
  const Outcome o = play(kDescriptor, c);
  EXPECT_TRUE(o.violations.empty()) << o.violations.front();
  ASSERT_EQ(o.calls.size(), 3u) << brief(o);  // what is flagged is not paired
  EXPECT_EQ(o.calls[1].path, "/a");
}

// Bodies pass by counter once the preview is full; a skip that ends at the body's end, at its last byte, and
// with the next message directly behind.
TEST(Http, BodiesAreSkipped) {
  for (const std::size_t body : {1u, 2u, 3u, 99u, 100u, 101u, 102u, 5'000u}) {
    for (const bool chunked : {false, true}) {
      const std::string head =
          chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  : "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body) + "\r\n\r\n";
      char size[20];
      snprintf(size, sizeof(size), "%zx\r\n", body);
      const std::string content =
          chunked ? size + x(body) + "\r\n" + size + x(body, 'y') + "\r\n0\r\n\r\n" : x(body);
      const std::size_t total = chunked ? 2 * body : body;
      const Conversation c = {{kC, kGet + kGet}, {kS, head}, {kS, content + kOk}};
      for (const std::uint32_t preview : {0u, 1u, 100u}) {
        Play how;
        how.limits.body_preview_bytes = preview;
        const Outcome o = play(kDescriptor, c, how);
        ASSERT_EQ(o.calls.size(), 2u) << body;
        EXPECT_EQ(o.calls[0].response_body_size, total);
        EXPECT_EQ(o.calls[0].response_size, head.size() + content.size());
        EXPECT_EQ(o.calls[0].response_body.size(), std::min<std::size_t>(preview, total));
        EXPECT_EQ((o.calls[0].flags & kFlagTruncatedBody) != 0, total > preview);
        EXPECT_EQ(o.calls[1].response_body_size, 2u);
        how.cut_bytes = 1;
        const Outcome bytewise = play(kDescriptor, c, how);
        EXPECT_EQ(bytewise.text(), o.text());
        const std::size_t skipped = body > preview + 1 ? body - preview - 1 : 0;
        if (skipped > 0) {
          EXPECT_EQ(bytewise.skipped_bytes,
                    (chunked ? skipped + body - 1 : skipped) + (preview == 0 ? 1 : 0));
        }
      }
    }
  }
}

// A hole inside a body, skipped or not, at any place: nothing but the flag and the preview changes.
TEST(Http, HolesInKnownBodiesKeepOrder) {
  for (const bool chunked : {false, true}) {
    for (const std::uint32_t preview : {0u, 10u, 16'384u}) {
      const std::string head = chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12c\r\n"
                                       : "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n";
      const std::string tail = chunked ? "\r\n0\r\n\r\n" : "";
      for (const std::size_t at : {0u, 1u, 100u, 199u, 200u}) {
        const Conversation c = {{kC, kGet + kGet},
                                {kS, head + x(at)},
                                {.from = kS, .bytes = x(100), .lost = true},
                                {kS, x(200 - at) + tail + kOk}};
        Play how;
        how.limits.body_preview_bytes = preview;
        const Outcome o = play(kDescriptor, c, how);
        ASSERT_EQ(o.calls.size(), 2u) << brief(o);
        EXPECT_EQ(o.calls[0].state, State::complete);
        EXPECT_EQ(o.calls[0].response_body_size, 300u);
        EXPECT_NE(o.calls[0].flags & kFlagGap, 0u);
        EXPECT_EQ(o.calls[0].response_body, x(std::min<std::size_t>(at, preview)));
        EXPECT_EQ(o.calls[1].state, State::complete);
        EXPECT_EQ(o.calls[1].flags & kFlagGap, 0u);
        EXPECT_EQ(o.counters.resyncs, 0u);
      }
    }
  }
}

TEST(Http, AHoleBeyondTheBodyEndsItAndLooksForTheNext) {
  const Outcome o = play(kDescriptor, {{kC, kGet},
                                       {kS, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"},
                                       {.from = kS, .bytes = x(20), .lost = true},
                                       {kS, "rest"},
                                       {kC, kGet},
                                       {kS, kOk}});
  EXPECT_EQ(brief(o), "complete 200 GET /a 0/10 flags=5\ncomplete 200 GET /a 0/2\n");
  EXPECT_EQ(o.counters.resyncs, 1u);
}

// Its request lost, an answer to HEAD announces a body that does not come: the next request ends it.
TEST(Http, AnAnswerToALostHeadHasNoBody) {
  for (const std::uint32_t preview : {0u, 16'384u}) {
    Play how;
    how.limits.body_preview_bytes = preview;
    const Conversation c = {{.from = kC, .bytes = "HEAD /1 HTTP/1.1\r\n\r\n", .lost = true},
                            {kS, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"},
                            {kC, kGet},
                            {kS, kOk}};
    Outcome o = play(kDescriptor, c, how);
    ASSERT_EQ(o.calls.size(), 2u) << brief(o);
    EXPECT_EQ(o.calls[0].state, State::no_request);
    EXPECT_EQ(o.calls[1].state, State::complete);
    EXPECT_EQ(check_splits(kDescriptor, c, how), "");
  }
}

TEST(Http, HeldBytesThatBeginAMessageAfterTheEndAreGivenBack) {
  Play how;
  how.fin = true;
  const Outcome o =
      play(kDescriptor,
           {{kC, "GET /u HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"}, {kC, "GET /2"}}, how);
  EXPECT_EQ(o.used_bytes, 0u);
}

TEST(Http, LimitsOfTheHead) {
  std::string many = "GET /h HTTP/1.1\r\n";
  for (int i = 0; i < 300; ++i) many += "H" + std::to_string(i) + ": v\r\n";
  Play how;
  Outcome o = play(kDescriptor, {{kC, many + "\r\n"}, {kS, kOk}}, how);
  EXPECT_EQ(brief(o), "complete 200 GET /h 0/2 flags=2\n");
  EXPECT_EQ(o.counters.headers_truncated, 1u);
  EXPECT_TRUE(o.calls[0].request_headers.ends_with("H255: v|"));

  how.limits.head_bytes_max = 100;
  const Conversation big = {{kC, "GET /h HTTP/1.1\r\nA: b\r\nBig: " + x(200) + "\r\nC: d\r\n\r\n"},
                            {kS, kOk}};
  o = play(kDescriptor, big, how);
  EXPECT_EQ(brief(o), "complete 200 GET /h 0/2 flags=2\n");
  EXPECT_EQ(o.calls[0].request_headers, "A: b|");
  EXPECT_EQ(check_splits(kDescriptor, big, how), "");

  const Conversation line = {{kC, "GET /" + x(500) + " HTTP/1.1\r\n\r\n"}, {kC, kGet}, {kS, kOk}};
  o = play(kDescriptor, line, how);
  EXPECT_EQ(o.counters.malformed, 1u);
  EXPECT_EQ(check_splits(kDescriptor, line, how), "");
}

TEST(Http, TimeoutsLeaveATombstone) {
  Play how;
  how.time_step_ns = 61 * kSecondNs;
  const Outcome o = play(kDescriptor,
                         {{kC, "GET /slow HTTP/1.1\r\n\r\n"},
                          {kC, "GET /next HTTP/1.1\r\n\r\n"},
                          {kS, "HTTP/1.1 200 Late\r\nContent-Length: 0\r\n\r\n" + kOk}},
                         how);
  EXPECT_EQ(brief(o),
            "no_response -1 GET /slow 0/0 reason=1\nno_response -1 GET /next 0/0 reason=1\n"
            "no_request 200 200 Late 0/0 reason=7\nno_request 200 200 OK 0/2 reason=7\n");
  how.time_step_ns = 40 * kSecondNs;
  const Outcome p = play(kDescriptor,
                         {{kC, "GET /slow HTTP/1.1\r\n\r\n"},
                          {kC, "GET /next HTTP/1.1\r\n\r\n"},
                          {kS, "HTTP/1.1 200 Late\r\nContent-Length: 0\r\n\r\n" + kOk}},
                         how);
  EXPECT_EQ(brief(p),
            "no_response -1 GET /slow 0/0 reason=1\nno_request 200 200 Late 0/0 reason=7\ncomplete 200 GET "
            "/next 0/2\n");
}

TEST(Http, ARequestThatStillComesIsNotLate) {
  const Conversation slow = {{kC, "POST /up HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345"},
                             {.from = kC, .bytes = "67890", .pause = 70 * kSecondNs},
                             {.from = kS, .bytes = kOk, .pause = 59 * kSecondNs}};
  const Outcome o = play(kDescriptor, slow);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].state, State::complete);
  EXPECT_EQ(check_splits(kDescriptor, slow), "");
}

TEST(Http, OpenCallsAreBounded) {
  Play how;
  how.limits.open_calls_max = 3;
  std::string requests;
  for (int i = 0; i < 5; ++i) requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\n\r\n";
  const Outcome o = play(kDescriptor, {{kC, requests}, {kS, kOk + kOk + kOk + kOk + kOk}}, how);
  EXPECT_EQ(o.counters.open_calls_exceeded, 2u);
  ASSERT_EQ(o.calls.size(), 7u);
  for (int i = 4; i < 7; ++i)
    EXPECT_EQ(o.calls[static_cast<std::size_t>(i)].url, "/" + std::to_string(i - 2));
}

TEST(Http, FullSlabsAreSurvived) {
  std::string requests;
  for (int i = 0; i < 200; ++i)
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: " + x(300) + "\r\n\r\n";
  for (const std::size_t memory : {0u, 65'536u, 131'072u, 262'144u}) {
    Play how;
    how.state_bytes = memory;
    how.preview_bytes = 0;
    const Outcome o =
        play(kDescriptor, {{kC, requests}, {kS, kOk + kOk + kOk}, {kC, requests}, {kS, kOk}}, how);
    EXPECT_EQ(o.used_bytes, 0u) << memory;
    EXPECT_GT(o.counters.state_exhausted, 0u) << memory;
    EXPECT_TRUE(o.violations.empty()) << o.violations.front();
  }
}

TEST(Http, SlotIsSmall) {
  EXPECT_LE(kDescriptor.slot_bytes, 576u);
}

TEST(Http, AConnectionRestsWheneverNothingIsOpenAndForgetsNothing) {
  const Conversation calls = {{kC, kGet}, {kS, kOk}, {kC, kGet}, {kS, kOk}, {kC, kGet}};
  EXPECT_EQ(play(kDescriptor, calls).parked, 2u) << "not while a call is open";
  Play never;
  never.park = false;
  EXPECT_EQ(play(kDescriptor, calls, never).parked, 0u);
  EXPECT_EQ(play(kDescriptor, {{kC, kGet + kGet}, {kS, kOk}}).parked, 0u) << "one of two is answered";

  // A client that was once seen to pipeline is not believed to wait, hours later: behind a hole its calls are
  // not paired by turn.
  Conversation remembered = {{kC, kGet + kGet}, {kS, kOk + kOk}, {kC, kGet}, {kS, kOk},
                             {kC, kGet},        {kS, kOk},       {kC, kGet}, {kS, kOk}};
  remembered[4].lost = true;
  const Outcome parked = play(kDescriptor, remembered);
  EXPECT_GT(parked.parked, 0u);
  EXPECT_EQ(parked.text(), play(kDescriptor, remembered, never).text());
  EXPECT_NE(brief(parked).find("reason="), std::string::npos);

  // After a hole that order has survived it rests again.
  Conversation holed = calls;
  holed.pop_back();
  for (int i = 0; i < 4; ++i) holed.insert(holed.end(), {{kC, kGet}, {kS, kOk}});
  holed[1].lost = true;
  EXPECT_GE(play(kDescriptor, holed).parked, 4u);
  EXPECT_EQ(play(kDescriptor, holed).text(), play(kDescriptor, holed, never).text());
}

}  // namespace
}  // namespace spanlight::http
