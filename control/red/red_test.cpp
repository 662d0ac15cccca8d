#include "red/red.h"

#include <gtest/gtest.h>

#include "record/reader.h"
#include "record/sample.h"

namespace spanlight {
namespace {

constexpr std::uint64_t kNow = 1'795'407'600'000'000'000;

class Red : public ::testing::Test {
 protected:
  // Adds one call; the party of either end may be nullptr.
  void add(const sample::Record& record, const Party* src = nullptr, const Party* dst = nullptr) {
    add_to(table_, record, src, dst);
  }
  void add_to(RedTable& table, const sample::Record& record, const Party* src = nullptr,
              const Party* dst = nullptr) {
    sample::Batch batch;
    batch.records = {record};
    const sample::Bytes bytes = sample::build(batch);
    const auto opened = open_batch({bytes.data(), bytes.size()});
    ASSERT_TRUE(opened);
    const Call call{opened.root, opened->records()->Get(0), {src, {}}, {dst, {}}};
    table.add({&call, 1}, now_);
  }
  static sample::Record call(std::uint64_t time, std::uint64_t duration_us, bool error = false) {
    sample::Record record;
    record.timestamp = time;
    record.response_timestamp = time + duration_us * 1'000;
    record.method = "GET";
    record.path = "/items/1";
    record.is_error = error;
    record.request.size = 100;
    record.response.size = 1'000;
    record.src = sample::ipv4(10, 0, 0, 1);
    record.dst = sample::ipv4(10, 0, 0, 2);
    return record;
  }

  std::uint64_t now_ = kNow;
  RedTable table_{RedLimits{.services = 2, .operations = 2, .edges = 2}};
  Party shop_{.name = "web-1",
              .name_space = "shop",
              .pod = "web-1",
              .workload_kind = "Deployment",
              .workload = "web"};
  Party cart_{
      .name = "cart-1", .name_space = "shop", .pod = "cart-1", .service = "cart", .workload = "cart-v2"};
};

TEST_F(Red, counts_calls_errors_and_durations_by_service_operation_and_edge) {
  add(call(kNow, 1'000), &shop_, &cart_);
  add(call(kNow, 3'000, true), &shop_, &cart_);
  const auto services = table_.services(0);
  ASSERT_EQ(services.size(), 1u);
  EXPECT_EQ(services[0].service.kind, "service");
  EXPECT_EQ(services[0].service.name, "cart");
  EXPECT_EQ(services[0].service.name_space, "shop");
  EXPECT_EQ(services[0].protocol, "http");
  EXPECT_EQ(services[0].total.calls, 2u);
  EXPECT_EQ(services[0].total.errors, 1u);
  EXPECT_EQ(services[0].total.request_bytes, 200u);
  EXPECT_EQ(services[0].total.response_bytes, 2'000u);
  EXPECT_EQ(services[0].total.duration.count(), 2u);
  const auto operations = table_.operations(0);
  ASSERT_EQ(operations.size(), 1u);
  EXPECT_EQ(operations[0].operation, "GET /items/{}");
  const auto edges = table_.edges(0);
  ASSERT_EQ(edges.size(), 1u);
  EXPECT_EQ(edges[0].src.by_workload.kind, "Deployment");
  EXPECT_EQ(edges[0].src.by_workload.name, "web");
  EXPECT_EQ(edges[0].src.by_service.name, "web");  // behind no service: itself
  EXPECT_EQ(edges[0].dst.by_workload.name, "cart-v2");
  EXPECT_EQ(edges[0].dst.by_service.name, "cart");
  EXPECT_EQ(edges[0].protocol, "http");
}

TEST_F(Red, records_of_connections_are_no_calls) {
  sample::Record connection = call(kNow, 10);
  connection.flags = static_cast<std::uint32_t>(wire::Flag::connection);
  add(connection);
  EXPECT_TRUE(table_.services(0).empty());
  add(call(kNow, 10));
  EXPECT_EQ(table_.services(0).at(0).total.calls, 1u);
}

TEST_F(Red, calls_without_an_answer_have_no_duration) {
  sample::Record lonely = call(kNow, 0);
  lonely.state = wire::State::no_response;
  lonely.response_timestamp = 0;
  add(lonely);
  const auto services = table_.services(0);
  ASSERT_EQ(services.size(), 1u);
  EXPECT_EQ(services[0].service.kind, "address");
  EXPECT_EQ(services[0].service.name, "10.0.0.2");
  EXPECT_EQ(services[0].total.unanswered, 1u);
  EXPECT_EQ(services[0].total.duration.count(), 0u);
}

TEST_F(Red, keeps_steps_apart_also_when_calls_come_out_of_order) {
  for (const std::uint64_t ago : {0, 2, 1, 0, 2}) add(call(kNow - ago * kStepNs, 10));
  const auto services = table_.services(0);
  ASSERT_EQ(services.size(), 1u);
  ASSERT_EQ(services[0].steps.size(), 3u);
  EXPECT_EQ(services[0].steps[0].counts.calls, 2u);
  EXPECT_EQ(services[0].steps[1].counts.calls, 1u);
  EXPECT_EQ(services[0].steps[2].counts.calls, 2u);
  EXPECT_LT(services[0].steps[0].index, services[0].steps[1].index);
  EXPECT_EQ(table_.services(kNow - kStepNs)[0].steps.size(), 2u);
}

TEST_F(Red, a_clock_that_is_wrong_moves_nothing_but_its_own_calls) {
  add(call(kNow, 10));
  add(call(kNow * 2, 10));  // decades ahead
  add(call(1, 10));         // 1970
  const auto services = table_.services(0);
  ASSERT_EQ(services[0].steps.size(), 2u);
  EXPECT_EQ(services[0].steps.back().index, kNow / kStepNs);
  EXPECT_EQ(services[0].steps.back().counts.calls, 2u);
  EXPECT_EQ(services[0].total.calls, 3u);
}

TEST_F(Red, beyond_the_limit_sums_stay_exact) {
  for (std::uint8_t host = 1; host <= 5; ++host) {
    sample::Record record = call(kNow, 10);
    record.dst = sample::ipv4(10, 0, 1, host);
    add(record);
  }
  std::uint64_t sum = 0, other = 0;
  for (const ServiceCounts& service : table_.services(0)) {
    sum += service.total.calls;
    if (service.service.name == "(other)") other = service.total.calls;
  }
  EXPECT_EQ(sum, 5u);
  EXPECT_EQ(other, 3u);
  EXPECT_GE(table_.health().overflowed, 3u);
}

TEST_F(Red, silence_makes_operations_and_edges_forgotten_but_not_services) {
  add(call(kNow, 10), &shop_, &cart_);
  now_ += (kStepsKept + 2) * kStepNs;
  sample::Record other = call(now_, 10);
  add(other);
  EXPECT_EQ(table_.health().edges, 1u);
  EXPECT_EQ(table_.health().operations, 1u);
  EXPECT_EQ(table_.health().services, 2u);
  for (const ServiceCounts& service : table_.services(0))
    EXPECT_EQ(service.steps.empty(), service.service.name == "cart");
}

// A scan leaves room for what has a name, and what it took is given back.
TEST_F(Red, addresses_neither_fill_the_table_nor_stay_for_ever) {
  RedTable table(RedLimits{.services = 8, .operations = 8, .edges = 8});
  const auto scan = [&](std::uint8_t net) {
    for (std::uint8_t host = 1; host <= 10; ++host) {
      sample::Record record = call(now_, 10);
      record.dst = sample::ipv4(10, 0, net, host);
      add_to(table, record);
    }
  };
  const auto total_of = [&](std::string_view name) {
    std::uint64_t calls = 0;
    for (const ServiceCounts& service : table.services(0))
      if (service.service.name == name) calls += service.total.calls;
    return calls;
  };
  scan(1);
  EXPECT_EQ(total_of("(other)"), 4u);
  add_to(table, call(now_, 10), &shop_, &cart_);
  EXPECT_EQ(total_of("cart"), 1u);
  now_ += (kStepsKept + 2) * kStepNs;
  add_to(table, call(now_, 10), &shop_, &cart_);
  EXPECT_EQ(total_of("cart"), 2u);
  EXPECT_EQ(total_of("(other)"), 10u);  // no call is lost
  EXPECT_EQ(table.health().services, 2u);
  scan(2);
  EXPECT_EQ(total_of("10.0.2.1"), 1u);
}

}  // namespace
}  // namespace spanlight
