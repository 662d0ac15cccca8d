#include "lcore/shedding.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace spanlight {
namespace {

constexpr DurationNs kPatience = 5 * kMillisecondNs;
constexpr DurationNs kCalm = 100 * kMillisecondNs;
constexpr std::uint32_t kBurst = 64;

Shedding::Options options() {
  return {.enabled = true,
          .previews = true,
          .protocols = true,
          .one_of = 64,
          .patience = kPatience,
          .calm = kCalm,
          .memory = 300 * kSecondNs};
}

// A worker in small, on a clock of its own: frames come evenly into a queue of limited length; a frame that
// is dissected costs one, one that is shed a part of it. Flows are many and small, so that the share of flows
// is that of frames.
struct Model {
  explicit Model(const Shedding::Options& how = options()) : shedding(how) {}

  double offered_per_s = 0;
  double cost_ns = 1'000;    // of a frame that is dissected
  double shed_share = 0.05;  // of that: the cost of one that is shed
  double turn_ns = 400;      // of a turn without frames
  double queue_length = 4'096;

  Shedding shedding;
  Shedding::Queue queue;
  TimeNs now = kSecondNs;
  double backlog = 0, rest = 0;
  double dissected = 0, lost = 0, received = 0;

  void run(DurationNs for_ns) {
    for (const TimeNs until = now + for_ns; now < until;) turn();
  }

  void turn() {
    shedding.begin_turn(now);
    const double frames = std::min<double>(kBurst, static_cast<double>(static_cast<std::uint64_t>(backlog)));
    backlog -= frames;
    received += frames;
    shedding.saw(queue, frames == kBurst);
    rest += frames * shedding.kept() / Shedding::kAllFlows;
    const auto kept = static_cast<std::uint32_t>(rest);
    rest -= kept;
    dissected += kept;
    const double shed = frames - kept;
    const double took = turn_ns + cost_ns * (kept + shed * shed_share);
    shedding.end_turn(kept, static_cast<std::uint32_t>(shed));
    now += static_cast<DurationNs>(took);
    backlog += offered_per_s * took / 1e9;
    lost += std::max(0.0, backlog - queue_length);
    backlog = std::min(backlog, queue_length);
  }

  double capacity() const { return 1e9 / (cost_ns + turn_ns / kBurst); }
};

TEST(Shedding, a_worker_that_keeps_up_sheds_nothing) {
  for (const double load : {0.0, 0.1, 0.5, 0.9}) {
    Model m;
    m.offered_per_s = load * m.capacity();
    m.run(2 * kSecondNs);
    EXPECT_EQ(m.shedding.steps_up(), 0u) << load;
    EXPECT_EQ(m.shedding.level(), ShedLevel::none);
  }
}

TEST(Shedding, goes_through_the_levels_in_order_within_milliseconds) {
  Model m;
  m.offered_per_s = 4 * m.capacity();
  TimeNs reached[kShedLevels] = {};
  const TimeNs began = m.now;
  ShedLevel last = ShedLevel::none;
  while (m.now < began + kSecondNs && m.shedding.level() != ShedLevel::flows) {
    m.turn();
    if (m.shedding.level() == last) continue;
    EXPECT_EQ(static_cast<int>(m.shedding.level()), static_cast<int>(last) + 1);
    last = m.shedding.level();
    reached[static_cast<std::size_t>(last)] = m.now - began;
  }
  EXPECT_GE(reached[1], kPatience);
  EXPECT_LE(reached[1], 3 * kPatience);
  EXPECT_LE(reached[3], 6 * kPatience);
  EXPECT_LT(m.shedding.kept(), Shedding::kAllFlows);
}

// What is left of the best when a part of the work is to shed: (1 - 2r) / (1 - r) at twice the load.
TEST(Shedding, at_twice_the_load_most_of_the_best_is_left) {
  for (const double r : {0.01, 0.05, 0.1, 0.2, 0.3}) {
    for (const double cost : {300.0, 1'000.0, 10'000.0}) {
      Model m;
      m.shed_share = r;
      m.cost_ns = cost;
      m.offered_per_s = 2 * m.capacity();
      m.run(kSecondNs);
      const double before = m.dissected, lost = m.lost;
      m.run(2 * kSecondNs);
      const double goodput = (m.dissected - before) / 2 / m.capacity();
      EXPECT_GE(goodput, 0.9 * (1 - 2 * r) / (1 - r)) << "r " << r << ", cost " << cost;
      // And hardly anything is lost at random.
      EXPECT_LE((m.lost - lost) / 2 / m.offered_per_s, 0.001) << "r " << r << ", cost " << cost;
    }
  }
}

TEST(Shedding, recovers_within_a_second) {
  for (const double load : {1.5, 10.0, 50.0}) {
    for (const double after : {0.0, 0.5, 0.9}) {
      for (const double cost : {300.0, 10'000.0}) {
        Model m;
        m.shed_share = 0.01;
        m.cost_ns = cost;
        m.offered_per_s = load * m.capacity();
        m.run(kSecondNs);
        ASSERT_EQ(m.shedding.level(), ShedLevel::flows);
        m.offered_per_s = after * m.capacity();
        m.run(kSecondNs);
        EXPECT_EQ(m.shedding.level(), ShedLevel::none) << load << " then " << after << ", cost " << cost;
        EXPECT_EQ(m.shedding.kept(), Shedding::kAllFlows);
      }
    }
  }
}

TEST(Shedding, never_leaves_out_more_than_it_may) {
  Model m;
  m.shed_share = 0.5;  // shedding alone is too much
  m.offered_per_s = 10 * m.capacity();
  m.run(kSecondNs);
  EXPECT_EQ(m.shedding.kept(), Shedding::kAllFlows / 64);
}

TEST(Shedding, passes_over_what_there_is_nothing_of) {
  Shedding::Options only_flows = options();
  only_flows.previews = only_flows.protocols = false;
  Shedding::Options no_flows = options();
  no_flows.one_of = 1;
  for (const bool flows : {true, false}) {
    Model m(flows ? only_flows : no_flows);
    m.offered_per_s = 4e6;
    m.run(kSecondNs);
    EXPECT_EQ(m.shedding.level(), flows ? ShedLevel::flows : ShedLevel::protocols);
    EXPECT_EQ(m.shedding.kept() < Shedding::kAllFlows, flows);
    EXPECT_EQ(m.shedding.time_at(ShedLevel::previews) > 0, !flows);
    m.offered_per_s = 0;
    m.run(kSecondNs);
    EXPECT_EQ(m.shedding.level(), ShedLevel::none);
  }
}

TEST(Shedding, does_nothing_when_it_is_off) {
  Shedding::Options off = options();
  off.enabled = false;
  Model m(off);
  m.offered_per_s = 1e7;
  m.run(kSecondNs);
  EXPECT_EQ(m.shedding.level(), ShedLevel::none);
  EXPECT_EQ(m.shedding.steps_up(), 0u);
}

// A thread that was not running finds its queue full. That is no load, and one long turn says no more than a
// short one; nor does a clock that is set.
TEST(Shedding, a_thread_that_was_stopped_is_not_overloaded) {
  Model m;
  m.offered_per_s = 0.5 * m.capacity();
  for (int i = 0; i < 20; ++i) {
    m.run(200 * kMillisecondNs);
    m.now += 100 * kMillisecondNs;
    m.backlog = 5 * kBurst;
  }
  for (int i = 0; i < 20; ++i) {
    m.run(200 * kMillisecondNs);
    m.now = m.now > 10 * kSecondNs ? kSecondNs : m.now + 10 * kSecondNs;
  }
  EXPECT_EQ(m.shedding.steps_up(), 0u);
}

// Others on its CPU stop the thread again and again; its queue waits for it meanwhile, and it would have
// time. What it is slowed by is not taken for the price of its work: it goes on to take what it can.
TEST(Shedding, a_thread_that_shares_its_cpu_takes_what_it_can) {
  Model m;
  m.shed_share = 0.1;
  m.offered_per_s = 2 * m.capacity();
  double before = 0;
  for (int i = 0; i < 600; ++i) {
    m.run(5 * kMillisecondNs);
    m.now += 5 * kMillisecondNs;
    if (i == 200) before = m.dissected;
  }
  const double ran_s = 400 * 0.005;
  EXPECT_GE((m.dissected - before) / ran_s / m.capacity(), 0.9 * 0.8 / 0.9);
  m.offered_per_s = 0.5 * m.capacity();
  for (int i = 0; i < 200; ++i) {
    m.run(5 * kMillisecondNs);
    m.now += 5 * kMillisecondNs;
  }
  EXPECT_EQ(m.shedding.level(), ShedLevel::none);
}

// Bursts that the queue holds are what it is for.
TEST(Shedding, a_burst_that_is_worked_off_at_once_is_not_too_much) {
  Model m;
  for (int i = 0; i < 100; ++i) {
    m.backlog = 4'000;  // 4 ms of work
    m.run(20 * kMillisecondNs);
  }
  EXPECT_EQ(m.shedding.steps_up(), 0u);
}

// Each queue is looked at by itself: several that take turns in being full are not too much.
TEST(Shedding, queues_that_take_turns_are_not_too_much) {
  Shedding shedding(options());
  Shedding::Queue queues[3];
  TimeNs now = kSecondNs;
  for (int turn = 0; turn < 100'000; ++turn, now += 100 * kMicrosecondNs) {
    shedding.begin_turn(now);
    for (int q = 0; q < 3; ++q) shedding.saw(queues[q], turn % 3 != q);
    shedding.end_turn(128, 0);
  }
  EXPECT_EQ(shedding.steps_up(), 0u);
  for (int turn = 0; turn < 1'000; ++turn, now += 100 * kMicrosecondNs) {
    shedding.begin_turn(now);
    for (int q = 0; q < 3; ++q) shedding.saw(queues[q], q == 1);
    shedding.end_turn(64, 0);
  }
  EXPECT_GT(shedding.steps_up(), 0u);
}

// The same flows stay, in every larger share too; and what was ever left out is remembered.
TEST(Shedding, whole_flows_and_always_the_same) {
  Model m;
  m.offered_per_s = 3 * m.capacity();
  const auto hash = [](std::uint64_t point) { return point << 16 | 0xabcdef98'00001234; };
  m.run(kSecondNs);
  const std::uint32_t lowest = m.shedding.lowest();
  ASSERT_LT(lowest, Shedding::kAllFlows);
  for (std::uint64_t point = 0; point < Shedding::kAllFlows; point += 97) {
    EXPECT_EQ(m.shedding.keeps(hash(point)), point < m.shedding.kept());
    EXPECT_EQ(m.shedding.may_have_shed(hash(point)), point >= lowest);
  }
  m.offered_per_s = 0;
  m.run(2 * kSecondNs);
  EXPECT_TRUE(m.shedding.keeps(hash(Shedding::kAllFlows - 1)));
  EXPECT_TRUE(m.shedding.may_have_shed(hash(Shedding::kAllFlows - 1)));
  m.turn_ns = 1e6;  // idle turns, for the sake of the test's own time
  m.run(300 * kSecondNs);
  EXPECT_FALSE(m.shedding.may_have_shed(hash(Shedding::kAllFlows - 1)));
}

TEST(Shedding, time_at_the_levels_is_all_the_time) {
  Model m;
  m.offered_per_s = 3 * m.capacity();
  const TimeNs began = m.now;
  m.run(2 * kSecondNs);
  DurationNs sum = 0;
  for (std::size_t i = 0; i < kShedLevels; ++i) sum += m.shedding.time_at(static_cast<ShedLevel>(i));
  EXPECT_NEAR(static_cast<double>(sum), static_cast<double>(m.now - began), 1e6);
  EXPECT_GT(m.shedding.time_at(ShedLevel::flows), kSecondNs);
}

}  // namespace
}  // namespace spanlight
