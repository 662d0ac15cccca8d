// Live clients over real WebSockets.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "serve/backend_for_tests.h"
#include "serve/client_for_tests.h"
#include "serve/live_talk.h"

namespace spanlight::serve {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

Json next(TestClient& client) {
  const std::string text = client.read_text();
  return text.empty() ? Json() : Json::parse(text);
}

// The socket, with a filter that is in force.
std::unique_ptr<TestClient> watching(TestServer& server, const std::string& wish = "{}") {
  auto client = std::make_unique<TestClient>(server.port());
  EXPECT_EQ(client->open_socket("/api/stream").status, 101);
  client->send_frame(1, wish);
  EXPECT_TRUE(next(*client).contains("ready"));
  return client;
}

TEST(Stream, CallsComeAsTheyMatch) {
  TestServer server;
  auto client = watching(server, R"({"filter":"all","limit_per_second":100})");
  EXPECT_EQ(server.live.last_filter(), "all");
  server.live.publish("{\"id\":\"1\"}\n");
  server.live.publish("{\"id\":\"2\"}");
  std::vector<std::string> ids;
  while (ids.size() < 2) {
    const Json batch = next(*client);
    ASSERT_FALSE(batch.is_null());
    for (const Json& call : batch["calls"]) ids.push_back(call["id"]);
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"1", "2"}));
}

TEST(Stream, TheFilterChangesWithoutReconnecting) {
  TestServer server;
  auto client = watching(server);
  client->send_frame(1, R"({"filter":"wrong one"})");
  const Json refused = next(*client);
  EXPECT_EQ(refused["error"]["code"], "bad_filter");
  EXPECT_EQ(refused["error"]["faults"][0]["position"], 3);
  EXPECT_EQ(refused["error"]["faults"][0]["suggestion"], "all");
  client->send_frame(1, R"({"filter":"none"})");
  EXPECT_EQ(next(*client)["ready"]["filter"], "none");
  client->send_frame(1, "not json");
  EXPECT_EQ(next(*client)["error"]["code"], "bad_body");
  server.live.publish("{\"id\":\"1\"}");
  EXPECT_EQ(next(*client)["calls"].size(), 1u) << "faults end nothing";
}

TEST(Stream, ASlowClientIsToldWhatItMissedAndSlowsNobody) {
  TestServer server;
  auto slow = watching(server);
  auto quick = watching(server);
  const std::string line = "{\"pad\":\"" + std::string(60'000, 'x') + "\"}";
  std::uint64_t got = 0;
  for (int i = 0; i < 300; ++i) {  // 18 MB: more than the slow one's sockets and queue hold
    server.live.publish(line, 20);
    while (got < static_cast<std::uint64_t>(i + 1)) {
      const Json batch = next(*quick);
      ASSERT_FALSE(batch.is_null());
      EXPECT_FALSE(batch.contains("missed"));
      got += batch["calls"].size();
    }
  }
  std::uint64_t seen = 0, missed = 0;
  while (seen + missed < 300) {
    const Json batch = next(*slow);
    ASSERT_FALSE(batch.is_null());
    seen += batch["calls"].size();
    if (batch.contains("missed")) missed += batch["missed"].get<std::uint64_t>();
  }
  EXPECT_EQ(seen + missed, 300u);
  EXPECT_GT(missed, 0u);
}

void publish_much(TestServer& server) {
  const std::string line = "{\"pad\":\"" + std::string(60'000, 'x') + "\"}";
  for (int i = 0; i < 50; ++i) server.live.publish(line, 300);  // 3 MB
}

// Until its sockets are full: more is published all the time, and nothing of it goes out any more.
void fill_up(TestServer& server) {
  constexpr int kStill = 5;  // looks in a row; a machine with much other work may pause for one
  const std::uint64_t begin = server.counts.bytes_sent;
  std::uint64_t sent = begin;
  for (int still = 0; still < kStill || sent == begin;) {
    publish_much(server);
    std::this_thread::sleep_for(milliseconds(200));
    still = server.counts.bytes_sent == sent ? still + 1 : 0;
    sent = server.counts.bytes_sent;
  }
}

TEST(Stream, WhoDoesNotTakeAnswersIsNotHeard) {
  TestServer server;
  auto client = watching(server);
  fill_up(server);
  for (int i = 0; i < 3; ++i) client->send_frame(1, "not json");
  ASSERT_TRUE(TestServer::reaches(server.counts.stream_faults, 1));
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_EQ(server.counts.stream_faults, 1u) << "its answer waits, and no second one beside it";
  int answers = 0;
  while (answers < 3) {
    const Json message = next(*client);
    ASSERT_FALSE(message.is_null());
    answers += message.contains("error");
  }
  EXPECT_EQ(server.counts.stream_faults, 3u) << "once it reads, all are answered";
}

TEST(Stream, WhoTakesNothingIsGoneWhateverItSends) {
  ServerLimits limits = TestServer::usual_limits();
  limits.write = milliseconds(1'000);
  TestServer server(TestServer::usual_settings(), limits);
  auto client = watching(server);
  fill_up(server);
  for (int i = 0; i < 3'000 && server.counts.streams_open > 0; ++i) {
    client->send_frame(10, "alive");
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(server.counts.streams_open, 0u);
  EXPECT_EQ(server.counts.timed_out_write, 1u);
}

TEST(Stream, ThatPayloadsWereShownIsWrittenDown) {
  const TestFolder folder;
  ControlSettings settings = TestServer::usual_settings();
  settings.audit_log = folder.path() + "/audit.log";
  TestServer server(settings);
  {
    auto without = watching(server);
    server.live.publish("{\"id\":\"1\"}");
    EXPECT_TRUE(next(*without).contains("calls"));
  }
  while (server.counts.streams_open > 0) std::this_thread::sleep_for(milliseconds(5));
  {
    auto with = watching(server, R"({"payloads":true})");
    with->send_frame(1, R"({"payloads":false})");
    EXPECT_TRUE(next(*with).contains("ready"));
  }
  while (server.counts.streams_open > 0) std::this_thread::sleep_for(milliseconds(5));
  std::ifstream file(settings.audit_log);
  std::vector<std::string> told;
  for (std::string line; std::getline(file, line);) {
    const Json entry = Json::parse(line);
    told.push_back(entry["what"].get<std::string>() +
                   (entry.contains("payloads") ? entry["payloads"].dump() : ""));
  }
  EXPECT_EQ(told, (std::vector<std::string>{"live filter set", "live endedfalse", "live filter settrue",
                                            "live filter settrue", "live endedtrue"}));
}

TEST(Stream, FragmentsArePutTogetherAndPingsAnswered) {
  TestServer server;
  TestClient client(server.port());
  ASSERT_EQ(client.open_socket("/api/stream").status, 101);
  client.send_frame(1, "{\"fil", false);
  client.send_frame(9, "are you there");
  client.send_frame(0, "ter\":\"all\"}", true);
  const TestClient::Frame pong = client.read_frame();
  EXPECT_EQ(pong.opcode, 10);
  EXPECT_EQ(pong.payload, "are you there");
  EXPECT_EQ(next(client)["ready"]["filter"], "all");
}

TEST(Stream, HostileFramesEndTheirConnectionOnly) {
  ServerLimits limits = TestServer::usual_limits();
  limits.handshake = milliseconds(500);  // who is sent away does not say goodbye
  TestServer server(TestServer::usual_settings(), limits);
  auto well = watching(server);
  const auto ends = [&](const std::function<void(TestClient&)>& harm) {
    TestClient client(server.port());
    EXPECT_EQ(client.open_socket("/api/stream").status, 101);
    harm(client);
    EXPECT_TRUE(client.closed_by_server());
  };
  ends([](TestClient& c) { c.send_frame(1, std::string(kStreamMessageBytesMax + 1, ' ')); });
  ends([](TestClient& c) { c.send(std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14)); });
  ends([](TestClient& c) {
    for (int i = 0; i < 100 && c.send_frame(i == 0 ? 1 : 0, std::string(1'000, ' '), false); ++i) continue;
  });
  ends([](TestClient& c) { c.send_frame(1, "{}", true, false); });      // not masked
  ends([](TestClient& c) { c.send_frame(2, "{}"); });                   // bytes
  ends([](TestClient& c) { c.send_frame(3, "{}"); });                   // no such opcode
  ends([](TestClient& c) { c.send_frame(1, "\xff\xfe"); });             // no UTF-8
  ends([](TestClient& c) { c.send_frame(9, std::string(126, 'p')); });  // a ping that is too long
  ends([](TestClient& c) { c.send_frame(0, "goes on from nothing"); });
  ends([](TestClient& c) {
    for (int i = 0; i < 100; ++i)
      if (!c.send_frame(1, "{}")) break;
  });
  server.live.publish("{\"id\":\"1\"}");
  EXPECT_EQ(next(*well)["calls"].size(), 1u);
}

TEST(Stream, WhoAnswersNoPingIsGone) {
  ServerLimits limits = TestServer::usual_limits();
  limits.stream_idle = milliseconds(300);
  TestServer server(TestServer::usual_settings(), limits);
  TestClient client(server.port());
  ASSERT_EQ(client.open_socket("/api/stream").status, 101);
  client.send_frame(1, "{}");
  EXPECT_TRUE(client.closed_by_server());
  while (server.counts.streams_open > 0 || server.live.clients() > 0)
    std::this_thread::sleep_for(milliseconds(5));
}

TEST(Stream, OnlyOwnPagesAndOnlySoMany) {
  ServerLimits limits = TestServer::usual_limits();
  limits.streams_max = 2;
  TestServer server(TestServer::usual_settings(), limits);
  EXPECT_EQ(TestClient(server.port()).open_socket("/api/stream", "Origin: http://evil.example\r\n").status,
            403);
  EXPECT_EQ(TestClient(server.port()).open_socket("/api/stream", "Host: evil.example\r\n").status, 421);
  EXPECT_EQ(TestClient(server.port()).ask("GET", "/api/stream").status, 426);
  TestClient first(server.port());
  const Answer opened = first.open_socket(
      "/api/stream", "Origin: http://localhost\r\nSec-WebSocket-Protocol: spanlight.v1\r\n");
  EXPECT_EQ(opened.status, 101);
  EXPECT_EQ(opened.headers.at("sec-websocket-protocol"), "spanlight.v1");
  TestClient second(server.port());
  EXPECT_EQ(second.open_socket("/api/stream").status, 101);
  EXPECT_EQ(TestClient(server.port()).open_socket("/api/stream").status, 503);
}

TEST(Stream, TheServersEndIsSaid) {
  TestServer server;
  auto client = watching(server);
  std::jthread stop([&] { server.server->stop(); });
  const TestClient::Frame frame = client->read_frame();
  EXPECT_EQ(frame.opcode, 8);
  EXPECT_EQ(frame.payload.substr(0, 2), std::string("\x03\xe9"));  // 1001: going away
  client->send_frame(8, frame.payload);
}

TEST(Stream, ManyComeAndGoWhileCallsFlow) {
  TestServer server;
  std::jthread publisher([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      server.live.publish("{\"id\":\"1\"}");
      std::this_thread::sleep_for(milliseconds(1));
    }
  });
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        auto client = watching(server);
        EXPECT_TRUE(next(*client).contains("calls"));
        if (i % 2 == 0) client->reset();
      }
    });
  threads.clear();
  publisher.request_stop();
  publisher.join();
  while (server.counts.streams_open > 0) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(server.live.clients(), 0u);
}

}  // namespace
}  // namespace spanlight::serve
