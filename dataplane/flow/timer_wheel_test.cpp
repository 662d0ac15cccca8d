#include "flow/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace spanlight {
namespace {

struct TimersOf {
  std::vector<Timer>* timers;
  Timer& operator()(std::uint32_t i) const { return (*timers)[i]; }
};
using Wheel = TimerWheel<TimersOf>;

constexpr TimeNs kStart = 1'700'000'000 * kSecondNs;
constexpr std::size_t kAll = ~std::size_t{0};

struct Bench {
  explicit Bench(std::size_t n) : timers(n), wheel(TimersOf{&timers}) {
    wheel.advance(kStart, kAll, [](auto) {});
  }
  std::vector<std::uint32_t> advance(TimeNs now, std::size_t budget = kAll) {
    std::vector<std::uint32_t> fired;
    wheel.advance(now, budget, [&](std::uint32_t i) { fired.push_back(i); });
    return fired;
  }
  std::vector<Timer> timers;
  Wheel wheel;
};

TEST(TimerWheel, FiresNeverEarlyAndAtMostOneTickLate) {
  for (const DurationNs delay : {DurationNs{1}, 20 * kMillisecondNs, 999 * kMillisecondNs, 2 * kSecondNs,
                                 300 * kSecondNs, 7'200 * kSecondNs}) {
    Bench b(1);
    b.wheel.arm(0, kStart + delay);
    EXPECT_TRUE(b.advance(kStart + delay - 1).empty()) << delay;
    EXPECT_EQ(b.advance(kStart + delay + kTickNs).size(), 1u) << delay;
    EXPECT_TRUE(b.advance(kStart + 3 * delay + kSecondNs).empty()) << "only once";
  }
}

TEST(TimerWheel, ATimerArmedForThePastFiresNext) {
  Bench b(1);
  b.wheel.arm(0, kStart - kSecondNs);
  EXPECT_EQ(b.advance(kStart).size(), 1u);
}

TEST(TimerWheel, DisarmedAndRearmedTimersKeepTheLastWord) {
  Bench b(3);
  b.wheel.arm(0, kStart + kSecondNs);
  b.wheel.arm(1, kStart + kSecondNs);
  b.wheel.arm(2, kStart + kSecondNs);
  b.wheel.disarm(1);
  b.wheel.arm(2, kStart + 10 * kSecondNs);
  EXPECT_EQ(b.advance(kStart + 2 * kSecondNs), std::vector<std::uint32_t>{0});
  EXPECT_EQ(b.advance(kStart + 11 * kSecondNs), std::vector<std::uint32_t>{2});
}

TEST(TimerWheel, TheBudgetBoundsATurnAndLosesNothing) {
  Bench b(100);
  for (std::uint32_t i = 0; i < 100; ++i) b.wheel.arm(i, kStart + kMillisecondNs * (1 + i % 5));
  std::size_t fired = 0;
  for (int turn = 0; turn < 10; ++turn) {
    const std::size_t n = b.advance(kStart + kSecondNs, 10).size();
    EXPECT_LE(n, 10u);
    fired += n;
  }
  EXPECT_EQ(fired, 100u);
}

TEST(TimerWheel, ATimerThatAlwaysRearmsDoesNotStallATurn) {
  Bench b(1);
  b.wheel.arm(0, kStart + kMillisecondNs);
  int fired = 0;
  b.wheel.advance(kStart + 100 * kMillisecondNs, kAll, [&](std::uint32_t i) {
    ++fired;
    b.wheel.arm(i, kStart);
  });
  EXPECT_LE(fired, 200);
  EXPECT_GE(fired, 1);
}

TEST(TimerWheel, ACaptureMayRestForYears) {
  Bench b(2);
  const DurationNs year = 365ull * 86'400 * kSecondNs;
  b.wheel.arm(0, kStart + 5 * kSecondNs);
  b.wheel.arm(1, kStart + year);
  EXPECT_EQ(b.advance(kStart + year / 2), std::vector<std::uint32_t>{0});
  EXPECT_EQ(b.advance(kStart + 2 * year), std::vector<std::uint32_t>{1});
}

TEST(TimerWheel, AgreesWithASortedMapUnderRandomUse) {
  constexpr std::uint32_t kTimers = 200;
  Bench b(kTimers);
  std::map<std::uint32_t, TimeNs> model;
  std::mt19937_64 random(11);
  TimeNs now = kStart;
  for (int step = 0; step < 20'000; ++step) {
    const auto i = static_cast<std::uint32_t>(random() % kTimers);
    switch (random() % 4) {
      case 0:
      case 1: {
        static constexpr DurationNs kSpans[] = {kMillisecondNs, 50 * kMillisecondNs, 3 * kSecondNs,
                                                4'000 * kSecondNs};
        model[i] = now + random() % kSpans[random() % 4] + 1;
        b.wheel.arm(i, model[i]);
        break;
      }
      case 2:
        b.wheel.disarm(i);
        model.erase(i);
        break;
      default: {
        now += random() % (random() % 50 == 0 ? 2'000 * kSecondNs : 40 * kMillisecondNs);
        for (const std::uint32_t fired : b.advance(now)) {
          ASSERT_TRUE(model.contains(fired));
          ASSERT_LE(model[fired], now) << "early";
          model.erase(fired);
        }
        for (const auto& [timer, deadline] : model) ASSERT_GT(deadline + kTickNs, now) << "late: " << timer;
      }
    }
  }
}

}  // namespace
}  // namespace spanlight
