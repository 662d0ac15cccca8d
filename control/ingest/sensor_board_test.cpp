#include "ingest/sensor_board.h"

#include <gtest/gtest.h>

#include "record/reader.h"

namespace spanlight {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000, kNow = 1'795'407'600 * kSecond;

struct Count {
  std::string name, label;
  std::uint64_t value;
};

flatbuffers::DetachedBuffer stats_of(std::uint64_t epoch, std::uint64_t time_ns,
                                     const std::vector<Count>& counts) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<wire::Counter>> counters;
  for (const Count& c : counts)
    counters.push_back(wire::CreateCounterDirect(builder, c.name.c_str(), c.label.c_str(), c.value));
  std::vector<flatbuffers::Offset<wire::WorkerStats>> workers = {
      wire::CreateWorkerStatsDirect(builder, 3, &counters)};
  builder.Finish(wire::CreateStatsDirect(builder, "rack12", epoch, 0, time_ns, nullptr, &workers), "SLST");
  return builder.Release();
}

flatbuffers::DetachedBuffer hello_of(
    const std::vector<std::pair<std::string, std::vector<std::string>>>& protocols) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<wire::Protocol>> made;
  for (const auto& [name, fields] : protocols) {
    std::vector<flatbuffers::Offset<wire::FieldSpec>> specs;
    for (const std::string& field : fields)
      specs.push_back(wire::CreateFieldSpecDirect(builder, field.c_str()));
    made.push_back(wire::CreateProtocolDirect(builder, name.c_str(), "", &specs));
  }
  builder.Finish(wire::CreateHelloDirect(builder, "rack12", 7, "0.1.0", 1, 2, kNow, &made), "SLHE");
  return builder.Release();
}

class Board : public ::testing::Test {
 protected:
  void stats(std::uint64_t epoch, std::uint64_t time_ns, std::uint64_t now_ns,
             const std::vector<Count>& counts = {}) {
    const auto bytes = stats_of(epoch, time_ns, counts);
    Received received;
    received.kind = Received::Kind::stats;
    received.stats = open_stats({bytes.data(), bytes.size()}).root;
    ASSERT_NE(received.stats, nullptr);
    board_.on_received(0, received, bytes.size(), now_ns);
  }
  void hello(std::size_t at, const std::vector<std::pair<std::string, std::vector<std::string>>>& protocols) {
    const auto bytes = hello_of(protocols);
    Received received;
    received.kind = Received::Kind::hello;
    received.hello = open_hello({bytes.data(), bytes.size()}).root;
    ASSERT_NE(received.hello, nullptr);
    board_.on_received(at, received, bytes.size(), kNow);
  }
  SensorBoard board_{{SensorLink{}, SensorLink{}}};
};

TEST_F(Board, rates_are_differences_over_the_sensors_own_time) {
  stats(1, kNow, kNow, {{"packets_total", "", 1'000}, {"drops_total", "ring", 5}});
  stats(1, kNow + 2 * kSecond, kNow,
        {{"new_total", "", 9}, {"packets_total", "", 5'000}, {"drops_total", "ring", 5}});
  const std::vector<SensorCounter> counters = board_.sensors()[0].counters;
  ASSERT_EQ(counters.size(), 3u);
  EXPECT_EQ(counters[1].name, "packets_total");
  EXPECT_EQ(counters[1].who, "3");
  EXPECT_DOUBLE_EQ(counters[1].per_second, 2'000);
  EXPECT_DOUBLE_EQ(counters[2].per_second, 0);
  EXPECT_DOUBLE_EQ(counters[0].per_second, 0);
}

TEST_F(Board, a_sensor_that_began_anew_has_no_rate_at_first) {
  stats(1, kNow, kNow, {{"packets_total", "", 1'000}});
  stats(2, kNow + kSecond, kNow, {{"packets_total", "", 9'000}});
  EXPECT_DOUBLE_EQ(board_.sensors()[0].counters[0].per_second, 0);
}

TEST_F(Board, the_clock_offset_is_that_of_the_fastest_message) {
  for (const std::uint64_t delay : {30, 2, 50}) {
    EXPECT_FALSE(board_.sensors()[0].clock_known) << "one message alone may have waited";
    stats(1, kNow + 100, kNow + 100 + delay);
  }
  EXPECT_TRUE(board_.sensors()[0].clock_known);
  EXPECT_EQ(board_.sensors()[0].clock_offset_ns, -2);
  stats(1, kNow + 100 * kSecond + 5 * kSecond, kNow + 100 * kSecond);  // the old ones are out of the window
  EXPECT_EQ(board_.sensors()[0].clock_offset_ns, static_cast<std::int64_t>(5 * kSecond));
}

TEST_F(Board, the_catalog_changes_only_when_a_sensor_says_something_new) {
  hello(0, {{"http", {"a"}}});
  const std::uint64_t first = board_.catalog_generation();
  hello(0, {{"http", {"a"}}});
  EXPECT_EQ(board_.catalog_generation(), first);
  hello(1, {{"http", {"a", "b"}}, {"redis", {"command"}}});
  EXPECT_GT(board_.catalog_generation(), first);
  const std::vector<SensorProtocol> catalog = board_.catalog();
  ASSERT_EQ(catalog.size(), 2u);
  EXPECT_EQ(catalog[0].fields.size(), 2u);
}

}  // namespace
}  // namespace spanlight
