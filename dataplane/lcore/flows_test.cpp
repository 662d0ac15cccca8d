// A real worker at the pace of a capture: how connections end, and what comes behind their ends.

#include <gtest/gtest.h>

#include "lcore/scripted_queue.h"
#include "port/eal_for_tests.h"

namespace spanlight::test {
namespace {

constexpr TimeNs kBegin = 1'000 * kSecondNs;
constexpr std::uint8_t kRstAck = 0x14;

class Ends : public ::testing::Test {
 public:
  Ends() : worker_(settings()) { worker_.shared().pace = Pace::capture; }

  static Settings settings() {
    Settings settings;
    settings.remove_duplicates = false;
    settings.state_memory_mb = 64;
    settings.held_bytes_max = 1U << 20;
    settings.flows_max = 4'096;
    return settings;
  }
  // Milliseconds since the capture began.
  Ends& at(std::uint64_t ms, const Frame& frame) {
    queue_.frame_at(kBegin + ms * kMillisecondNs, frame);
    return *this;
  }
  Ends& at(std::uint64_t ms, const std::vector<Frame>& frames) {
    for (const Frame& frame : frames) at(ms, frame);
    return *this;
  }
  // What the calls say: "/path" of one that is complete, "/path reason" of one that is not; sorted.
  std::vector<std::string> calls() {
    std::vector<std::string> out;
    for (const Said& one : worker_.run(queue_)) {
      const bool complete = one.state == wire::State::complete;
      out.push_back(one.path + (complete ? "" : std::string(" ") + wire::EnumNameReason(one.reason)));
    }
    std::sort(out.begin(), out.end());
    EXPECT_EQ(worker_.count("received_packets_total"), worker_.outcomes());
    EXPECT_EQ(worker_.count("memory_bytes", "state"), 0U);
    return out;
  }

  using Calls = std::vector<std::string>;
  OneWorker worker_;
  ScriptedQueue queue_;
  Speakers who_{"10.0.0.1", "10.0.0.2"};
};

// A TAP whose ports are skewed: the RST acknowledges what comes just behind it.
TEST_F(Ends, ARstWaitsForWhatItAcknowledges) {
  at(0, who_.handshake()).at(3, who_.request("/a"));
  const Frame answer = who_.response();
  at(10, who_.say(0, kRstAck, "")).at(12, answer);
  EXPECT_EQ(calls(), (Calls{"/a"}));
  EXPECT_EQ(worker_.count("flows_total", "closed"), 1U);
  EXPECT_EQ(worker_.count("gaps_total"), 0U);
}

TEST_F(Ends, ARstWaitsNoLongerThanTheAllowance) {
  at(0, who_.handshake()).at(3, who_.request("/a"));
  const Frame answer = who_.response();
  at(10, who_.say(0, kRstAck, "")).at(40, answer);
  EXPECT_EQ(calls(), (Calls{"/a lost_in_mirror"}));
  EXPECT_EQ(worker_.count("flows_total", "closed"), 1U);
  EXPECT_EQ(worker_.count("gaps_total"), 1U);
}

// One queue, in which both directions come in order: what it lost does not come two milliseconds later.
TEST_F(Ends, WhatTheSensorLostItselfIsNotWaitedFor) {
  constexpr TimeNs kLongAfterThisTest = std::uint64_t{1} << 62;
  worker_.shared().last_loss = kLongAfterThisTest;
  at(0, who_.handshake()).at(3, who_.request("/a"));
  const Frame answer = who_.response();
  at(10, who_.say(0, kRstAck, "")).at(12, answer);
  EXPECT_EQ(calls(), (Calls{"/a lost_in_sensor"}));
  EXPECT_EQ(worker_.count("gaps_total"), 1U);
}

TEST_F(Ends, ARstBehindWhichNothingIsMissingEndsAtOnce) {
  at(0, who_.handshake()).at(3, who_.request("/a")).at(10, who_.say(0, kRstAck, "")).at(12, who_.response());
  EXPECT_EQ(calls(), (Calls{"/a reset"}));
  EXPECT_EQ(worker_.count("flows_total", "closed"), 1U);
  EXPECT_EQ(worker_.count("gaps_total"), 0U);
}

// What the server says is held behind a hole when the client's hello shows that there is nothing to read.
TEST_F(Ends, WhatIsHeldOfAFlowThatNobodyReadsIsGivenBack) {
  std::string hello("\x16\x03\x01", 3);
  hello.resize(100, 'x');
  at(0, who_.handshake());
  who_.say(1, 0x10, "lost");
  at(1, who_.say(1, 0x10, "held"));
  Speakers client("10.0.0.1", "10.0.0.2", 40'000, {1'001, 9'001});
  at(2, client.say(0, 0x18, hello)).at(3, who_.say(1, 0x11, "")).at(4, client.say(0, 0x11, ""));
  EXPECT_EQ(calls(), Calls{});
  EXPECT_EQ(worker_.count("flows_total", "closed"), 1U);
}

// ---- behind the end -----------------------------------------------------------------------------

// The ports are used again at once, and the mirror missed the new connection's opening.
TEST_F(Ends, BytesBehindBothFinsAreOfAnotherConnection) {
  at(0, who_.handshake()).at(3, who_.request("/a")).at(4, who_.response()).at(5, who_.close());
  Speakers again("10.0.0.1", "10.0.0.2", 40'000, {900'000'000, 1'700'000'000});
  for (unsigned i = 0; i < 3; ++i) at(1'000 + i, again.request("/b")).at(1'000 + i, again.response());
  EXPECT_EQ(calls(), (Calls{"/a", "/b", "/b", "/b"}));
  EXPECT_EQ(worker_.count("flows_total", "reopened"), 1U);
  EXPECT_EQ(worker_.count("reassembly_total", "after_close"), 0U);
}

// Whoever received the RST refused it (RFC 5961), and the connection goes on: it is joined again when the
// entry of the closed one goes, though there was never silence.
TEST_F(Ends, AConnectionThatLivesOnBehindARstIsJoinedAgain) {
  at(0, who_.handshake()).at(3, who_.request("/a")).at(4, who_.response());
  Speakers other("10.0.0.1", "10.0.0.2", 40'000, {1'000, 59'000});
  at(10, other.say(1, 0x04, ""));
  const std::size_t asked = who_.request("/b").size() - 54, answered = who_.response().size() - 54;
  for (unsigned i = 0; i < 8; ++i)
    at(1'000 + 1'000 * i, who_.request("/b")).at(1'001 + 1'000 * i, who_.response());
  EXPECT_EQ(calls(), (Calls{"/a", "/b", "/b", "/b"}));  // from the sixth second on
  EXPECT_EQ(worker_.count("reassembly_total", "after_close"), 10U);
  EXPECT_EQ(worker_.count("reassembly_total", "after_close_bytes"), 5 * (asked + answered));
  EXPECT_EQ(worker_.count("flows_total", "midstream"), 1U);
}

TEST_F(Ends, WhatIsSentAgainBehindTheEndIsNoOtherConnection) {
  at(0, who_.handshake()).at(3, who_.request("/a"));
  const Frame answer = who_.response();
  at(4, answer).at(5, who_.close()).at(200, answer).at(600, answer);
  EXPECT_EQ(calls(), (Calls{"/a"}));
  EXPECT_EQ(worker_.count("flows_opened_total"), 1U);
  EXPECT_EQ(worker_.count("reassembly_total", "after_close"), 2U);
}

// Two mirror points that are further apart than the window for second copies.
TEST_F(Ends, LateCopiesOfAClosedConnectionAreNoOtherConnection) {
  std::vector<Frame> all = who_.handshake();
  all.push_back(who_.request("/a"));
  all.push_back(who_.response());
  for (const Frame& frame : who_.close()) all.push_back(frame);
  at(0, all).at(8, all);
  EXPECT_EQ(calls(), (Calls{"/a"}));
  EXPECT_EQ(worker_.count("flows_opened_total"), 1U);
  EXPECT_EQ(worker_.count("reassembly_total", "after_close"), 2U);
}

// A client that asks again with the same numbers, until somebody listens.
TEST_F(Ends, ARefusedAttemptMadeAgainIsTheSameOne) {
  const Frame syn = who_.say(0, 0x02, "");
  Speakers refusing("10.0.0.1", "10.0.0.2", 40'000, {1'001, 0});
  const Frame refusal = refusing.say(1, kRstAck, "");
  for (unsigned i = 0; i < 3; ++i) at(500 * i, syn).at(500 * i + 1, refusal);
  at(1'500, syn).at(1'501, who_.say(1, 0x12, "")).at(1'502, who_.say(0, 0x10, ""));
  at(1'510, who_.request("/a")).at(1'511, who_.response());
  EXPECT_EQ(calls(), (Calls{"/a"}));
  EXPECT_EQ(worker_.count("flows_opened_total"), 2U);
  EXPECT_EQ(worker_.count("flows_total", "midstream"), 0U);
}

// ---- a capture's clock --------------------------------------------------------------------------

constexpr TimeNs kDay = 86'400 * kSecondNs, kDay0 = 400 * kDay;

// A foreign datagram, of which nothing becomes.
Frame stray(std::uint8_t id) {
  return PacketBuilder().eth().ipv4("9.9.9.9", "9.9.9.8", {.id = id}).udp(1'001, 1'002).payload("x").build();
}

// In the middle of a call come packets that bear these times.
class Slips : public Ends, public ::testing::WithParamInterface<std::vector<TimeNs>> {};

TEST_P(Slips, CutNoCall) {
  for (const Frame& frame : who_.handshake()) queue_.frame_at(kDay0, frame);
  queue_.frame_at(kDay0 + kMillisecondNs, who_.request("/a"));
  std::uint8_t id = 0;
  for (const TimeNs time : GetParam()) queue_.frame_at(time, stray(++id));
  queue_.frame_at(kDay0 + 2 * kMillisecondNs, who_.response());
  EXPECT_EQ(calls(), (Calls{"/a"}));
  EXPECT_EQ(worker_.count("clock_steps_total"), 0U);
  EXPECT_EQ(worker_.count("flows_total", "midstream"), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Clock, Slips,
    ::testing::Values(std::vector<TimeNs>{1}, std::vector<TimeNs>{kDay0 - kDay},
                      std::vector<TimeNs>{kDay0 + kDay}, std::vector<TimeNs>{~TimeNs{0} - 1},
                      std::vector<TimeNs>{kDay0 + kDay, kDay0 - kDay, kDay0 + 2 * kDay}));

// Two captures joined, the later one first. What opens the second is read as what it is.
TEST_F(Ends, TwoPacketsFarBackAreAnotherClock) {
  for (const Frame& frame : who_.handshake()) queue_.frame_at(kDay0, frame);
  queue_.frame_at(kDay0, who_.request("/cut"));
  Speakers other("10.0.0.3", "10.0.0.4");
  at(0, other.request("/a")).at(1, other.response()).at(2, other.request("/b")).at(3, other.response());
  EXPECT_EQ(calls(), (Calls{"/a", "/b", "/cut capture_ended"}));
  EXPECT_EQ(worker_.count("clock_steps_total"), 1U);
}

// Silence is told by the new clock, also of the flow that began before it was believed.
TEST_F(Ends, TimersGoByTheClockThatWentBack) {
  for (const Frame& frame : who_.handshake()) queue_.frame_at(kDay0, frame);
  Speakers other("10.0.0.3", "10.0.0.4");
  at(0, other.request("/a")).at(1, stray(1));
  at(settings().tcp_idle_s * 1'000 + 10'000, stray(2));
  at(settings().tcp_idle_s * 1'000 + 10'001, stray(3));
  EXPECT_EQ(calls(), (Calls{"/a unanswered"}));
}

}  // namespace
}  // namespace spanlight::test
