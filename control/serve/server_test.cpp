// The server over real sockets: what HTTP asks of it, and what hostile clients do to it.

#include "serve/server.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "serve/backend_for_tests.h"
#include "serve/client_for_tests.h"

namespace spanlight::serve {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

std::string gunzipped(const std::string& packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 31), Z_OK);
  std::string out(std::size_t{4} << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(Server, AnswersOneRequestAfterTheOtherOnOneConnection) {
  TestServer server;
  TestClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    const Answer answer = client.ask("GET", "/healthz");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "ok\n");
    EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer.headers.at("connection"), "keep-alive");
  }
  const Answer head = client.ask("HEAD", "/healthz");
  EXPECT_EQ(head.headers.at("content-length"), "3");
  const Answer last = client.ask("GET", "/healthz", "Connection: close\r\n");
  EXPECT_EQ(last.headers.at("connection"), "close");
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Server, RequestsSentTogetherAreAnsweredInTurn) {
  TestServer server;
  TestClient client(server.port());
  client.send(
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /api/calls HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read().body, "ok\n");
  EXPECT_EQ(Json::parse(client.read().body)["ready"], true);
  EXPECT_EQ(Json::parse(client.read().body)["calls"].size(), 4u);
}

TEST(Server, SpeaksToOldClientsToo) {
  TestServer server;
  TestClient client(server.port());
  client.send("GET /api/export?format=csv HTTP/1.0\r\nHost: localhost\r\n\r\n");
  const Answer answer = client.read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.count("transfer-encoding"), 0u);
  EXPECT_NE(answer.body.find("/orders"), std::string::npos);
}

TEST(Server, PacksLargeAnswersForWhoTakesThat) {
  TestServer server;
  TestClient client(server.port());
  const Answer plain = client.ask("GET", "/api/calls");
  const Answer packed = client.ask("GET", "/api/calls", "Accept-Encoding: br, gzip;q=0.8\r\n");
  EXPECT_EQ(plain.headers.count("content-encoding"), 0u);
  EXPECT_EQ(packed.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(gunzipped(packed.body), plain.body);
  EXPECT_EQ(
      client.ask("GET", "/api/calls", "Accept-Encoding: gzip;q=0\r\n").headers.count("content-encoding"), 0u);
  const Answer streamed = client.ask("GET", "/api/export?format=csv", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(gunzipped(streamed.body), client.ask("GET", "/api/export?format=csv").body);
}

TEST(Server, NoPathLeadsOutOfTheFolderOfPages) {
  TestServer server;
  const TestFolder folder;
  folder.write("index.html", "<p>page</p>");
  folder.write("app.0a1b2c3d.js", std::string(4'000, 'x'));
  server.server->set_assets(Assets::load(folder.path()));
  TestClient client(server.port());
  const Answer page = client.ask("GET", "/some/page");
  EXPECT_EQ(page.body, "<p>page</p>");
  EXPECT_EQ(page.headers.at("cache-control"), "no-cache");
  const Answer same = client.ask("GET", "/", "If-None-Match: " + page.headers.at("etag") + "\r\n");
  EXPECT_EQ(same.status, 304);
  const Answer script = client.ask("GET", "/app.0a1b2c3d.js", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(gunzipped(script.body).size(), 4'000u);
  EXPECT_NE(script.headers.at("cache-control").find("immutable"), std::string::npos);
  EXPECT_EQ(client.ask("GET", "/none.js").status, 404);
  EXPECT_EQ(client.ask("GET", "/api/none").status, 404);
  for (const char* path :
       {"/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2fetc/passwd", "/a/%00", "/%ff", "/%zz"})
    EXPECT_EQ(TestClient(server.port()).ask("GET", path).status, 400) << path;
}

TEST(Server, WhatIsNoRequestIsRefusedAndTheConnectionEnds) {
  const std::string host = "Host: localhost\r\n";
  const std::string json = "Content-Type: application/json\r\n";
  struct Case {
    std::string bytes;
    int status;
  };
  const Case cases[] = {
      {"hello\r\n\r\n", 400},
      {"GET / HTTP/9.9\r\n" + host + "\r\n", 400},
      {"GET /healthz HTTP/1.1\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\n" + host + "Host: other\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\n" + host + "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
       400},
      {"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\n" + host + " folded\r\n\r\n", 421},  // becomes part of the name
      {"DELETE /api/calls HTTP/1.1\r\n" + host + "\r\n", 405},
      {"GET /healthz HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabc", 400},
      {"POST /api/filter/check HTTP/1.1\r\n" + host +
           "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
       415},
      // Two ways to say how long a body is: who is between us may have believed the other one.
      {"POST /api/filter/check HTTP/1.1\r\n" + host + json +
           "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n",
       400},
      {"POST /api/filter/check HTTP/1.1\r\n" + host + json +
           "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
       400},
      {"POST /api/filter/check HTTP/1.1\r\n" + host + json +
           "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
       400},
      {"POST /api/filter/check HTTP/1.1\r\n" + host + json + "Content-Length: -2\r\n\r\n{}", 400},
      {"POST /api/filter/check HTTP/1.1\r\n" + host + json + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
       400},
      {"POST /api/filter/check HTTP/1.1\r\n" + host + json + "Content-Length: 99999999\r\n\r\n", 413},
      {"POST /api/filter/check HTTP/1.1\r\n" + host + json + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n",
       413},
      {"GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 431},
      {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(20'000, 'a') + "\r\n\r\n", 431}};
  TestServer server;
  for (const Case& each : cases) {
    TestClient client(server.port());
    client.send(each.bytes);
    const Answer answer = client.read();
    EXPECT_EQ(answer.status, each.status) << each.bytes.substr(0, 200);
    EXPECT_EQ(Json::parse(answer.body)["error"].contains("code"), true);
    const bool may_stay = each.status == 405 || each.bytes.starts_with("GET /healthz");  // it was understood
    if (!may_stay) {
      EXPECT_EQ(answer.headers.at("connection"), "close") << each.bytes.substr(0, 200);
    }
  }
  EXPECT_EQ(TestClient(server.port()).ask("GET", "/healthz").status, 200);
}

TEST(Server, ABodyThatIsAskedForFirstIsTaken) {
  TestServer server;
  TestClient client(server.port());
  client.send(
      "POST /api/filter/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 16\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(client.has_input(60'000));
  client.send("{\"filter\":\"all\"}");
  EXPECT_EQ(Json::parse(client.read().body)["ok"], true);
}

TEST(Server, SlowClientsAreSentAway) {
  ServerLimits limits = TestServer::usual_limits();
  limits.head = milliseconds(200);
  limits.body = milliseconds(200);
  limits.idle = milliseconds(200);
  TestServer server(TestServer::usual_settings(), limits);
  TestClient idle(server.port());
  TestClient head(server.port());
  TestClient body(server.port());
  body.send(
      "POST /api/filter/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 100\r\n\r\n{");
  // A byte now and then does not prolong the time for a head.
  std::jthread drip([&](const std::stop_token& stop) {
    head.send("GET / HTTP/1.1\r\n");
    while (!stop.stop_requested() && head.send("X")) std::this_thread::sleep_for(milliseconds(20));
  });
  EXPECT_TRUE(idle.closed_by_server());
  EXPECT_TRUE(body.closed_by_server());
  EXPECT_TRUE(TestServer::reaches(server.counts.timed_out_idle, 1));
  EXPECT_TRUE(TestServer::reaches(server.counts.timed_out_head, 1));
  EXPECT_TRUE(TestServer::reaches(server.counts.timed_out_body, 1));
}

TEST(Server, ASlowReaderHoldsNothingButItself) {
  ServerLimits limits = TestServer::usual_limits();
  limits.write = milliseconds(300);
  TestServer server(TestServer::usual_settings(), limits);
  server.history.repeat = 200'000;  // far more than sockets hold
  TestClient stalled(server.port());
  stalled.send("GET /api/export?format=json HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(TestServer::reaches(server.counts.timed_out_write, 1));
  EXPECT_EQ(TestClient(server.port()).ask("GET", "/healthz").status, 200);
}

TEST(Server, ALongAnswerComesWhole) {
  TestServer server;
  server.history.repeat = 5'000;
  TestClient client(server.port());
  const Answer answer = client.ask("GET", "/api/export?format=json");
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(std::count(answer.body.begin(), answer.body.end(), '\n'), 20'000);
}

TEST(Server, WhoLeavesEndsTheirSearch) {
  TestServer server;
  {
    TestClient client(server.port());
    client.send("GET /api/calls?filter=slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while (server.history.slow_searches() < 1) std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_EQ(server.history.wait_cancelled(1), 1);
  TestClient client(server.port());
  client.send("GET /api/calls?filter=slow&stream=true HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (server.history.slow_searches() < 2) std::this_thread::sleep_for(milliseconds(5));
  client.reset();
  EXPECT_EQ(server.history.wait_cancelled(2), 2);
}

TEST(Server, TooManyRequestsAreToldToComeAgain) {
  ControlSettings settings = TestServer::usual_settings();
  settings.requests_per_second = 5;
  TestServer server(settings);
  TestClient client(server.port());
  int refused = 0;
  for (int i = 0; i < 40; ++i) {
    const Answer answer = client.ask("GET", "/api/calls");
    if (answer.status == 429) {
      ++refused;
      EXPECT_EQ(answer.headers.at("retry-after"), "1");
    } else {
      EXPECT_EQ(answer.status, 200);
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_EQ(server.counts.refused_rate, static_cast<std::uint64_t>(refused));
  EXPECT_EQ(client.ask("GET", "/healthz").status, 200) << "health is not counted";
}

TEST(Server, LongAnswersAreFew) {
  ServerLimits limits = TestServer::usual_limits();
  limits.long_answers_max = 1;
  TestServer server(TestServer::usual_settings(), limits);
  TestClient first(server.port());
  first.send("GET /api/export?filter=slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (server.history.slow_searches() < 1) std::this_thread::sleep_for(milliseconds(5));
  const Answer second = TestClient(server.port()).ask("GET", "/api/export");
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(second.headers.at("retry-after"), "2");
}

TEST(Server, APageOfPayloadsAtTheClientsPaceIsALongAnswer) {
  ServerLimits limits = TestServer::usual_limits();
  limits.long_answers_max = 1;
  TestServer server(TestServer::usual_settings(), limits);
  TestClient first(server.port());
  first.send("GET /api/calls?filter=slow&stream=true&payloads=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (server.history.slow_searches() < 1) std::this_thread::sleep_for(milliseconds(5));
  TestClient second(server.port());
  EXPECT_EQ(second.ask("GET", "/api/calls?stream&payloads").status, 503);
  EXPECT_EQ(second.ask("GET", "/api/export").status, 503);
  EXPECT_EQ(second.ask("GET", "/api/calls?stream=true&payloads=false").status, 200);
  EXPECT_EQ(second.ask("GET", "/api/calls?stream=0&payloads=true").status, 200);
  first.reset();
  EXPECT_EQ(server.history.wait_cancelled(1), 1);
  int status = 503;
  for (int i = 0; i < 1'000 && status == 503; ++i) {
    std::this_thread::sleep_for(milliseconds(5));
    status = second.ask("GET", "/api/calls?stream=true&payloads=true").status;
  }
  EXPECT_EQ(status, 200);
}

TEST(Server, ThousandsOfConnectionsLeaveRoomForNobodyElseAndThenForAll) {
  ServerLimits limits = TestServer::usual_limits();
  limits.connections_max = 200;
  TestServer server(TestServer::usual_settings(), limits);
  for (int round = 0; round < 5; ++round) {
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 400; ++i) clients.push_back(std::make_unique<TestClient>(server.port()));
    EXPECT_TRUE(TestServer::reaches(server.counts.connections, 400u * static_cast<unsigned>(round + 1)));
    EXPECT_LE(server.counts.connections_open, 200u);
  }
  EXPECT_GT(server.counts.connections_refused_full, 0u);
  while (server.counts.connections_open > 0) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(TestClient(server.port()).ask("GET", "/healthz").status, 200);
}

TEST(Server, StopAnswersWhatIsUnderWay) {
  ServerLimits limits = TestServer::usual_limits();
  limits.grace = std::chrono::seconds(60);
  auto server = std::make_unique<TestServer>(TestServer::usual_settings(), limits);
  server->history.repeat = 3'000;
  TestClient client(server->port());
  TestClient idle(server->port());
  EXPECT_EQ(idle.ask("GET", "/healthz").status, 200);
  client.send("GET /api/export?format=json HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(client.has_input(60'000));  // it has begun
  std::jthread stop([&] { server->server->stop(); });
  const Answer answer = client.read();
  EXPECT_TRUE(answer.whole);
  EXPECT_TRUE(idle.closed_by_server());
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Server, StopDoesNotWaitForever) {
  ServerLimits limits = TestServer::usual_limits();
  limits.grace = milliseconds(200);
  TestServer server(TestServer::usual_settings(), limits);
  TestClient client(server.port());
  client.send("GET /api/calls?filter=slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (server.history.slow_searches() < 1) std::this_thread::sleep_for(milliseconds(5));
  server.server->stop();
  EXPECT_EQ(server.history.wait_cancelled(1), 1);
}

TEST(Server, APortInUseIsASentence) {
  TestServer server;
  ControlSettings settings = TestServer::usual_settings();
  settings.listen = "127.0.0.1:" + std::to_string(server.port());
  Server second(settings, TestServer::usual_limits(), server.table, server.backend, server.counts,
                [](LogLevel, std::string_view) {});
  try {
    second.bind();
    FAIL();
  } catch (const std::runtime_error& fault) {
    EXPECT_NE(std::string(fault.what()).find("serve.listen: " + settings.listen), std::string::npos);
  }
}

TEST(Server, CertificatesAreReadAgainWhenTheyChange) {
  const TestFolder folder;
  ControlSettings settings = TestServer::usual_settings();
  settings.tls_certificate = folder.path() + "/cert.pem";
  settings.tls_key = folder.path() + "/key.pem";
  write_certificate(settings.tls_certificate, settings.tls_key, "first.example");
  TestServer server(settings);
  TestClient client(server.port(), true);
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(client.certificate_name(), "first.example");
  const Answer answer = client.ask("GET", "/api/calls");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.count("strict-transport-security"), 1u);
  EXPECT_EQ(client.ask("GET", "/healthz").status, 200);

  write_certificate(settings.tls_certificate, settings.tls_key, "second.example");
  server.server->reload();
  std::string name;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (name != "second.example" && std::chrono::steady_clock::now() < end) {
    TestClient again(server.port(), true);
    if (again.connected()) name = again.certificate_name();
  }
  EXPECT_EQ(name, "second.example");

  folder.write("cert.pem", "no certificate");
  server.server->reload();
  EXPECT_TRUE(TestServer::reaches(server.counts.reload_faults, 1));
  EXPECT_EQ(TestClient(server.port(), true).ask("GET", "/healthz").status, 200);
  EXPECT_EQ(client.ask("GET", "/healthz").status, 200) << "who is connected stays so";
}

TEST(Server, WhoMayComeChangesWithoutARestart) {
  const TestFolder folder;
  const auto person = [&folder](const std::string& name) {
    folder.write(name, "the-token-of-" + name);
    return Access{.name = name, .token_file = folder.path() + "/" + name};
  };
  const auto bearer = [](const std::string& name) {
    return "Authorization: Bearer the-token-of-" + name + "\r\n";
  };
  ControlSettings settings = TestServer::usual_settings();
  settings.access = {person("anna-of-shop"), person("bert-of-shop")};
  TestServer server(settings);
  const auto status_of = [&](const std::string& name) {
    return TestClient(server.port()).ask("GET", "/api/calls", bearer(name)).status;
  };
  TestClient live(server.port());
  ASSERT_EQ(live.open_socket("/api/stream", bearer("anna-of-shop")).status, 101);
  EXPECT_EQ(status_of("carl-of-shop"), 401);

  settings.access = {person("bert-of-shop"), person("carl-of-shop")};
  server.server->change(settings);
  EXPECT_TRUE(live.closed_by_server()) << "who is here comes in anew";
  EXPECT_EQ(status_of("anna-of-shop"), 401);
  EXPECT_EQ(status_of("bert-of-shop"), 200);
  EXPECT_EQ(status_of("carl-of-shop"), 200);

  ControlSettings faulty = settings;
  faulty.access[0].token_file = folder.path() + "/nobody";
  server.server->change(faulty);
  EXPECT_TRUE(TestServer::reaches(server.counts.reload_faults, 1));
  EXPECT_EQ(status_of("bert-of-shop"), 200) << "it stays as it was";

  settings.request_bytes_max = 10;
  settings.requests_per_second = 1;
  server.server->change(settings);
  EXPECT_EQ(TestClient(server.port())
                .ask("POST", "/api/targets", bearer("bert-of-shop"), std::string(100, ' '))
                .status,
            413);
  int last = 200;
  for (int i = 0; i < 5 && last != 429; ++i) last = status_of("bert-of-shop");
  EXPECT_EQ(last, 429);
}

TEST(Server, ATokenThatWasReplacedEndsWhatItOpened) {
  const TestFolder folder;
  ControlSettings settings = TestServer::usual_settings();
  settings.access = {Access{.name = "anna", .token_file = folder.write("anna", "the-first-token-of-anna")}};
  TestServer server(settings);
  const std::string old = "Authorization: Bearer the-first-token-of-anna\r\n";
  TestClient live(server.port());
  ASSERT_EQ(live.open_socket("/api/stream", old).status, 101);
  folder.write("anna", "the-second-token-of-anna");
  server.server->reload();
  EXPECT_EQ(live.read_frame().opcode, 8);
  EXPECT_EQ(TestClient(server.port()).ask("GET", "/api/calls", old).status, 401);
}

TEST(Server, PlainTextOnATlsPortIsCounted) {
  const TestFolder folder;
  ControlSettings settings = TestServer::usual_settings();
  settings.tls_certificate = folder.path() + "/cert.pem";
  settings.tls_key = folder.path() + "/key.pem";
  write_certificate(settings.tls_certificate, settings.tls_key, "first.example");
  TestServer server(settings);
  TestClient client(server.port());
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(TestServer::reaches(server.counts.tls_faults, 1));
  {
    TestClient leaving(server.port(), true);
    leaving.send("GET /api/calls?filter=slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while (server.history.slow_searches() < 1) std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_EQ(server.history.wait_cancelled(1), 1);
}

}  // namespace
}  // namespace spanlight::serve
