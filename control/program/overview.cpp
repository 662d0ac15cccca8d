#include "program/overview.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "process/clock.h"

namespace spanlight {
namespace {

constexpr std::uint64_t kMemoryNs = kStepsKept * kStepNs;

// Sums of calls before they are told as a Red.
struct Sum {
  std::uint64_t calls = 0, errors = 0, request_bytes = 0, response_bytes = 0;
  DurationHistogram duration;

  void add(const StepCounts& counts) {
    calls += counts.calls;
    errors += counts.errors;
    request_bytes += counts.request_bytes;
    response_bytes += counts.response_bytes;
    duration.add(counts.duration);
  }
  Red red(double seconds) const {
    const auto quantile = [&](double share) { return static_cast<double>(duration.quantile_us(share)); };
    return {.calls = calls,
            .errors = errors,
            .timed = duration.count(),
            .per_second = seconds > 0 ? static_cast<double>(calls) / seconds : 0,
            .p50_us = quantile(0.5),
            .p95_us = quantile(0.95),
            .p99_us = quantile(0.99),
            .request_bytes = request_bytes,
            .response_bytes = response_bytes};
  }
};

// Steps are all or nothing: those that begin within the range.
struct Range {
  std::uint64_t since_ns, until_ns;
  bool holds(const SeriesTable::Step& step) const {
    const std::uint64_t begin = step.index * kStepNs;
    return begin >= since_ns && begin < until_ns;
  }
  double seconds() const { return static_cast<double>(until_ns - since_ns) / 1e9; }
};

// Nothing where the range is not one that steps can answer: too old, or so short that their edges would
// matter.
std::optional<Range> range_of(const Scope& scope, std::string_view filter, std::uint64_t started_ns) {
  const std::uint64_t now = wall_clock_ns();
  if (!filter.empty() || scope.since_ns == 0 || scope.since_ns + kMemoryNs < now + kStepNs)
    return std::nullopt;
  if (scope.since_ns < started_ns) return std::nullopt;
  const std::uint64_t until = scope.until_ns == 0 || scope.until_ns > now ? now : scope.until_ns;
  const std::uint64_t since = scope.since_ns / kStepNs * kStepNs;
  constexpr std::uint64_t kStepsLeast = 3;
  if (until < since + kStepsLeast * kStepNs) return std::nullopt;
  return Range{since, until};
}

// What found no series of its own: who it was only the store knows.
bool tells_of_others(const RedNode& node, const std::vector<SeriesTable::Step>& steps, const Range& range) {
  return node.kind == kOther && std::any_of(steps.begin(), steps.end(),
                                            [&](const SeriesTable::Step& step) { return range.holds(step); });
}

MapNode node_of(const RedNode& node) {
  return {node.kind, node.name, node.name_space};
}

MapNode grouped(const RedEnd& end, Grouping grouping) {
  if (grouping == Grouping::service) return node_of(end.by_service);
  if (grouping == Grouping::workload) return node_of(end.by_workload);
  const RedNode& node = end.by_workload;
  return node.name_space.empty() ? node_of(node) : MapNode{"namespace", node.name_space, node.name_space};
}

using NodeKey = std::tuple<std::string, std::string, std::string>;
NodeKey key_of(const MapNode& node) {
  return {node.kind, node.name, node.name_space};
}

template <typename Item>
bool keep_busiest(std::vector<Item>& items, std::size_t most, const Red Item::*red) {
  std::stable_sort(items.begin(), items.end(),
                   [&](const Item& a, const Item& b) { return (a.*red).calls > (b.*red).calls; });
  const bool all = items.size() <= most;
  if (!all) items.resize(most);
  return all;
}

}  // namespace

std::optional<Map> RedOverview::map(const MapQuery& query, std::string_view filter) const {
  const std::optional<Range> range = range_of(query, filter, started_ns_);
  if (!range) return std::nullopt;
  struct Edge {
    MapEdge edge;
    Sum sum;
  };
  std::map<std::tuple<NodeKey, NodeKey, std::string>, Edge> edges;
  for (const RedTable* table : ingest_.red()) {
    for (const EdgeCounts& counts : table->edges(range->since_ns)) {
      if (started_ns_ != 0 && tells_of_others(counts.src.by_workload, counts.steps, *range))
        return std::nullopt;
      const MapNode src = grouped(counts.src, query.grouping), dst = grouped(counts.dst, query.grouping);
      Edge& edge = edges[{key_of(src), key_of(dst), counts.protocol}];
      edge.edge = {src, dst, counts.protocol, {}};
      for (const SeriesTable::Step& step : counts.steps)
        if (range->holds(step)) edge.sum.add(step.counts);
    }
  }
  Map map;
  for (auto& [key, edge] : edges) {
    if (edge.sum.calls == 0) continue;
    edge.edge.red = edge.sum.red(range->seconds());
    map.edges.push_back(std::move(edge.edge));
  }
  map.all = keep_busiest(map.edges, query.edges_max, &MapEdge::red);
  return map;
}

std::optional<Stats> RedOverview::stats(const StatsQuery& query, std::string_view filter) const {
  const std::optional<Range> range = range_of(query, filter, started_ns_);
  if (!range || query.step_ns % kStepNs != 0) return std::nullopt;
  struct Series {
    StatsSeries series;
    Sum total;
    std::map<std::uint64_t, Sum> points;
  };
  std::map<std::tuple<NodeKey, std::string, std::string>, Series> all;
  for (const RedTable* table : ingest_.red()) {
    const auto counted =
        query.by_operation ? table->operations(range->since_ns) : table->services(range->since_ns);
    for (const ServiceCounts& counts : counted) {
      if (started_ns_ != 0 && tells_of_others(counts.service, counts.steps, *range)) return std::nullopt;
      const MapNode service = query.by_service ? node_of(counts.service) : MapNode{};
      const std::string protocol = query.by_protocol ? counts.protocol : std::string();
      Series& series = all[{key_of(service), protocol, counts.operation}];
      series.series.service = service;
      series.series.protocol = protocol;
      series.series.operation = counts.operation;
      for (const SeriesTable::Step& step : counts.steps) {
        if (!range->holds(step)) continue;
        series.total.add(step.counts);
        if (query.step_ns == 0) continue;
        const std::uint64_t bucket = (step.index * kStepNs - range->since_ns) / query.step_ns;
        series.points[range->since_ns + bucket * query.step_ns].add(step.counts);
      }
    }
  }
  Stats stats;
  for (auto& [key, series] : all) {
    if (series.total.calls == 0) continue;
    series.series.total = series.total.red(range->seconds());
    for (const auto& [start_ns, sum] : series.points)
      series.series.points.push_back({start_ns, sum.red(static_cast<double>(query.step_ns) / 1e9)});
    stats.series.push_back(std::move(series.series));
  }
  stats.all = keep_busiest(stats.series, query.series_max, &StatsSeries::total);
  return stats;
}

}  // namespace spanlight
