#include "live/live.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "record/reader.h"
#include "record/sample.h"

namespace spanlight {
namespace {

// Calls with this path; empty: all.
serve::LiveRequest wants(const std::string& path) {
  serve::LiveRequest request;
  request.filter.matches = [path](const Call& call) {
    return path.empty() || text_of(call.record->path()) == path;
  };
  request.principal.payloads = true;
  return request;
}

class Live : public ::testing::Test {
 protected:
  // A batch of `paths.size()` GET calls from `src` to nobody known.
  std::shared_ptr<const NamedBatch> batch_of(const std::vector<std::string>& paths,
                                             const Party* src = nullptr, std::uint64_t received_ns = 1) {
    sample::Batch made;
    for (const std::string& path : paths) {
      sample::Record record = sample::usual_call();
      record.method = "GET";
      record.path = path;
      made.records.push_back(record);
    }
    const auto bytes = std::make_shared<sample::Bytes>(sample::build(made));
    const auto opened = open_batch({bytes->data(), bytes->size()});
    auto named = std::make_shared<NamedBatch>();
    named->bytes = bytes;
    named->batch = opened.root;
    named->received_ns = received_ns;
    for (const wire::Record* record : *opened->records())
      named->calls.push_back({opened.root, record, {src, {}}, {}});
    return named;
  }
  static std::vector<std::string> paths(serve::LiveFeed& client) {
    std::vector<std::string> all;
    for (const auto& line : client.take().lines) all.push_back(nlohmann::json::parse(*line)["path"]);
    return all;
  }

  LiveHub hub_{4};
  int woken_ = 0;
  std::function<void()> wake_ = [this] { ++woken_; };
};

TEST_F(Live, each_client_gets_what_its_filter_wants) {
  const auto all = hub_.join(wants(""), wake_);
  const auto some = hub_.join(wants("/b"), wake_);
  hub_.take(batch_of({"/a", "/b"}));
  EXPECT_EQ(paths(*all), (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(paths(*some), (std::vector<std::string>{"/b"}));
  EXPECT_EQ(woken_, 2);
  some->change(wants("/a"));
  hub_.take(batch_of({"/a", "/b"}));
  EXPECT_EQ(paths(*some), (std::vector<std::string>{"/a"}));
}

TEST_F(Live, a_slow_client_is_told_what_it_missed_and_others_are_not_slowed) {
  const auto slow = hub_.join(wants(""), wake_);
  const auto quick = hub_.join(wants(""), wake_);
  for (int i = 0; i < 3; ++i) {
    hub_.take(batch_of({"/1", "/2", "/3"}));
    EXPECT_EQ(quick->take().lines.size(), 3u);
  }
  const serve::LiveFeed::Taken taken = slow->take();
  EXPECT_EQ(taken.lines.size(), 4u);
  EXPECT_EQ(taken.missed, 5u);
  EXPECT_EQ(slow->take().missed, 0u);
  const LiveHub::Counters counters = hub_.counters();
  EXPECT_EQ(counters.matched, 18u);
  EXPECT_EQ(counters.sent, 13u);
  EXPECT_EQ(counters.missed, 5u);
}

TEST_F(Live, is_woken_once_until_it_takes) {
  const auto client = hub_.join(wants(""), wake_);
  hub_.take(batch_of({"/1"}));
  hub_.take(batch_of({"/2"}));
  EXPECT_EQ(woken_, 1);
  client->take();
  hub_.take(batch_of({"/3"}));
  EXPECT_EQ(woken_, 2);
}

TEST_F(Live, more_than_a_client_wants_to_read_is_skipped_and_counted) {
  serve::LiveRequest view = wants("");
  view.calls_per_second = 3;
  const auto client = hub_.join(view, wake_);
  hub_.take(batch_of({"/1", "/2", "/3", "/4", "/5", "/6"}));
  serve::LiveFeed::Taken taken = client->take();
  EXPECT_EQ(taken.lines.size(), 3u);
  EXPECT_EQ(taken.skipped, 3u);
  EXPECT_EQ(taken.missed, 0u);
  hub_.take(batch_of({"/7"}));
  EXPECT_EQ(client->take().skipped, 1u);
  hub_.take(batch_of({"/8"}, nullptr, 2'000'000'000));
  EXPECT_EQ(client->take().lines.size(), 1u);
}

TEST_F(Live, a_viewer_of_namespaces_sees_no_others) {
  const Party shop{.name = "a", .name_space = "shop"};
  const Party bank{.name = "b", .name_space = "bank"};
  serve::LiveRequest view = wants("");
  view.principal.namespaces = {"shop", "web"};
  const auto client = hub_.join(view, wake_);
  hub_.take(batch_of({"/1"}, &bank));
  hub_.take(batch_of({"/2"}));
  EXPECT_TRUE(client->take().lines.empty());
  hub_.take(batch_of({"/3"}, &shop));
  EXPECT_EQ(paths(*client), (std::vector<std::string>{"/3"}));
}

TEST_F(Live, payloads_go_only_to_who_may_see_them) {
  const auto brief = hub_.join(wants(""), wake_);
  serve::LiveRequest view = wants("");
  view.payloads = true;
  const auto whole = hub_.join(view, wake_);
  hub_.take(batch_of({"/1"}));
  EXPECT_FALSE(nlohmann::json::parse(*brief->take().lines.at(0))["request"].contains("headers"));
  EXPECT_TRUE(nlohmann::json::parse(*whole->take().lines.at(0))["request"].contains("headers"));
  view.principal.payloads = false;  // asks for more than it may see
  whole->change(view);
  hub_.take(batch_of({"/1"}));
  EXPECT_FALSE(nlohmann::json::parse(*whole->take().lines.at(0))["request"].contains("headers"));
}

TEST_F(Live, who_left_is_forgotten) {
  {
    const auto gone = hub_.join(wants(""), wake_);
    EXPECT_EQ(hub_.clients(), 1u);
  }
  hub_.take(batch_of({"/1"}));
  EXPECT_EQ(woken_, 0);
  EXPECT_EQ(hub_.clients(), 0u);
}

TEST_F(Live, clients_come_and_go_while_calls_flow) {
  std::atomic<bool> stop = false;
  const auto batch = batch_of({"/1", "/2"});
  std::vector<std::thread> sensors;
  for (int i = 0; i < 2; ++i)
    sensors.emplace_back([&] {
      while (!stop) hub_.take(batch);
    });
  const auto nothing = [] {};
  std::uint64_t seen = 0;
  for (int i = 0; i < 200; ++i) {
    const auto client = hub_.join(wants(""), nothing);
    const std::uint64_t before = hub_.counters().matched;
    while (hub_.counters().matched < before + 8) std::this_thread::yield();
    client->change(wants("/1"));
    const serve::LiveFeed::Taken taken = client->take();
    seen += taken.lines.size() + taken.missed;
  }
  stop = true;
  for (std::thread& sensor : sensors) sensor.join();
  EXPECT_GT(seen, 0u);
}

}  // namespace
}  // namespace spanlight
