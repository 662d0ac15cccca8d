#include "flow/health.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace spanlight {
namespace {

constexpr TimeNs kOpened = 1'000 * kSecondNs;
constexpr DurationNs kMs = kMillisecondNs;
constexpr std::uint8_t kSyn = tcp_flag::syn, kAck = tcp_flag::ack, kFin = tcp_flag::fin, kRst = tcp_flag::rst;

// A connection whose client is sender 0. Times in milliseconds since it opened.
class Talk {
 public:
  Talk& segment(DurationNs ms, unsigned sender, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack,
                std::uint32_t bytes = 0, std::uint16_t window = 1'000) {
    Packet p;
    p.sender = static_cast<std::uint8_t>(sender);
    p.tcp_flags = flags;
    p.seq = seq;
    p.ack = ack;
    p.window = window;
    p.payload_wire_bytes = p.payload_bytes = bytes;
    const TimeNs time = kOpened + ms * kMs;
    note_packet(health, p, time, kOpened, !seen_[sender] && seen_[1 - sender]);
    note_segment(health, p, time, kOpened);
    seen_[sender] = true;
    return *this;
  }
  // 10 ms to the server, 20 ms to the client. Next numbers: 101 and 501.
  Talk& handshake() {
    return segment(0, 0, kSyn, 100, 0).segment(10, 1, kSyn | kAck, 500, 101).segment(30, 0, kAck, 101, 501);
  }
  Talk& data(DurationNs ms, unsigned sender, std::uint32_t seq, std::uint32_t bytes, std::uint32_t ack) {
    return segment(ms, sender, kAck, seq, ack, bytes);
  }
  Talk& pure(DurationNs ms, unsigned sender, std::uint32_t ack) {
    return segment(ms, sender, kAck, sender == 0 ? 101 : 501, ack);
  }

  Health health;

 private:
  bool seen_[2]{};
};

TEST(Health, AHandshakeIsARoundTrip) {
  const Health h = Talk().handshake().health;
  EXPECT_EQ(h.handshake_us, 30'000u);
  EXPECT_EQ(h.half_us[1], 10'000u);
  EXPECT_EQ(h.half_us[0], 20'000u);
  EXPECT_EQ(h.rtt_samples, 1u);
  EXPECT_EQ(h.rtt_min_us, 30'000u);
  EXPECT_EQ(h.answered_us, 10'001u);
  EXPECT_TRUE(h.has(0, Health::kSyn));
  EXPECT_TRUE(h.has(1, Health::kSynAck));
  EXPECT_FALSE(h.has(1, Health::kSyn));
}

TEST(Health, ARepeatedSynGivesNoHalf) {
  Talk talk;
  talk.segment(0, 0, kSyn, 100, 0).segment(1'000, 0, kSyn, 100, 0).segment(1'010, 1, kSyn | kAck, 500, 101);
  EXPECT_EQ(talk.health.retransmitted[0], 1u);
  EXPECT_EQ(talk.health.half_us[1], 0u);
  talk.pure(1'030, 0, 501);
  EXPECT_EQ(talk.health.handshake_us, 1'030'000u);
  EXPECT_EQ(talk.health.rtt_samples, 0u);  // one half alone is no round trip
}

TEST(Health, DataIsTimedToItsAcknowledgement) {
  Talk talk;
  talk.handshake().data(40, 0, 101, 50, 501).data(41, 0, 151, 50, 501).pure(55, 1, 201);
  EXPECT_EQ(talk.health.half_us[1], 15'000u);
  EXPECT_EQ(talk.health.half_min_us[1], 10'000u);
  EXPECT_EQ(talk.health.rtt_samples, 2u);
  EXPECT_EQ(talk.health.rtt_max_us, 35'000u);
}

TEST(Health, AnAnswerIsNoAcknowledgementInTime) {
  Talk talk;
  talk.handshake().data(40, 0, 101, 50, 501).data(340, 1, 501, 10, 151).pure(360, 0, 511);
  EXPECT_EQ(talk.health.half_us[1], 10'000u);  // the server took 300 ms to think
  EXPECT_EQ(talk.health.half_us[0], 20'000u);
  EXPECT_EQ(talk.health.spoke_us[0], 40'001u);
  EXPECT_EQ(talk.health.spoke_us[1], 340'001u);
}

TEST(Health, WhatComesLateWasSentAgain) {
  Talk talk;
  talk.handshake().data(40, 0, 101, 50, 501).data(41, 0, 151, 50, 501).data(300, 0, 101, 50, 501);
  EXPECT_EQ(talk.health.retransmitted[0], 1u);
  EXPECT_EQ(talk.health.out_of_order[0], 0u);
  talk.pure(310, 1, 201);  // of which of the two?
  EXPECT_EQ(talk.health.half_us[1], 10'000u);
}

TEST(Health, WhatComesSoonWasOvertaken) {
  Talk talk;
  talk.handshake().data(40, 1, 551, 50, 101).data(45, 1, 501, 50, 101);
  EXPECT_EQ(talk.health.out_of_order[1], 1u);
  EXPECT_EQ(talk.health.retransmitted[1], 0u);
  talk.data(46, 1, 551, 50, 101);  // ends where the highest did: the same bytes
  EXPECT_EQ(talk.health.retransmitted[1], 1u);
}

// A round trip of 30 ms, a segment each 2 ms, the fourth and the seventh are lost and sent again once the
// duplicate acknowledgements have come.
Talk bulk(bool loss_before_the_sensor) {
  Talk talk;
  talk.handshake();
  for (std::uint32_t n = 0; n < 40; ++n) {
    const DurationNs ms = 40 + 2 * n;
    const bool lost = n == 4 || n == 7;
    if (!lost || !loss_before_the_sensor) talk.data(ms, 1, 501 + n * 100, 100, 101);
    for (const std::uint32_t again : {4U, 7U})
      if (n == again + 17) talk.data(ms + 1, 1, 501 + again * 100, 100, 101);  // 33 ms after the next one
  }
  return talk;
}

TEST(Health, FastRetransmissionsInARunningTransferWereSentAgain) {
  for (const bool before : {true, false}) {
    const Health h = bulk(before).health;
    EXPECT_EQ(h.retransmitted[1], 2u) << before;
    EXPECT_EQ(h.out_of_order[1], 0u) << before;
  }
}

TEST(Health, WhatIsOvertakenInARunningTransferWasNotSentAgain) {
  Talk talk;
  talk.handshake();
  for (std::uint32_t n = 0; n < 40; ++n) talk.data(40 + 2 * n, 1, 501 + (n ^ 1) * 100, 100, 101);
  EXPECT_EQ(talk.health.out_of_order[1], 20u);
  EXPECT_EQ(talk.health.retransmitted[1], 0u);
}

TEST(Health, WhatIsBehindAHoleIsNotTimed) {
  Talk talk;
  talk.handshake().data(40, 1, 601, 100, 101).data(45, 1, 501, 100, 101).pure(50, 0, 701);
  EXPECT_EQ(talk.health.out_of_order[1], 1u);
  EXPECT_EQ(talk.health.half_us[0], 20'000u);
}

TEST(Health, WithoutAHandshakeThreeMillisecondsDecide) {
  Talk talk;
  talk.data(0, 0, 1'100, 100, 1).data(2, 0, 1'000, 100, 1).data(10, 0, 900, 100, 1);
  EXPECT_EQ(talk.health.out_of_order[0], 1u);
  EXPECT_EQ(talk.health.retransmitted[0], 1u);
}

TEST(Health, APartlyNewSegmentMovesTheEnd) {
  Talk talk;
  talk.handshake().data(40, 0, 101, 50, 501).data(200, 0, 101, 80, 501).data(201, 0, 181, 10, 501);
  EXPECT_EQ(talk.health.retransmitted[0], 1u);
  EXPECT_EQ(talk.health.end_seq[0], 191u);
}

TEST(Health, KeepAlivesAndProbesAreNeither) {
  Talk talk;
  talk.handshake().data(40, 0, 101, 50, 501);
  talk.segment(9'000, 0, kAck, 150, 501, 1).segment(18'000, 0, kAck, 150, 501, 0);
  talk.segment(20'000, 1, kAck, 501, 151, 0, 0);    // no window
  talk.segment(21'000, 0, kAck, 151, 501, 1);       // a probe
  talk.segment(21'010, 1, kAck, 501, 151, 0, 0);    // still none
  talk.segment(22'000, 1, kAck, 501, 151, 0, 500);  // again
  talk.segment(22'010, 0, kAck, 151, 501, 100);     // the byte comes for good
  EXPECT_EQ(talk.health.retransmitted[0], 0u);
  EXPECT_EQ(talk.health.out_of_order[0], 0u);
  EXPECT_EQ(talk.health.zero_windows[1], 2u);
  EXPECT_EQ(talk.health.end_seq[0], 251u);
}

TEST(Health, AStraySegmentMovesNothing) {
  for (const std::uint32_t far : {500'000'000U, 0U - 500'000'000U}) {
    Talk talk;
    talk.handshake();
    for (std::uint32_t n = 0; n < 50; ++n) {
      if (n % 3 == 2) talk.data(139 + 100 * n, 0, 101 + far + n * 10, 7, 5);
      talk.data(140 + 100 * n, 0, 101 + n * 10, 10, 501);
    }
    EXPECT_EQ(talk.health.retransmitted[0], 0u);
    EXPECT_EQ(talk.health.out_of_order[0], 0u);
    EXPECT_EQ(talk.health.end_seq[0], 601u);
  }
}

TEST(Health, AStreamThatJumpedForGoodIsFollowed) {
  Talk talk;
  talk.handshake().data(40, 0, 101, 10, 501);
  for (std::uint32_t n = 0; n < 5; ++n) talk.data(100 + n, 0, 500'000'101 + n * 10, 10, 501);
  EXPECT_EQ(talk.health.end_seq[0], 500'000'151u);
  talk.data(200, 0, 500'000'141, 10, 501);
  EXPECT_EQ(talk.health.retransmitted[0], 1u);
}

TEST(Health, ASecondSynAckOfOtherNumbersBeginsAnew) {
  Talk talk;
  talk.segment(0, 0, kSyn, 100, 0).segment(10, 1, kSyn | kAck, 500, 101);
  talk.segment(1'000, 0, kSyn, 100, 0).segment(1'010, 1, kSyn | kAck, 888'888'888, 101);
  talk.segment(1'030, 0, kAck, 101, 888'888'889).data(1'040, 1, 888'888'889, 10, 101);
  EXPECT_EQ(talk.health.half_us[0], 20'000u);
  EXPECT_EQ(talk.health.end_seq[1], 888'888'899u);
  EXPECT_EQ(talk.health.retransmitted[1], 0u);
}

TEST(Health, NumbersGoAround) {
  Talk talk;
  talk.segment(0, 0, kAck, 0xffffff00, 1, 200).segment(1, 0, kAck, 0xffffffc8, 1, 200);
  talk.segment(500, 0, kAck, 0xffffff00, 1, 200);
  EXPECT_EQ(talk.health.retransmitted[0], 1u);
  EXPECT_EQ(talk.health.end_seq[0], 144u);
}

TEST(Health, EndsAreSeen) {
  Talk talk;
  talk.handshake().segment(40, 0, kFin | kAck, 101, 501).segment(50, 1, kFin | kAck, 501, 102);
  EXPECT_TRUE(talk.health.has(0, Health::kFin));
  EXPECT_TRUE(talk.health.has(1, Health::kFin));
  talk.segment(60, 0, kRst, 102, 0).segment(61, 0, kRst, 102, 0);
  EXPECT_EQ(talk.health.resets[0], 2u);
  EXPECT_EQ(talk.health.zero_windows[0], 0u);
}

TEST(Health, ARstCarriesNoWindow) {
  Talk talk;
  talk.handshake().segment(40, 1, kRst, 501, 0, 0, 0);
  EXPECT_EQ(talk.health.zero_windows[1], 0u);
}

TEST(Health, CountersStop) {
  Talk talk;
  talk.handshake();
  for (unsigned i = 0; i < 300; ++i) talk.segment(40, 1, kRst, 501, 0);
  EXPECT_EQ(talk.health.resets[1], 255u);
  note_missing(talk.health, 0, ~std::uint64_t{0} >> 1);
  note_missing(talk.health, 0, 1);
  EXPECT_EQ(talk.health.missing_bytes[0], 0xffffffffu);
  EXPECT_EQ(microseconds(0), 1u);
  EXPECT_EQ(microseconds(~DurationNs{0}), 0xffffffffu);
}

struct Spread {
  const char* name;
  std::vector<std::uint32_t> samples;
  std::uint32_t least, most;  // what the 95th percentile may be said to be
};

TEST(RttSketch, TellsTheTail) {
  std::vector<std::uint32_t> even, bimodal, many(2'000, 900);
  for (std::uint32_t us = 100; us <= 10'000; us += 100) even.push_back(us);
  for (unsigned i = 0; i < 100; ++i) bimodal.push_back(i < 90 ? 200 : 40'000);
  const Spread cases[] = {
      {"one", {40'000}, 40'000, 40'000},
      {"the same", std::vector<std::uint32_t>(50, 333), 333, 333},
      {"even", even, 8'000, 10'000},
      {"bimodal", bimodal, 33'000, 40'000},
      {"more than a counter holds", many, 900, 900},
      {"very fast", {3, 5, 9, 11}, 9, 11},
      {"very slow", {3'000'000, 4'000'000}, 3'000'000, 4'000'000},
  };
  for (const Spread& one : cases) {
    RttSketch sketch;
    std::uint32_t min = ~0U, max = 0;
    for (const std::uint32_t us : one.samples) {
      sketch.add(us);
      min = std::min(min, us);
      max = std::max(max, us);
    }
    const std::uint32_t told = sketch.quantile(95, min, max);
    EXPECT_GE(told, one.least) << one.name;
    EXPECT_LE(told, one.most) << one.name;
  }
}

TEST(RttSketch, QuantilesNeverFall) {
  RttSketch sketch;
  for (std::uint32_t i = 1; i < 5'000; ++i) sketch.add(i * i % 700'001);
  std::uint32_t last = 0;
  for (unsigned percent = 1; percent <= 100; ++percent) {
    const std::uint32_t now = sketch.quantile(percent, 1, 700'000);
    EXPECT_GE(now, last) << percent;
    last = now;
  }
}

TEST(HealthArray, IsThereWhereItIsWanted) {
  HealthArray none(0);
  EXPECT_FALSE(none.wanted());
  EXPECT_TRUE(none.ok());
  EXPECT_TRUE(none.populate());
  HealthArray some(1'000);
  ASSERT_TRUE(some.ok());
  EXPECT_TRUE(some.populate());
  some[999].calls = 7;
  EXPECT_EQ(some[999].calls, 7u);
  EXPECT_FALSE(some[998].tracked());  // zero pages: nothing is followed before it begins
}

}  // namespace
}  // namespace spanlight
