#pragma once
// For tests of questions: a store with a real child for all tests of a suite; each test has a sensor epoch,
// or namespaces, of its own.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "query/store_history.h"
#include "store/store_for_tests.h"

namespace spanlight {

using namespace std::chrono_literals;
using namespace testing_store;

constexpr auto kPatience = 120s;
constexpr std::uint64_t kBegin = 1'795'407'600'000'000'000;

class HistoryTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!why_not().empty()) return;
    folder_ = std::make_unique<Folder>();
    store_ = std::make_unique<Store>(settings_in(*folder_), log_to_stderr(), program());
    ASSERT_TRUE(store_->wait_ready(kPatience)) << store_->status().trouble;
    history_ = make_history(store_->client());
  }
  static void TearDownTestSuite() {
    history_.reset();
    store_.reset();
    folder_.reset();
  }
  void SetUp() override {
    if (const std::string why = why_not(); !why.empty()) GTEST_SKIP() << why;
  }

  static void put(const std::shared_ptr<const StoredBatch>& batch) {
    ASSERT_TRUE(store_->writer().offer(batch));
    ASSERT_TRUE(store_->writer().flush(kPatience));
  }
  static Page page(const CallQuery& query, std::vector<std::uint64_t>& ids) {
    return history_->page(query,
                          [&ids](StoredCall&& call) {
                            ids.push_back(call.id().record_id);
                            return true;
                          },
                          {}, {});
  }
  static std::shared_ptr<const Party> party(const std::string& name_space, const std::string& service) {
    Party made;
    made.name = service + "-pod";
    made.name_space = name_space;
    made.pod = made.name;
    made.service = service;
    made.workload_kind = "Deployment";
    made.workload = service;
    made.node = "node-1";
    made.labels = {{"app", service}, {"empty", ""}};
    return std::make_shared<Party>(made);
  }
  static std::string of_epoch(std::uint64_t epoch) { return "epoch = " + std::to_string(epoch); }

  inline static std::unique_ptr<Folder> folder_;
  inline static std::unique_ptr<Store> store_;
  inline static std::unique_ptr<History> history_;
};

}  // namespace spanlight
