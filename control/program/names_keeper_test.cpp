#include "program/names_keeper.h"

#include <gtest/gtest.h>

#include "kubernetes/cluster.h"

namespace spanlight {
namespace {

constexpr std::size_t kWaitingMax = 4;

// A store that is never ready: nobody listens on port 1.
class NoStore : public ::testing::Test {
 protected:
  NoStore()
      : timeline_(cluster_, board_, {.undrained_max = kWaitingMax}), store_(settings(), [](const auto&) {}) {
    cluster_.observe(timeline_);
  }
  static ControlSettings settings() {
    ControlSettings settings;
    settings.store_url = "http://127.0.0.1:1";
    return settings;
  }
  void put_pods(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const std::uint64_t number = ++pods_;
      Pod pod;
      pod.meta = {{7, number}, "shop", "pod-" + std::to_string(number), 1, 0};
      pod.addresses = {{0, 0xffff0a000000U + number}};
      cluster_.upsert(std::move(pod), {2, 2, 0});
    }
    cluster_.batch_end();
  }
  std::uint64_t lost() const { return timeline_.counters().undrained_lost; }

  Cluster cluster_;
  NamesBoard board_;
  Timeline timeline_;
  Store store_;
  std::uint64_t pods_ = 0;
};

TEST_F(NoStore, WhatIsGivenUpIsCountedAndSaidOnce) {
  unsigned said = 0;
  NamesKeeper keeper(timeline_, store_, [&](LogLevel level, const std::string& sentence) {
    EXPECT_EQ(level, LogLevel::warning);
    EXPECT_NE(sentence.find("missing after a restart"), std::string::npos) << sentence;
    ++said;
  });
  const auto one_look = [&] {
    keeper.start();
    keeper.stop();
  };
  put_pods(kWaitingMax);
  one_look();
  EXPECT_EQ(lost(), 0U);
  EXPECT_EQ(said, 0U);
  for (unsigned look = 1; look < 4; ++look) {
    put_pods(3);
    one_look();
    EXPECT_EQ(lost(), 3U * look);
    EXPECT_EQ(said, 1U);
  }
  EXPECT_EQ(timeline_.drain().size(), kWaitingMax);
}

}  // namespace
}  // namespace spanlight
