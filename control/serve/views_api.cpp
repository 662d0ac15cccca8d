// What many calls come to: the service map, rate and errors and durations over time, counts over time, and
// the values that a column holds.

#include <algorithm>
#include <array>
#include <string>

#include "serve/api.h"
#include "serve/api_parts.h"
#include "serve/clock.h"
#include "serve/questions.h"
#include "serve/time_text.h"

namespace spanlight::serve {
namespace {

constexpr std::uint64_t kUsualRangeNs = 15ull * 60 * 1'000'000'000;

// Views always have a range: without one the last quarter of an hour.
template <typename Query>
void set_scope(Query& query, const Request& request, const Backend& backend, AuditNote& note) {
  const std::uint64_t now = now_ns();
  static_cast<Scope&>(query) = scope_of(request, backend, now, note);
  if (query.until_ns == 0) query.until_ns = now;
  if (query.since_ns == 0)
    query.since_ns = query.until_ns > kUsualRangeNs ? query.until_ns - kUsualRangeNs : 0;
  if (query.since_ns >= query.until_ns)
    throw ApiError(400, "bad_parameter", "\"since\" must be earlier than until");
}

void append_scope(JsonOut& json, const Scope& scope) {
  append_time(json, "since", scope.since_ns);
  append_time(json, "until", scope.until_ns);
}

void append_node(JsonOut& json, std::string_view key, const MapNode& node) {
  json.key(key)
      .open_object()
      .member("kind", node.kind)
      .member("name", node.name)
      .member("namespace", node.name_space)
      .close_object();
}

void append_red(JsonOut& json, const Red& red) {
  json.member("calls", red.calls)
      .member("errors", red.errors)
      .member("timed", red.timed)
      .member("per_second", red.per_second)
      .member("p50_us", red.p50_us)
      .member("p95_us", red.p95_us)
      .member("p99_us", red.p99_us)
      .member("request_bytes", red.request_bytes)
      .member("response_bytes", red.response_bytes);
}

// Live counts are of everything, so only who may see everything gets them.
bool live_counts_do(const Backend& backend, const Scope& scope) {
  return backend.overview != nullptr && scope.namespaces.empty() &&
         (scope.source.empty() || scope.source == "live");
}

void answer_map(const Request& request, const Backend& backend, Exchange& exchange) {
  MapQuery query;
  set_scope(query, request, backend, exchange.audit());
  const std::string_view by = request.parameter("by");
  if (by == "service")
    query.grouping = Grouping::service;
  else if (by == "namespace")
    query.grouping = Grouping::name_space;
  else if (!by.empty() && by != "workload")
    throw ApiError(400, "bad_parameter", "\"by\" must be workload, service or namespace");
  query.edges_max = number_of(request, "limit", 1, 10'000, 2'000);
  std::optional<Map> map;
  if (live_counts_do(backend, query)) map = backend.overview->map(query, request.parameter("filter"));
  const bool live = map.has_value();
  if (!live) map = history_of(backend).map(query, exchange.cancelled());
  TextBuffer out;
  JsonOut json(out);
  json.open_object().key("edges").open_array();
  for (const MapEdge& edge : map->edges) {
    json.open_object();
    append_node(json, "src", edge.src);
    append_node(json, "dst", edge.dst);
    json.member("protocol", edge.protocol);
    append_red(json, edge.red);
    json.close_object();
  }
  json.close_array().member("all", map->all).member("counted_live", live);
  append_scope(json, query);
  json.close_object();
  exchange.send_json(std::string(out.view()));
}

void set_grouping(StatsQuery& query, std::string_view by) {
  if (by.empty()) return;
  query.by_service = query.by_protocol = query.by_operation = false;
  while (!by.empty()) {
    const std::size_t comma = by.find(',');
    const std::string_view what = by.substr(0, comma);
    by = comma == by.npos ? std::string_view{} : by.substr(comma + 1);
    if (what == "service")
      query.by_service = true;
    else if (what == "protocol")
      query.by_protocol = true;
    else if (what == "operation")
      query.by_operation = true;
    else if (what != "all")
      throw ApiError(400, "bad_parameter",
                     "\"by\" must be of service, protocol, operation, with commas; or all");
  }
}

std::uint64_t step_of(const Request& request, const Scope& scope) {
  const std::string_view text = request.parameter("step");
  if (text.empty()) return 0;
  const std::optional<std::uint64_t> step = parse_duration(text);
  if (!step || *step < 1'000'000)
    throw ApiError(400, "bad_parameter", "\"step\" must be a duration of a millisecond or more, e.g. 10s");
  if ((scope.until_ns - scope.since_ns) / *step > kBucketsMax)
    throw ApiError(400, "bad_parameter",
                   "\"step\" makes more than " + std::to_string(kBucketsMax) + " points; take a longer one");
  return *step;
}

void answer_stats(const Request& request, const Backend& backend, Exchange& exchange) {
  StatsQuery query;
  set_scope(query, request, backend, exchange.audit());
  query.step_ns = step_of(request, query);
  set_grouping(query, request.parameter("by"));
  query.series_max = number_of(request, "limit", 1, 2'000, 200);
  std::optional<Stats> stats;
  if (live_counts_do(backend, query)) stats = backend.overview->stats(query, request.parameter("filter"));
  const bool live = stats.has_value();
  if (!live) stats = history_of(backend).stats(query, exchange.cancelled());
  TextBuffer out;
  JsonOut json(out);
  json.open_object().key("series").open_array();
  for (const StatsSeries& series : stats->series) {
    json.open_object();
    append_node(json, "service", series.service);
    json.member("protocol", series.protocol).member("operation", series.operation);
    append_red(json, series.total);
    json.key("points").open_array();
    for (const StatsPoint& point : series.points) {
      json.open_object();
      append_time(json, "start", point.start_ns);
      append_red(json, point.red);
      json.close_object();
    }
    json.close_array().close_object();
  }
  json.close_array().member("all", stats->all).member("counted_live", live);
  append_scope(json, query);
  json.close_object();
  exchange.send_json(std::string(out.view()));
}

void answer_histogram(const Request& request, const Backend& backend, Exchange& exchange) {
  Scope scope;
  set_scope(scope, request, backend, exchange.audit());
  const std::uint32_t buckets = number_of(request, "buckets", 1, kBucketsMax, 120);
  const std::vector<Bucket> counted = history_of(backend).histogram(scope, buckets, exchange.cancelled());
  TextBuffer out;
  JsonOut json(out);
  json.open_object().key("buckets").open_array();
  for (const Bucket& bucket : counted) {
    json.open_object();
    append_time(json, "start", bucket.start_ns);
    json.member("calls", bucket.calls).member("errors", bucket.errors).close_object();
  }
  json.close_array();
  append_scope(json, scope);
  json.close_object();
  exchange.send_json(std::string(out.view()));
}

// Names and shapes of calls. What is in headers and bodies is not offered: completing it would show it.
constexpr auto kColumns = std::to_array<std::string_view>(
    {"source",       "sensor",      "protocol",      "version",           "method",      "path",
     "error",        "src_name",    "src_namespace", "src_pod",           "src_service", "src_workload_kind",
     "src_workload", "src_node",    "src_dns",       "src_labels",        "dst_name",    "dst_namespace",
     "dst_pod",      "dst_service", "dst_workload",  "dst_workload_kind", "dst_node",    "dst_dns",
     "dst_labels"});

void answer_values(const Request& request, const Backend& backend, Exchange& exchange) {
  ValuesQuery query;
  set_scope(query, request, backend, exchange.audit());
  query.column = request.parameter("column");
  if (std::find(kColumns.begin(), kColumns.end(), query.column) == kColumns.end()) {
    std::string known;
    for (const std::string_view each : kColumns) known.append(known.empty() ? "" : ", ").append(each);
    throw ApiError(400, "bad_parameter", "\"column\" must be one of " + known);
  }
  query.key = request.parameter("key");
  query.prefix = request.parameter("prefix");
  query.limit = number_of(request, "limit", 1, 1'000, 50);
  TextBuffer out;
  JsonOut json(out);
  json.open_object().key("values").open_array();
  for (const Value& value : history_of(backend).values(query, exchange.cancelled()))
    json.open_object().member("value", value.text).member("calls", value.calls).close_object();
  json.close_array().close_object();
  exchange.send_json(std::string(out.view()));
}

Route view_route(std::string path, std::string id, std::string summary, std::vector<std::string> keys) {
  Route route;
  route.path = std::move(path);
  route.id = std::move(id);
  route.summary = std::move(summary);
  route.is_slow = true;
  route.parameters = {filter_parameter(), since_parameter(), until_parameter(), source_parameter()};
  route.outcomes = {{200, "application/json", "Counted.", std::move(keys)},
                    {400, "application/json", "A parameter or the filter is wrong.", {"error"}}};
  return route;
}

}  // namespace

void add_view_routes(RouteTable& table, const Backend& backend) {
  Route map = view_route("/api/map", "map", "Who calls whom: rate, errors, durations and bytes of each edge",
                         {"edges", "all", "counted_live", "since", "until"});
  map.parameters.push_back(
      {"by", In::query, "string", "What a node is.", "workload", {"workload", "service", "namespace"}});
  map.parameters.push_back({"limit", In::query, "integer", "The busiest edges, 1 to 10000.", "100", {}});
  map.handler = [&backend](const Request& request, Exchange& exchange) {
    answer_map(request, backend, exchange);
  };
  table.add(std::move(map));

  Route stats = view_route("/api/stats", "stats", "Rate, errors and durations over time",
                           {"series", "all", "counted_live", "since", "until"});
  stats.parameters.push_back({"by",
                              In::query,
                              "string",
                              "service, protocol, operation, several with commas; or all.",
                              "service,operation",
                              {}});
  stats.parameters.push_back({"step",
                              In::query,
                              "string",
                              "Length of a point, e.g. 10s; none: one number for the range.",
                              "30s",
                              {}});
  stats.parameters.push_back({"limit", In::query, "integer", "The busiest series, 1 to 2000.", "100", {}});
  stats.outcomes.push_back({422, "application/json", "More points than one answer holds.", {"error"}});
  stats.handler = [&backend](const Request& request, Exchange& exchange) {
    answer_stats(request, backend, exchange);
  };
  table.add(std::move(stats));

  Route histogram =
      view_route("/api/histogram", "histogram", "Calls and errors over time", {"buckets", "since", "until"});
  histogram.parameters.push_back({"buckets", In::query, "integer", "So many, 1 to 2000.", "60", {}});
  histogram.handler = [&backend](const Request& request, Exchange& exchange) {
    answer_histogram(request, backend, exchange);
  };
  table.add(std::move(histogram));

  Route values = view_route("/api/values", "values", "What a column holds, for completion", {"values"});
  values.parameters.push_back({"column", In::query, "string", "A column of names.", "dst_service", {}});
  values.parameters.push_back({"key", In::query, "string", "Of a label; none: the labels' names.", "", {}});
  values.parameters.push_back({"prefix", In::query, "string", "How they begin.", "", {}});
  values.parameters.push_back({"limit", In::query, "integer", "At most so many, 1 to 1000.", "50", {}});
  values.handler = [&backend](const Request& request, Exchange& exchange) {
    answer_values(request, backend, exchange);
  };
  table.add(std::move(values));
}

}  // namespace spanlight::serve
