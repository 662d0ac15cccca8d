// The harness must be worth its figures: a buffer that somebody holds is never rewritten, every mix comes out
// as exactly its calls, a trace with loss balances to the frame, and a fault does not pass.

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <vector>

#include "flow/flow.h"
#include "idle_flows.h"
#include "port/eal_for_tests.h"
#include "replay_run.h"
#include "support/packet_builder.h"

namespace spanlight::bench {
namespace {

constexpr std::uint32_t kSpares = 64;
constexpr std::uint32_t kPatienceMs = 600'000;

TraceOptions small(Mix mix) {
  return {.mix = mix,
          .seed = 3,
          .connections = mix == Mix::bulk ? 2u : 24u,
          .calls = mix == Mix::bulk ? 2u : 12u};
}

Settings test_settings() {
  Settings settings = test::eal_settings();
  settings.idle = Idle::poll;
  settings.shedding_enabled = false;  // its queues are always full
  settings.flows_max = 16'384;
  settings.lent_buffers = kSpares;
  return settings;
}

// ---- the queue ----------------------------------------------------------------------------------

class Queue : public testing::Test {
 protected:
  void load(const Trace& trace, std::uint32_t spares) {
    ASSERT_TRUE(preloaded_.load(trace, 0, spares));
    queue_.emplace(preloaded_, nullptr, hold_, ReplayTime{.laps = 1'000'000});
  }

  // A lap, taken as by a worker that keeps what `keep` says. The bytes as they were given.
  std::vector<test::Frame> take_lap(std::size_t frames, const std::function<bool(std::size_t)>& keep) {
    std::vector<test::Frame> given;
    rte_mbuf* burst[kBurstMax];
    while (given.size() < frames) {
      const auto wanted = static_cast<std::uint16_t>(std::min<std::size_t>(kBurstMax, frames - given.size()));
      const std::uint16_t n = queue_->receive(burst, wanted, 1);
      if (n == 0) break;
      for (std::uint16_t i = 0; i < n; ++i) {
        const bool kept = keep(given.size());
        given.push_back(test::bytes_of(burst[i]));
        if (kept)
          kept_.push_back({burst[i], given.back()});
        else
          rte_pktmbuf_free(burst[i]);
      }
    }
    return given;
  }

  void let_go() {
    for (const Kept& kept : kept_) rte_pktmbuf_free(kept.mbuf);
    kept_.clear();
  }
  void TearDown() override { let_go(); }

  struct Kept {
    rte_mbuf* mbuf;
    test::Frame bytes;
  };
  std::vector<Kept> kept_;
  std::atomic<bool> hold_{false};
  Preloaded preloaded_;
  std::optional<ReplayQueue> queue_;
};

TEST_F(Queue, AHeldBufferIsNeverRewritten) {
  const Trace trace = make_trace(small(Mix::rpc));
  const std::size_t frames = trace.frames.size();
  ASSERT_NO_FATAL_FAILURE(load(trace, kSpares));
  const auto every_hundredth = [](std::size_t i) { return i % 100 == 50; };
  const auto nothing = [](std::size_t) { return false; };
  take_lap(frames, every_hundredth);
  ASSERT_GT(kept_.size(), 3);
  ASSERT_LE(kept_.size(), kSpares);
  const std::vector<test::Frame> second = take_lap(frames, nothing);
  ASSERT_EQ(second.size(), frames);  // nothing waits: spares took their places
  EXPECT_EQ(queue_->figures().replaced_in_all, kept_.size());
  for (const Kept& kept : kept_) EXPECT_EQ(test::bytes_of(kept.mbuf), kept.bytes);
  // The copies go on as the held ones would have.
  Trace expected = trace;
  for (std::uint16_t lap = 0; lap < 2; ++lap)
    for (const TraceFrame& frame : expected.frames)
      renew(expected.bytes.data() + frame.offset, frame.from_client, frame.has_ack,
            LapStep::between(lap, static_cast<std::uint16_t>(lap + 1)));
  for (std::size_t i = 0; i < frames; ++i) {
    const Bytes want = expected.frame(i);
    ASSERT_EQ(second[i], test::Frame(want.begin(), want.end())) << i;
  }
  // Held on for several laps, it stays what it was, and costs one spare, not one for each lap.
  take_lap(frames, nothing);
  EXPECT_EQ(queue_->figures().replaced_in_all, kept_.size());
  for (const Kept& kept : kept_) EXPECT_EQ(test::bytes_of(kept.mbuf), kept.bytes);
}

TEST_F(Queue, WithoutASpareItWaits) {
  const Trace trace = make_trace(small(Mix::rpc));
  const std::size_t frames = trace.frames.size();
  ASSERT_NO_FATAL_FAILURE(load(trace, 0));
  take_lap(frames, [](std::size_t) { return true; });  // more than the pool has beyond the frames
  std::size_t given = 0, before = 0;
  do {
    before = given;
    given += take_lap(frames - given, [](std::size_t) { return true; }).size();
  } while (given != before);
  EXPECT_LT(given, frames);
  EXPECT_GT(queue_->figures().still_held, 0);
  for (const Kept& kept : kept_) ASSERT_EQ(test::bytes_of(kept.mbuf), kept.bytes);
  let_go();
  given += take_lap(frames - given, [](std::size_t) { return false; }).size();
  EXPECT_EQ(given, frames);
  EXPECT_EQ(queue_->figures().laps_in_all, 2);  // a lap that begins with waiting begins once
}

TEST_F(Queue, AHeldConsumerGetsNothing) {
  const Trace trace = make_trace(small(Mix::web));
  ASSERT_NO_FATAL_FAILURE(load(trace, kSpares));
  hold_.store(true);
  EXPECT_TRUE(take_lap(1, [](std::size_t) { return false; }).empty());
  EXPECT_EQ(queue_->figures().held_polls, 1);
  hold_.store(false);
  EXPECT_EQ(take_lap(1, [](std::size_t) { return false; }).size(), 1);
}

// ---- whole runs ---------------------------------------------------------------------------------

RunResult run(const TraceOptions& trace_options, const Settings& settings, bool lossy,
              std::uint64_t laps = 4) {
  const Trace trace = make_trace(trace_options);
  std::vector<std::unique_ptr<Preloaded>> traces;
  traces.push_back(std::make_unique<Preloaded>());
  EXPECT_TRUE(traces[0]->load(trace, 0, settings.lent_buffers));
  return run_pipeline({.settings = settings,
                       .time = {.laps = laps},
                       .look_every = 1,
                       .calls_per_lap = trace.calls,
                       .lossy = lossy},
                      traces);
}

std::string odd_of(const RunResult& result) {
  std::string all = result.fault;
  for (const std::string& odd : result.odd) all += odd + "; ";
  return all;
}

class EveryMix : public testing::TestWithParam<Mix> {};
INSTANTIATE_TEST_SUITE_P(Mixes, EveryMix,
                         testing::Values(Mix::rpc, Mix::web, Mix::bulk, Mix::pipelined, Mix::chunked,
                                         Mix::grpc, Mix::redis, Mix::postgresql, Mix::kafka));

TEST_P(EveryMix, BecomesExactlyItsCalls) {
  const RunResult result = run(small(GetParam()), test_settings(), false);
  EXPECT_TRUE(result.right()) << odd_of(result);
  EXPECT_EQ(result.found.records, 4 * 24 * 12 / (GetParam() == Mix::bulk ? 72 : 1));
  EXPECT_EQ(result.found.looked_at, result.found.records);
  EXPECT_EQ(result.found.wrong(), 0);
}

TEST(Datagrams, BecomeExactlyTheirCalls) {
  const RunResult result = run(small(Mix::dns), test_settings(), false);
  EXPECT_TRUE(result.right()) << odd_of(result);
  EXPECT_EQ(result.found.records, 4 * 24 * 12);
  EXPECT_EQ(result.found.wrong(), 0);
}

TEST_P(EveryMix, BecomesExactlyItsCallsOutOfOrder) {
  TraceOptions trace = small(GetParam());
  trace.disorder_per_mille = 100;
  Settings settings = test_settings();
  settings.skew_allowance_ms = kPatienceMs;  // the machine may take the CPU away; what is late still comes
  settings.hole_timeout_ms = kPatienceMs;
  const RunResult result = run(trace, settings, false);
  EXPECT_TRUE(result.right()) << odd_of(result);
  EXPECT_GT(result.accounts.out_of_order, 0);
}

TEST_P(EveryMix, BalancesWithLoss) {
  TraceOptions trace = small(GetParam());
  trace.loss_per_mille = 50;
  trace.disorder_per_mille = 50;
  const RunResult result = run(trace, test_settings(), true);
  EXPECT_TRUE(result.right()) << odd_of(result);
  EXPECT_EQ(result.accounts.given, result.accounts.received);
  EXPECT_EQ(result.accounts.received, result.accounts.outcomes);
  EXPECT_EQ(result.accounts.records, result.found.records);
  EXPECT_EQ(result.found.looked_at, result.found.records);
  EXPECT_GT(result.accounts.gaps, 0);
  EXPECT_GT(result.found.wrong(), 0);
}

// The check itself: the same run, said to be whole, does not pass.
TEST(Replay, LossDoesNotPassForAWholeTrace) {
  TraceOptions trace = small(Mix::web);
  trace.loss_per_mille = 50;
  EXPECT_FALSE(run(trace, test_settings(), false).right());
}

// Large answers under way are lent buffers; the mirror loses their ends, so that they are lent for long.
TEST(Replay, BuffersLentBeyondALapAreReplaced) {
  TraceOptions trace = small(Mix::web);
  trace.loss_per_mille = 100;
  Settings settings = test_settings();
  settings.skew_allowance_ms = kPatienceMs;  // no hole is given up before the end, however slow the machine
  settings.hole_timeout_ms = kPatienceMs;
  const RunResult result = run(trace, settings, true);
  EXPECT_TRUE(result.right()) << odd_of(result);
  EXPECT_GT(result.workers.at(0).replaced_in_all, 0);
}

TEST(Replay, StandingConnectionsStay) {
  Settings settings = test_settings();
  settings.flows_max = 2'000;
  const RunResult result =
      run({.mix = Mix::headers, .seed = 3, .connections = 2'000, .frames = 5'000}, settings, false, 5);
  EXPECT_TRUE(result.right()) << odd_of(result);
  EXPECT_EQ(result.accounts.flows, 2'000);
  EXPECT_EQ(result.accounts.given, 4 * 2'000 + 5 * 5'000);
  EXPECT_EQ(result.found.records, 0);
}

TEST(Replay, FlowsLeftOpenAreMeasured) {
  Settings settings = test_settings();
  TraceOptions trace = small(Mix::rpc);
  trace.connections = 500;
  trace.calls = 1;
  settings.flows_max = 500;
  trace.ending = Ending::opened;
  const IdleFlows seen = measure_idle_flows(settings, trace);
  trace.ending = Ending::idle;
  const IdleFlows idle = measure_idle_flows(settings, trace);
  trace.ending = Ending::asked;
  const IdleFlows asked = measure_idle_flows(settings, trace);
  EXPECT_EQ(seen.fault + idle.fault + asked.fault, "");
  EXPECT_EQ(seen.state_bytes, 0);
  EXPECT_GE(idle.state_bytes, seen.state_bytes);
  EXPECT_GT(asked.state_bytes, idle.state_bytes);
  EXPECT_GT(seen.each(), sizeof(Flow));
}

}  // namespace
}  // namespace spanlight::bench
