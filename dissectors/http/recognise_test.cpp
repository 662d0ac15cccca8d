#include "http/recognise.h"

#include <gtest/gtest.h>

#include <string>

#include "http/start_line.h"

namespace spanlight::http {
namespace {

struct ProbeCase {
  const char* name;
  std::string head;
  Verdict verdict;
};

class Probe : public ::testing::TestWithParam<ProbeCase> {};

TEST_P(Probe, WholeAndEveryPrefix) {
  const ProbeCase& c = GetParam();
  EXPECT_EQ(probe(as_bytes(c.head), {}), c.verdict);
  // Once decided, a longer head decides the same.
  Verdict decided = Verdict::more;
  for (std::size_t n = 0; n <= c.head.size(); ++n) {
    const Verdict v = probe(as_bytes(std::string_view(c.head).substr(0, n)), {});
    if (decided != Verdict::more) {
      EXPECT_EQ(v, decided) << n;
    }
    decided = v;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Http, Probe,
    ::testing::Values(ProbeCase{"get", "GET /", Verdict::client},
                      ProbeCase{"get_short", "GET ", Verdict::more}, ProbeCase{"empty", "", Verdict::more},
                      ProbeCase{"crlf_first", "\r\n\r\nPOST /x", Verdict::client},
                      ProbeCase{"only_crlf", std::string(20, '\n'), Verdict::no},
                      ProbeCase{"status", "HTTP/1.", Verdict::server},
                      ProbeCase{"status_short", "HTTP/1", Verdict::more},
                      ProbeCase{"http2_status", "HTTP/2 200", Verdict::no},
                      ProbeCase{"absolute", "GET http://a/ HTTP/1.1\r\n", Verdict::client},
                      ProbeCase{"connect", "CONNECT a:443 HTTP/1.1\r\n", Verdict::client},
                      ProbeCase{"unknown", "FOO /x HTTP/1.1\r\n", Verdict::client},
                      ProbeCase{"unknown_undecided", "FOO /x HTTP/1.1", Verdict::more},
                      ProbeCase{"unknown_not_http", "FOO /x\r\n", Verdict::no},
                      ProbeCase{"rtsp", "OPTIONS rtsp://a/ RTSP/1.0\r\n", Verdict::no},
                      ProbeCase{"rtsp_path", "OPTIONS /a RTSP/1.0\r\n", Verdict::no},
                      ProbeCase{"sip", "OPTIONS sip:a@b SIP/2.0\r\n", Verdict::no},
                      ProbeCase{"icap", "OPTIONS icap://a/ ICAP/1.0\r\n", Verdict::no},
                      ProbeCase{"sip_status", "SIP/2.0 200 OK\r\n", Verdict::no},
                      ProbeCase{"options", "OPTIONS * HTTP/1.1\r\n", Verdict::client},
                      ProbeCase{"http2", "PRI * HTTP/2.0\r\n", Verdict::no},
                      ProbeCase{"redis_inline", "GET key\r\n", Verdict::no},
                      ProbeCase{"nats", "CONNECT {\"a\":1}\r\n", Verdict::no},
                      ProbeCase{"binary", std::string("GET \x01", 5), Verdict::no},
                      ProbeCase{"long_token", std::string(65, 'A'), Verdict::no},
                      ProbeCase{"long_line", "FOO " + std::string(9000, 'a'), Verdict::no},
                      ProbeCase{"tls", std::string("\x16\x03\x01", 3), Verdict::no}),
    [](const auto& c) { return c.param.name; });

struct SyncCase {
  const char* name;
  Direction from;
  std::string before;  // to be dropped
  std::string rest;    // starts a message, or is empty
};

class SyncFinds : public ::testing::TestWithParam<SyncCase> {};

TEST_P(SyncFinds, TheSamePlaceHoweverCut) {
  const SyncCase& c = GetParam();
  const std::string all = c.before + c.rest;
  for (const std::size_t cut : {all.size(), std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    std::string window;
    std::size_t dropped = 0;
    bool found = false;
    for (std::size_t at = 0; at < all.size() && !found; at += cut) {
      window += all.substr(at, cut);
      const Sync s = sync(c.from, as_bytes(window));
      ASSERT_LE(s.skip, window.size());
      window.erase(0, s.skip);
      dropped += s.skip;
      found = s.found;
      if (!found) {
        ASSERT_LE(window.size(), kLineBytesMax + kLineBytesMax + cut);
      }
    }
    EXPECT_EQ(found, !c.rest.empty()) << cut;
    if (found) {
      EXPECT_EQ(dropped, c.before.size()) << cut;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Http, SyncFinds,
    ::testing::Values(
        SyncCase{"at_once", Direction::c2s, "", "GET / HTTP/1.1\r\nHost: a\r\n"},
        SyncCase{"behind_a_body", Direction::c2s, "{\"a\":1}", "GET /x HTTP/1.1\r\nHost: a\r\n"},
        SyncCase{"no_headers", Direction::c2s, "tail\r\n", "GET /x HTTP/1.1\r\n\r\n"},
        SyncCase{"unknown_method", Direction::c2s, "tail\n", "BREW /x HTTP/1.1\r\nHost: a\r\n"},
        SyncCase{"half_a_line_is_none", Direction::c2s, "T /x HTTP/1.1\r\nHost: a\r\n\r\n",
                 "GET /y HTTP/1.1\r\n\r\n"},
        SyncCase{"no_header_behind", Direction::c2s, "say GET /x HTTP/1.1\nand so on\n",
                 "PUT /y HTTP/1.0\nA: b\n"},
        SyncCase{"response", Direction::s2c, "bin\x01\n\xff", "HTTP/1.1 200 OK\r\nA: b\r\n"},
        SyncCase{"response_no_reason", Direction::s2c, "x", "HTTP/1.0 204\r\n\r\n"},
        SyncCase{"not_a_status", Direction::s2c, "HTTP/1.1 2x0 OK\r\nA: b\r\nHTTP/2.0 200 OK\r\nA: b\r\n",
                 "HTTP/1.1 200 OK\nA:"},
        SyncCase{"long_garbage", Direction::s2c, std::string(50'000, 'z'), "HTTP/1.1 200 OK\r\nA: b\r\n"},
        SyncCase{"long_garbage_c2s", Direction::c2s, std::string(50'000, ' '), "GET / HTTP/1.1\r\nA: b\r\n"},
        SyncCase{"never", Direction::s2c, std::string(50'000, '\n'), ""}),
    [](const auto& c) { return c.param.name; });

TEST(StartLineTest, FaultsAreExact) {
  struct Case {
    const char* line;
    Fault fault;
    bool lenient;
  };
  for (const Case& c :
       {Case{"GET / HTTP/1.1", Fault::none, false}, Case{"GET  /  HTTP/1.1", Fault::none, true},
        Case{"GET /a b HTTP/1.1 ", Fault::none, true}, Case{"GET /", Fault::bad_magic, false},
        Case{"GET / HTTP/2.0", Fault::bad_value, false}, Case{"GET / HTTP/1.10", Fault::bad_value, false},
        Case{"GET HTTP/1.1", Fault::bad_magic, false}, Case{"G@T / HTTP/1.1", Fault::bad_magic, false},
        Case{"", Fault::bad_magic, false}, Case{" / HTTP/1.1", Fault::bad_magic, false}}) {
    const StartLine l = parse_request_line(as_bytes(c.line));
    EXPECT_EQ(l.fault, c.fault) << c.line;
    if (c.fault == Fault::none) {
      EXPECT_EQ(l.lenient, c.lenient) << c.line;
    }
  }
  for (const Case& c :
       {Case{"HTTP/1.1 200 OK", Fault::none, false}, Case{"HTTP/1.0 200", Fault::none, false},
        Case{"HTTP/1.1 200 ", Fault::none, false}, Case{"HTTP/1.1  200 OK", Fault::none, true},
        Case{"HTTP/1.1 20", Fault::bad_value, false}, Case{"HTTP/1.1 2000", Fault::bad_value, false},
        Case{"HTTP/1.1 099 x", Fault::bad_value, false}, Case{"HTTP/2 200", Fault::bad_value, false},
        Case{"HTTP/1.1 ab0 x", Fault::bad_value, false}, Case{"ICY 200 OK", Fault::bad_magic, false},
        Case{"HTTP/1.1  20", Fault::bad_value, false}}) {
    const StartLine l = parse_status_line(as_bytes(c.line));
    EXPECT_EQ(l.fault, c.fault) << c.line;
    if (c.fault == Fault::none) {
      EXPECT_EQ(l.lenient, c.lenient) << c.line;
    }
  }
}

}  // namespace
}  // namespace spanlight::http
