// Questions whose answers are numbers.

#include <set>

#include "query/history_for_tests.h"
#include "record/names.h"

namespace spanlight {
namespace {

using NumbersTest = HistoryTest;

TEST_F(NumbersTest, NumbersAreExactAndQuantilesNear) {
  sample::Batch batch;
  batch.sensor_epoch = 1'008;
  for (std::uint64_t id = 0; id < 1'000; ++id) {
    batch.records.push_back(sample::usual_call());
    sample::Record& record = batch.records.back();
    record.id = id;
    record.timestamp = kBegin + id * 10'000'000;  // ten seconds in all
    record.response_timestamp = record.timestamp + (id + 1) * 1'000;
    record.is_error = id % 10 == 0;
    record.path = "/api/items/" + std::to_string(id) + "/x";
    record.request.size = 10;
    record.response.size = 20;
  }
  sample::Record alone = sample::usual_call();  // never answered: has no duration
  alone.id = 1'000;
  alone.timestamp = kBegin + 5'000'000'000;
  alone.response_timestamp = 0;
  alone.response.present = false;
  alone.request.size = 10;
  alone.path = "/api/items/7/x";
  batch.records.push_back(alone);
  put(batch_of(batch, party("shop", "front"), party("shop", "back")));

  Scope scope;
  scope.filter_sql = of_epoch(1'008);
  scope.since_ns = kBegin;
  scope.until_ns = kBegin + 10'000'000'000;
  const auto buckets = history_->histogram(scope, 10, {});
  ASSERT_EQ(buckets.size(), 10u);
  for (std::size_t at = 0; at < 10; ++at) {
    EXPECT_EQ(buckets[at].start_ns, kBegin + at * 1'000'000'000);
    EXPECT_EQ(buckets[at].calls, at == 5 ? 101u : 100u);
    EXPECT_EQ(buckets[at].errors, 10u);
  }
  const auto check = [](const Red& red) {
    EXPECT_EQ(red.calls, 1'001u);
    EXPECT_EQ(red.errors, 100u);
    EXPECT_EQ(red.timed, 1'000u);
    EXPECT_NEAR(red.p50_us, 500, 10);
    EXPECT_NEAR(red.p95_us, 950, 20);
    EXPECT_NEAR(red.p99_us, 990, 20);
    EXPECT_NEAR(red.per_second, 100.1, 0.01);
    EXPECT_EQ(red.request_bytes, 10'010u);
    EXPECT_EQ(red.response_bytes, 20'000u);
  };
  for (const Grouping grouping : {Grouping::workload, Grouping::service, Grouping::name_space}) {
    MapQuery map;
    static_cast<Scope&>(map) = scope;
    map.grouping = grouping;
    const Map found = history_->map(map, {});
    ASSERT_EQ(found.edges.size(), 1u);
    EXPECT_TRUE(found.all);
    check(found.edges[0].red);
    const MapNode wanted = grouping == Grouping::workload  ? MapNode{"Deployment", "back", "shop"}
                           : grouping == Grouping::service ? MapNode{"service", "back", "shop"}
                                                           : MapNode{"namespace", "shop", "shop"};
    EXPECT_EQ(found.edges[0].dst, wanted);
  }
  StatsQuery stats;
  static_cast<Scope&>(stats) = scope;
  stats.by_operation = true;
  stats.step_ns = 2'000'000'000;
  const Stats found = history_->stats(stats, {});
  ASSERT_EQ(found.series.size(), 1u);
  EXPECT_EQ(found.series[0].operation, "GET /api/items/{}/x");
  EXPECT_EQ(found.series[0].protocol, "http");
  check(found.series[0].total);
  ASSERT_EQ(found.series[0].points.size(), 5u);
  EXPECT_EQ(found.series[0].points[1].start_ns, kBegin + 2'000'000'000);
  EXPECT_EQ(found.series[0].points[1].red.calls, 200u);
  EXPECT_NEAR(found.series[0].points[1].red.per_second, 100, 0.01);
  stats.step_ns = 1'000;
  EXPECT_THROW(history_->stats(stats, {}), QueryError);
}

// More points than an answer holds are refused: without the newest ones every series would seem to have
// ended.
TEST_F(NumbersTest, TooManyPointsOfAllSeriesAreRefused) {
  constexpr std::uint64_t kSteps = 1'000, kSeries = 201;
  StatsQuery stats;
  stats.filter_sql = of_epoch(1'012);
  stats.since_ns = kBegin;
  stats.until_ns = kBegin + kSteps * 1'000'000'000;
  stats.step_ns = 1'000'000'000;
  stats.by_operation = true;
  stats.series_max = kSeries;
  for (std::uint64_t series = 0; series < kSeries; ++series) {
    sample::Batch batch;
    batch.sensor_epoch = 1'012;
    for (std::uint64_t step = 0; step < kSteps; ++step) {
      sample::Record& record = batch.records.emplace_back(sample::usual_call());
      record.id = series * kSteps + step;
      record.timestamp = kBegin + step * 1'000'000'000;
      record.response_timestamp = record.timestamp + 1'000;
      record.path =
          std::string("/of-") + static_cast<char>('a' + series / 16) + static_cast<char>('a' + series % 16);
    }
    ASSERT_TRUE(store_->writer().offer_patiently(batch_of(batch), {}));
  }
  ASSERT_TRUE(store_->writer().flush(kPatience));
  try {
    history_->stats(stats, {});
    FAIL();
  } catch (const QueryError& error) {
    EXPECT_EQ(error.kind(), QueryError::Kind::too_heavy);
  }
  stats.series_max = kSeries - 1;  // as many points as there may be
  const Stats found = history_->stats(stats, {});
  ASSERT_EQ(found.series.size(), kSeries - 1);
  EXPECT_FALSE(found.all);
  for (const StatsSeries& series : found.series) EXPECT_EQ(series.points.size(), kSteps);
}

TEST_F(NumbersTest, SeriesWithLongNamesHavePointsToo) {
  constexpr std::uint64_t kSeries = 1'800;
  sample::Batch batch;
  batch.sensor_epoch = 1'022;
  for (std::uint64_t series = 0; series < kSeries; ++series) {
    sample::Record& record = batch.records.emplace_back(sample::usual_call());
    record.id = series;
    record.timestamp = kBegin;
    record.path = "/of-";
    for (const std::uint64_t digit : {series / 676, series / 26 % 26, series % 26})
      record.path += static_cast<char>('a' + digit);
    for (int segment = 0; segment < 10; ++segment) record.path += "/" + std::string(40, 'x');
  }
  put(batch_of(batch));
  StatsQuery stats;
  stats.filter_sql = of_epoch(1'022);
  stats.since_ns = kBegin;
  stats.until_ns = kBegin + 2'000'000'000;
  stats.step_ns = 1'000'000'000;
  stats.by_operation = true;
  stats.series_max = kSeries;
  const Stats found = history_->stats(stats, {});
  ASSERT_EQ(found.series.size(), kSeries);
  std::size_t name_bytes = 0;
  for (const StatsSeries& series : found.series) {
    name_bytes += series.operation.size();
    ASSERT_EQ(series.points.size(), 1u);
    EXPECT_EQ(series.points[0].red.calls, 1u);
  }
  EXPECT_GT(name_bytes, std::size_t{256} << 10);  // more than a statement may have
}

TEST_F(NumbersTest, AResponseSeenBeforeItsRequestTookNoTime) {
  sample::Batch batch;
  batch.sensor_epoch = 1'024;
  batch.records.push_back(sample::usual_call());
  batch.records[0].timestamp = kBegin + 5'000'000;
  batch.records[0].response_timestamp = kBegin;
  put(batch_of(batch));
  StatsQuery stats;
  stats.filter_sql = of_epoch(1'024);
  const Stats found = history_->stats(stats, {});
  ASSERT_EQ(found.series.size(), 1u);
  EXPECT_EQ(found.series[0].total.timed, 1u);
  EXPECT_EQ(found.series[0].total.p50_us, 0);
}

TEST_F(NumbersTest, EndsWithoutNamesAreAddresses) {
  sample::Batch batch;
  batch.sensor_epoch = 1'009;
  const wire::Address addresses[] = {{0x2001'0db8'0000'0000, 1},
                                     {0x2001'0db8'0000'0000, 0xffff'0001},
                                     {0, 0x000a'000b},
                                     {0, 0x1'0000},
                                     {0, 0xb},
                                     {0, 0},
                                     {0, 0xffff'0a00'0001},
                                     {0xfe80'0000'0000'0000, 0xffff'0a00'0001}};
  std::set<std::string> names;  // as records and live numbers write them
  for (const wire::Address& address : addresses) {
    char text[kAddressTextMax];
    names.emplace(text, write_address(text, address));
    batch.records.push_back(sample::usual_call());
    batch.records.back().id = batch.records.size();
    batch.records.back().dst = address;
  }
  EXPECT_EQ(names.count("2001:db8::1"), 1u);
  put(batch_of(batch));
  MapQuery map;
  map.filter_sql = of_epoch(1'009);
  const Map found = history_->map(map, {});
  ASSERT_EQ(found.edges.size(), names.size());
  for (const MapEdge& edge : found.edges) {
    EXPECT_EQ(edge.src, (MapNode{"address", "10.244.1.7", ""}));
    EXPECT_EQ(edge.dst.kind, "address");
    EXPECT_EQ(names.count(edge.dst.name), 1u) << edge.dst.name;
  }
}

TEST_F(NumbersTest, ValuesForCompletion) {
  sample::Batch batch;
  batch.sensor_epoch = 1'010;
  batch.records.push_back(sample::usual_call());
  put(batch_of(batch, party("values", "Alpha"), party("values", "al'pine")));
  ValuesQuery query;
  query.namespaces = {"values"};
  query.column = "src_service";
  query.prefix = "AL";
  auto values = history_->values(query, {});
  ASSERT_EQ(values.size(), 1u);
  EXPECT_EQ(values[0].text, "Alpha");
  EXPECT_EQ(values[0].calls, 1u);
  query.column = "dst_labels";
  query.prefix = "";
  EXPECT_EQ(history_->values(query, {}).size(), 2u);
  query.key = "app";
  values = history_->values(query, {});
  ASSERT_EQ(values.size(), 1u);
  EXPECT_EQ(values[0].text, "al'pine");
  for (const char* column : {"request_body", "nothing", "src_ip", "1; DROP TABLE calls", ""}) {
    query.column = column;
    EXPECT_THROW(history_->values(query, {}), QueryError) << column;
  }
}

}  // namespace
}  // namespace spanlight
