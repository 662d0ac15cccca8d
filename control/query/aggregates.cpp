#include "query/aggregates.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "query/conditions.h"
#include "store/schema.h"

namespace spanlight {
namespace {

// Rate, errors and duration are of calls: records of connections themselves are none (Flag.connection).
constexpr std::string_view kCallsAlone = "bitAnd(flags, 1024) = 0";
static_assert(static_cast<std::uint32_t>(wire::Flag::connection) == 1'024);

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kPointsMax = 200'000;  // of all series together

// Numbers are of a range that is known: where the asker left an end open, the calls' own.
Scope closed(const ClickHouse& client, const Scope& scope, const std::stop_token& stop) {
  Scope range = scope;
  if (range.since_ns != 0 && range.until_ns != 0) return range;
  const auto calls = range_of_calls(client, scope, stop);
  if (!calls) return range;
  if (range.since_ns == 0) range.since_ns = calls->first_ns;
  if (range.until_ns == 0) range.until_ns = calls->last_ns + 1;
  return range;
}

double seconds_of(const Scope& range) {
  return range.until_ns > range.since_ns ? static_cast<double>(range.until_ns - range.since_ns) / kSecond : 0;
}

MapNode read_node(RowCursor& row) {
  MapNode node;
  node.kind = row.text();
  node.name = row.text();
  node.name_space = row.text();
  return node;
}

double finite(double value) {
  return std::isfinite(value) ? value : 0;
}

Red read_red(RowCursor& row, double seconds) {
  Red red;
  red.calls = row.number<std::uint64_t>();
  red.errors = row.number<std::uint64_t>();
  red.timed = row.number<std::uint64_t>();
  const std::uint64_t quantiles = row.list();
  double values[3] = {};
  for (std::uint64_t at = 0; at < quantiles && row.good(); ++at) {
    const double value = row.number<double>();
    if (at < 3) values[at] = finite(value);  // not a number where nothing was timed
  }
  red.p50_us = values[0];
  red.p95_us = values[1];
  red.p99_us = values[2];
  red.request_bytes = row.number<std::uint64_t>();
  red.response_bytes = row.number<std::uint64_t>();
  red.per_second = seconds > 0 ? static_cast<double>(red.calls) / seconds : 0;
  return red;
}

// The columns that tell series apart; what is not asked for is the same for all.
std::string series_sql(const StatsQuery& query) {
  const std::string nobody = "('', '', '')";
  return (query.by_service ? node_sql("dst", Grouping::service) : nobody) + " AS service, " +
         (query.by_protocol ? "CAST(protocol, 'String')" : std::string("''")) + " AS of_protocol, " +
         (query.by_operation ? "CAST(operation, 'String')" : std::string("''")) + " AS of_operation";
}

// By which a series is found again: names of thousands would be a longer statement than the store reads.
constexpr std::string_view kSeriesKey = "cityHash64(service, of_protocol, of_operation)";

StatsSeries read_series(RowCursor& row) {
  StatsSeries series;
  series.service = read_node(row);
  series.protocol = row.text();
  series.operation = row.text();
  return series;
}

// `keys`: of the series, in their order.
void read_points(const ClickHouse& client, const StatsQuery& query, const Scope& range,
                 const std::vector<std::uint64_t>& keys, Stats& stats, const std::stop_token& stop) {
  std::map<std::uint64_t, StatsSeries*> known;
  std::string chosen;
  for (std::size_t at = 0; at < stats.series.size(); ++at) {
    known.emplace(keys[at], &stats.series[at]);
    chosen += (chosen.empty() ? "" : ", ") + std::to_string(keys[at]);
  }
  const std::string step = std::to_string(query.step_ns), since = std::to_string(range.since_ns);
  const double seconds = static_cast<double>(query.step_ns) / kSecond;
  std::uint64_t points = 0;
  ask_rows(client,
           {.sql = "WITH " + series_sql(query) + " SELECT " + std::string(kSeriesKey) +
                   " AS series, intDiv(" + std::string(kTimeNs) + " - " + since + ", " + step +
                   ") AS bucket, " + red_sql() + " FROM calls" + where(range, kCallsAlone) +
                   " GROUP BY service, of_protocol, of_operation, bucket HAVING series IN (" + chosen +
                   ") ORDER BY bucket LIMIT " + std::to_string(kPointsMax + 1)},
           stop, [&](RowCursor& row) {
             const auto series = row.number<std::uint64_t>();
             const auto bucket = static_cast<std::uint64_t>(row.number<std::int64_t>());
             const Red red = read_red(row, seconds);
             if (!row.good()) return true;
             ++points;
             if (const auto found = known.find(series); found != known.end())
               found->second->points.push_back({range.since_ns + bucket * query.step_ns, red});
             return true;
           });
  // Those left out would be the newest of all series, as if everybody had fallen silent.
  if (points > kPointsMax)
    throw QueryError(QueryError::Kind::too_heavy, "there would be more than " + std::to_string(kPointsMax) +
                                                      " points in all: take a longer step or fewer series");
}

}  // namespace

std::vector<Bucket> find_histogram(const ClickHouse& client, const Scope& scope, std::uint32_t buckets,
                                   const std::stop_token& stop) {
  const Scope range = closed(client, scope, stop);
  if (range.until_ns <= range.since_ns || buckets == 0) return {};
  const std::uint64_t count = std::min(buckets, kBucketsMax);
  const std::uint64_t width = (range.until_ns - range.since_ns + count - 1) / count;
  std::vector<Bucket> all(count);
  for (std::uint64_t at = 0; at < count; ++at) all[at].start_ns = range.since_ns + at * width;
  std::vector<Bucket> connections = all;
  bool any_calls = false;
  ask_rows(client,
           {.sql = "SELECT toUInt64(intDiv(" + std::string(kTimeNs) + " - " + std::to_string(range.since_ns) +
                   ", " + std::to_string(width) + ")) AS bucket, " + std::string(kCallsAlone) +
                   " AS is_call, count(), countIf(is_error) FROM calls" + where(range) +
                   " GROUP BY bucket, is_call"},
           stop, [&](RowCursor& row) {
             const auto bucket = row.number<std::uint64_t>();
             const bool is_call = row.number<std::uint8_t>() != 0;
             const auto count_of = row.number<std::uint64_t>(), errors = row.number<std::uint64_t>();
             if (!row.good() || bucket >= all.size()) return true;
             Bucket& counted = (is_call ? all : connections)[bucket];
             counted.calls = count_of;
             counted.errors = errors;
             any_calls = any_calls || is_call;
             return true;
           });
  // Whoever asks for connections alone (protocol == "conn") sees when they were.
  return any_calls ? all : connections;
}

Map find_map(const ClickHouse& client, const MapQuery& query, const std::stop_token& stop) {
  const Scope range = closed(client, query, stop);
  const double seconds = seconds_of(range);
  Map map;
  ask_rows(client,
           {.sql = "SELECT " + node_sql("src", query.grouping) + " AS src, " +
                   node_sql("dst", query.grouping) + " AS dst, CAST(protocol, 'String') AS of_protocol, " +
                   red_sql() + " FROM calls" + where(range, kCallsAlone) +
                   " GROUP BY src, dst, of_protocol ORDER BY count() DESC, src, dst, of_protocol LIMIT " +
                   std::to_string(std::uint64_t{query.edges_max} + 1)},
           stop, [&](RowCursor& row) {
             MapEdge edge;
             edge.src = read_node(row);
             edge.dst = read_node(row);
             edge.protocol = row.text();
             edge.red = read_red(row, seconds);
             if (row.good()) map.edges.push_back(std::move(edge));
             return true;
           });
  map.all = map.edges.size() <= query.edges_max;
  if (!map.all) map.edges.resize(query.edges_max);
  return map;
}

Stats find_stats(const ClickHouse& client, const StatsQuery& query, const std::stop_token& stop) {
  const Scope range = closed(client, query, stop);
  const double seconds = seconds_of(range);
  Stats stats;
  std::vector<std::uint64_t> keys;
  if (query.step_ns != 0 && (range.until_ns - range.since_ns) / query.step_ns > kBucketsMax)
    throw QueryError(QueryError::Kind::too_heavy, "the step is too short: there would be more than " +
                                                      std::to_string(kBucketsMax) + " points");
  ask_rows(
      client,
      {.sql = "SELECT " + series_sql(query) + ", " + std::string(kSeriesKey) + ", " + red_sql() +
              " FROM calls" + where(range, kCallsAlone) +
              " GROUP BY service, of_protocol, of_operation ORDER BY count() DESC, service, of_protocol, "
              "of_operation LIMIT " +
              std::to_string(std::uint64_t{query.series_max} + 1)},
      stop, [&](RowCursor& row) {
        StatsSeries series = read_series(row);
        const auto key = row.number<std::uint64_t>();
        series.total = read_red(row, seconds);
        if (!row.good()) return true;
        stats.series.push_back(std::move(series));
        keys.push_back(key);
        return true;
      });
  stats.all = stats.series.size() <= query.series_max;
  if (!stats.all) stats.series.resize(query.series_max);
  if (query.step_ns != 0 && !stats.series.empty()) read_points(client, query, range, keys, stats, stop);
  return stats;
}

std::vector<Value> find_values(const ClickHouse& client, const ValuesQuery& query,
                               const std::stop_token& stop) {
  std::string value;
  for (const Column& column : call_columns()) {
    if (column.name != query.column) continue;
    const bool body = column.name.ends_with("_body");
    if ((column.type == "String" && !body) || column.type == "LowCardinality(String)")
      value = "CAST(" + sql_name(column.name) + ", 'String')";
    if (column.name.ends_with("_labels"))
      value = query.key.empty() ? "CAST(arrayJoin(mapKeys(" + sql_name(column.name) + ")), 'String')"
                                : sql_name(column.name) + "[" + sql_text(query.key) + "]";
  }
  if (value.empty())
    throw QueryError(QueryError::Kind::refused,
                     "\"" + query.column + "\" is no column with values to choose from");
  std::vector<Value> values;
  ask_rows(
      client,
      {.sql = "SELECT " + value + " AS value, countIf(" + std::string(kCallsAlone) + ") AS calls FROM calls" +
              where(query) +
              " GROUP BY value HAVING value != '' AND startsWith(lowerUTF8(value), lowerUTF8(" +
              sql_text(query.prefix) + ")) ORDER BY calls DESC, value LIMIT " + std::to_string(query.limit)},
      stop, [&](RowCursor& row) {
        Value found;
        found.text = row.text();
        found.calls = row.number<std::uint64_t>();
        if (row.good()) values.push_back(std::move(found));
        return true;
      });
  return values;
}

}  // namespace spanlight
