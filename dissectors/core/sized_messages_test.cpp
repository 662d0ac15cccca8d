#include "core/sized_messages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace spanlight {
namespace {

// A length of two bytes, these included; 0 is no message. Of each four bytes are wanted, of those that begin
// with 'w' all.
SizedMessages::Measure measure(Bytes head) {
  if (head.size() < 3) return {.fault = Fault::short_input};
  const std::uint64_t size = head[0] << 8 | head[1];
  if (size < 3) return {.fault = Fault::bad_length};
  return {.size = size, .wanted = head[2] == 'w' ? size : 4};
}

std::string message(char kind, std::size_t size) {
  return std::string{static_cast<char>(size >> 8), static_cast<char>(size)} + std::string(size - 2, kind);
}

// Plays one direction as the pipeline does.
class SizedMessagesTest : public testing::Test {
 protected:
  void feed(std::string_view bytes) {
    ++time_;
    if (skip_ > 0) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
      skip_ -= n;
      bytes.remove_prefix(n);
      way_.passed(n, 0);
    }
    window_ += bytes;
    while (!window_.empty() && skip_ == 0 && !broken_) {
      std::size_t at = 0;
      const SizedMessages::Next next =
          way_.next(workshop_, {.bytes = as_bytes(window_), .time = time_}, at, measure, turns_);
      if (next.come) {
        came_.push_back({std::string(as_text(next.message.bytes)), next.message});
        window_.erase(0, at);
        continue;
      }
      broken_ = next.broken;
      window_.erase(0, next.answer.consumed);
      if (next.answer.want == Answer::Want::skip) {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(next.answer.n, window_.size()));
        EXPECT_EQ(n, 0u) << "what is there is consumed";
        skip_ = next.answer.n;
      }
      if (next.answer.want != Answer::Want::skip || !window_.empty()) break;
    }
  }
  void TearDown() override {
    way_.forget(workshop_);
    EXPECT_EQ(state_.used_bytes(), 0u);
  }

  struct Came {
    std::string bytes;
    Arrival arrival;
  };
  SlabPool state_{1u << 20}, previews_{1u << 20};
  Limits limits_;
  DissectorCounters counters_;
  Workshop workshop_{state_, previews_, limits_, counters_};
  SizedMessages way_;
  std::string window_;
  std::uint64_t skip_ = 0;
  TimeNs time_ = 100;
  std::uint32_t turns_ = 0;
  bool broken_ = false;
  std::vector<Came> came_;
};

TEST_F(SizedMessagesTest, HoweverTheyAreCut) {
  const std::string all =
      message('w', 10) + message('p', 100) + message('w', 5) + message('p', 60'000) + message('w', 20'000);
  for (const std::size_t cut : {std::size_t{1}, std::size_t{3}, std::size_t{1'400}, all.size()}) {
    came_.clear();
    for (std::size_t at = 0; at < all.size(); at += cut) feed(std::string_view(all).substr(at, cut));
    feed({});
    ASSERT_EQ(came_.size(), 5u) << cut;
    const std::size_t sizes[] = {10, 100, 5, 60'000, 20'000};
    const std::size_t shown[] = {10, 4, 5, 4, SizedMessages::kWantedBytesMax};
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(came_[i].arrival.size, sizes[i]) << cut;
      EXPECT_EQ(came_[i].bytes.size(), shown[i]) << cut;
      EXPECT_EQ(came_[i].arrival.flags, 0u);
      EXPECT_LE(came_[i].arrival.first_byte, came_[i].arrival.last_byte);
    }
    for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(came_[i].arrival.turn, came_[i - 1].arrival.turn + 1);
    way_.forget(workshop_);
    EXPECT_TRUE(way_.rests());
  }
}

TEST_F(SizedMessagesTest, ItIsToldWhenItHasEnded) {
  feed(message('p', 1'000).substr(0, 600));
  EXPECT_EQ(skip_, 399u);
  EXPECT_TRUE(came_.empty());
  feed(std::string(399, 'p'));
  EXPECT_TRUE(came_.empty());
  feed("p");
  ASSERT_EQ(came_.size(), 1u);
  EXPECT_EQ(came_[0].arrival.first_byte, 101u);
  EXPECT_EQ(came_[0].arrival.last_byte, 103u);
}

TEST_F(SizedMessagesTest, AHoleWithinWhatPasses) {
  feed(message('p', 1'000).substr(0, 600));
  Arrival cut;
  EXPECT_TRUE(way_.cut(400, 200, cut));
  EXPECT_EQ(cut.flags, std::uint32_t{kFlagGap});
  EXPECT_EQ(cut.size, 1'000u);
  way_.forget(workshop_);
  EXPECT_FALSE(way_.cut(1, 200, cut)) << "nothing passes";
}

TEST_F(SizedMessagesTest, AHoleWithinASkipLeavesTheRestToPass) {
  feed(message('p', 1'000).substr(0, 600));
  way_.passed(0, 100);
  skip_ -= 100;
  feed(std::string(299, 'p'));
  EXPECT_TRUE(came_.empty());
  feed("p");
  ASSERT_EQ(came_.size(), 1u);
  EXPECT_EQ(came_[0].arrival.flags, std::uint32_t{kFlagGap});
}

TEST_F(SizedMessagesTest, WithoutMemoryItPassesAllTheSame) {
  SlabPool none{0};
  Workshop poor{none, previews_, limits_, counters_};
  const std::string bytes = message('p', 100);
  std::size_t at = 0;
  EXPECT_EQ(way_.next(poor, {.bytes = as_bytes(bytes).first(50), .time = 1}, at, measure, turns_).answer.n,
            49u);
  way_.passed(49, 0);
  at = 0;
  const SizedMessages::Next next =
      way_.next(poor, {.bytes = as_bytes(bytes).last(1), .time = 2}, at, measure, turns_);
  EXPECT_TRUE(next.come);
  EXPECT_TRUE(next.message.bytes.empty());
  EXPECT_EQ(counters_.state_exhausted, 1u);
}

TEST_F(SizedMessagesTest, WhatIsNoMessage) {
  feed(std::string("\0\1x", 3));
  EXPECT_TRUE(broken_);
}

}  // namespace
}  // namespace spanlight
