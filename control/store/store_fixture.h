#pragma once
// For tests: a store with its real child in a folder of its own, for each test.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "store/store_for_tests.h"

namespace spanlight {

using namespace std::chrono_literals;
using namespace testing_store;

constexpr auto kPatience = 120s;

template <typename Condition>
bool comes_true(const Condition& condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

inline sample::Batch batch(std::uint64_t first_id, std::uint64_t calls, std::uint64_t epoch = 7) {
  sample::Batch made;
  made.sensor_epoch = epoch;
  for (std::uint64_t at = 0; at < calls; ++at) {
    made.records.push_back(sample::usual_call());
    made.records.back().id = first_id + at;
    made.records.back().timestamp += (first_id + at) * 1'000;
  }
  return made;
}

inline std::string ask(const Store& store, const std::string& sql) {
  return store.client().ask({.sql = sql + " FORMAT TabSeparated"});
}

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_not(); !why.empty()) GTEST_SKIP() << why;
  }
  std::unique_ptr<Store> open(const ControlSettings& settings) {
    auto store = std::make_unique<Store>(settings, log_to_stderr(), program());
    EXPECT_TRUE(store->wait_ready(kPatience)) << store->status().trouble;
    return store;
  }
  Folder folder_;
};

}  // namespace spanlight
