#include "http2/recognise.h"
#include "http2/http2.h"

#include <gtest/gtest.h>

#include <random>

#include "http2/wire_for_tests.h"

namespace spanlight::http2 {
namespace {

using namespace testing;

TEST(Probe, TheClientIsKnownByItsPrefaceAndTheServerByItsSettings) {
  for (std::size_t n = 0; n < kPreface.size(); ++n)
    EXPECT_EQ(probe(as_bytes(kPreface.substr(0, n)), {}), Verdict::more) << n;
  EXPECT_EQ(probe(as_bytes(kPreface), {}), Verdict::client);
  EXPECT_EQ(probe(as_bytes(std::string(kPreface) + settings()), {}), Verdict::client);
  const std::string said = settings("123456");
  for (std::size_t n = 0; n < kFrameHeadBytes; ++n)
    EXPECT_EQ(probe(as_bytes(said.substr(0, n)), {}), Verdict::more) << n;
  EXPECT_EQ(probe(as_bytes(said), {}), Verdict::server);
  for (const std::string& other : {std::string("PRI * HTTP/1.1\r\n"), std::string("GET / HTTP/1.1\r\n"),
                                   settings("1234567"), settings_ack(), ping(), std::string(9, '\0')})
    EXPECT_EQ(probe(as_bytes(other), {}), Verdict::no);
}

// Where something is found in `bytes`, behind `junk`; -1: nowhere.
long found_behind(Direction from, const std::string& junk, const std::string& bytes) {
  const Sync at = kDescriptor.find(from, as_bytes(junk + bytes));
  return at.found ? static_cast<long>(at.skip) - static_cast<long>(junk.size()) : -1;
}

TEST(Sync, FramesAreFoundAgain) {
  Peer client, server;
  const std::string ask = client.headers(1, get("/a"), true);
  const std::string answer = server.headers(1, ok());
  const struct {
    const char* name;
    Direction from;
    std::string bytes;
  } cases[] = {
      {"preface", Direction::c2s, std::string(kPreface)},
      {"request", Direction::c2s, ask},
      {"response and data", Direction::s2c, answer + data(1, "hello")},
      {"data and data", Direction::s2c, data(5, "hello") + data(5, "world")},
      {"data of two streams", Direction::s2c, data(5, "hello") + data(7, "world") + data(5, "!")},
      {"data and trailers", Direction::s2c, data(5, "hello") + server.headers(5, grpc_trailers("0"), true)},
      {"windows", Direction::c2s, window_update(0) + window_update(5)},
      {"ping and settings", Direction::s2c, ping() + settings_ack()},
      {"reset", Direction::c2s, rst_stream(7, 8)},
      {"goaway", Direction::s2c, goaway(7, 0)},
  };
  const std::string junk[] = {"", std::string(1, '\0'), std::string(100, '\0'), "text that is left of a body",
                              std::string("\0\0\0\1\0\0\0\1\0\0\0\1", 12)};
  for (const auto& c : cases)
    for (const std::string& before : junk)
      EXPECT_EQ(found_behind(c.from, before, c.bytes + std::string(400, 'z')), 0)
          << c.name << " behind " << before.size();
}

TEST(Sync, WhatSaysTooLittleWaits) {
  Peer server;
  for (const std::string& bytes : {data(5, "hello"), window_update(0), ping(), server.headers(1, ok())}) {
    const Sync at = kDescriptor.find(Direction::s2c, as_bytes(bytes));
    EXPECT_FALSE(at.found);
    EXPECT_EQ(at.skip, 0u);
  }
}

TEST(Sync, WhatCannotBeFramesIsDropped) {
  Peer client;
  std::string even = client.headers(2, get("/a"), true);  // a client's streams are odd
  const struct {
    const char* name;
    std::string bytes;
  } cases[] = {
      {"request on an even stream", even},
      {"data without anything", data(1, "") + data(1, "") + data(1, "")},
      {"data on the connection", data(0, "x") + data(0, "x")},
      {"a reserved bit",
       std::string("\0\0\4\x08\0\x80\0\0\0\0\0\0\1", 13) + std::string("\0\0\4\x08\0\x80\0\0\0\0\0\0\1", 13)},
      {"a window of nothing", window_update(0, 0) + window_update(1, 0)},
      {"an unknown error", rst_stream(1, 99)},
      {"a continuation", frame(FrameType::continuation, kEndHeaders, 1, "abc") + window_update(3)},
  };
  for (const auto& c : cases)
    EXPECT_NE(found_behind(Direction::c2s, "", c.bytes + std::string(16, 'z')), 0) << c.name;
}

TEST(Sync, TheAnswerDoesNotDependOnTheCut) {
  Peer client;
  std::mt19937 random(7);
  std::string bytes;
  for (int i = 0; i < 200; ++i) bytes += static_cast<char>(random() % 4 == 0 ? random() : 0);
  bytes += client.headers(1, get("/a"), true);
  for (int i = 0; i < 2'000; ++i)
    bytes += window_update(0);  // enough to rule out what only looked like a head
  const Sync whole = kDescriptor.find(Direction::c2s, as_bytes(bytes));
  ASSERT_TRUE(whole.found);
  std::size_t dropped = 0;
  for (std::size_t n = 1; n <= bytes.size(); ++n) {
    const Sync at = kDescriptor.find(Direction::c2s, as_bytes(bytes).subspan(dropped, n - dropped));
    dropped += at.skip;
    if (at.found) break;
    ASSERT_LE(dropped, whole.skip);
  }
  EXPECT_EQ(dropped, whole.skip);
}

TEST(Sync, NothingIsFoundInNoise) {
  std::mt19937_64 random(11);
  std::string noise(4u << 20, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  for (const Direction from : {Direction::c2s, Direction::s2c}) {
    std::size_t at = 0;
    while (at + 65'536 < noise.size()) {
      const Sync here = kDescriptor.find(from, as_bytes(noise).subspan(at, 65'536));
      EXPECT_FALSE(here.found);
      at += std::max<std::size_t>(here.skip, 1);
    }
  }
}

}  // namespace
}  // namespace spanlight::http2
