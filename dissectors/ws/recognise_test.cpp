#include "ws/recognise.h"
#include "ws/ws.h"

#include <gtest/gtest.h>

#include <random>

#include "core/ws/wire_for_tests.h"

namespace spanlight::ws {
namespace {

using testing::ask;
using testing::frame;

std::string answers(int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += frame(Opcode::binary, "abc" + std::to_string(i));
  return out;
}

TEST(WsSync, FindsAChainBehindNoise) {
  const std::string noise = "\x13\x37 noise \x81\x05";
  const std::string all = noise + answers(9);
  const Sync found = kDescriptor.find(Direction::s2c, as_bytes(all));
  EXPECT_TRUE(found.found);
  EXPECT_EQ(found.skip, noise.size());
}

TEST(WsSync, OneMaskedTextIsEnoughWithAnother) {
  const std::string all =
      ask(Opcode::text, "{\"hello\":\"world, how are you\"}") + ask(Opcode::text, "{\"more\":1}");
  const Sync found = kDescriptor.find(Direction::c2s, as_bytes(all));
  EXPECT_TRUE(found.found);
  EXPECT_EQ(found.skip, 0u);
  EXPECT_FALSE(kDescriptor.find(Direction::s2c, as_bytes(all)).found) << "masked frames are the client's";
}

TEST(WsSync, TooShortAChainWaits) {
  const std::string all = answers(3);
  const Sync found = kDescriptor.find(Direction::s2c, as_bytes(all));
  EXPECT_FALSE(found.found);
  EXPECT_EQ(found.skip, 0u);
}

TEST(WsSync, WhatRepeatsIsNoProof) {
  for (const std::string& unit :
       {std::string(1, '\0'), std::string("\x81\x00", 2), std::string("\x8a\x00", 2),
        std::string("\x01\x00\x00\x00", 4), std::string("text in a body "), std::string("\x80\x00", 2),
        std::string("\x82")}) {
    std::string all;
    while (all.size() < 4'096) all += unit;
    for (const Direction from : {Direction::c2s, Direction::s2c})
      EXPECT_FALSE(kDescriptor.find(from, as_bytes(all)).found) << unit;
  }
}

TEST(WsSync, RandomBytesAreNone) {
  std::mt19937 random(7);
  std::string all(1 << 20, '\0');
  for (char& c : all) c = static_cast<char>(random());
  EXPECT_FALSE(kDescriptor.find(Direction::c2s, as_bytes(all)).found);
  EXPECT_FALSE(kDescriptor.find(Direction::s2c, as_bytes(all)).found);
}

TEST(WsSync, DoesNotDependOnTheCut) {
  const std::string all = "xx\x81" + answers(12);
  const Sync whole = kDescriptor.find(Direction::s2c, as_bytes(all));
  std::string window;
  std::size_t dropped = 0;
  for (const char c : all) {
    window += c;
    const Sync found = kDescriptor.find(Direction::s2c, as_bytes(window));
    dropped += found.skip;
    window.erase(0, found.skip);
    if (found.found) break;
  }
  EXPECT_EQ(dropped, whole.skip);
}

TEST(WsProbe, NothingBeginsWithAFrame) {
  EXPECT_EQ(probe(as_bytes(answers(20)), {}), Verdict::no);
}

// Each is a frame and says nothing: looked at from every byte, a long chain of them would cost its square.
TEST(WsSync, EmptyFramesAreNotFollowedForEver) {
  std::string frames;
  for (unsigned n = 0; n < 40; ++n) frames += std::string("\x81\0", 2);
  EXPECT_EQ(kDescriptor.begins(Direction::s2c, as_bytes(frames)), Look::no);
  EXPECT_EQ(kDescriptor.begins(Direction::s2c, as_bytes(frames).first(20)), Look::more);
}

}  // namespace
}  // namespace spanlight::ws
