#include "red/red.h"

#include <algorithm>

#include "record/names.h"
#include "record/reader.h"
#include "red/operation.h"

namespace spanlight {
namespace {

constexpr std::uint64_t kAheadMaxNs = 60'000'000'000;
constexpr std::uint64_t kTidyEveryNs = kStepNs;
// Of a series' name: a node's three texts; for an edge, a workload's and a service's at each end.
constexpr std::size_t kNodeParts = 3;
constexpr std::size_t kServiceParts = kNodeParts + 1, kOperationParts = kServiceParts + 1;
constexpr std::size_t kEdgeParts = 4 * kNodeParts + 1;

std::uint64_t time_of(const wire::Record& record, std::uint64_t now_ns) {
  const std::uint64_t time = record.timestamp() != 0 ? record.timestamp() : record.response_timestamp();
  constexpr std::uint64_t kKeptNs = (kStepsKept - 1) * kStepNs;
  if (time > now_ns + kAheadMaxNs) return now_ns;
  return std::max(time, now_ns < kKeptNs ? 0 : now_ns - kKeptNs);
}

// Rate, errors and duration are of calls: a connection is no further one.
bool tells_of_connection(const wire::Record& record) {
  return (record.flags() & static_cast<std::uint32_t>(wire::Flag::connection)) != 0;
}

// Of one call, before it goes into several series.
struct Contribution {
  bool error = false, unanswered = false, timed = false;
  std::uint64_t request_bytes = 0, response_bytes = 0, duration_us = 0;
};

Contribution contribution_of(const wire::Record& record) {
  const bool complete = record.state() == wire::State::complete;
  const std::uint64_t request_ns = record.timestamp(), response_ns = record.response_timestamp();
  return {.error = record.is_error(),
          .unanswered = record.state() == wire::State::no_response,
          .timed = complete && request_ns != 0 && response_ns != 0,
          .request_bytes = record.request() == nullptr ? 0 : record.request()->size(),
          .response_bytes = record.response() == nullptr ? 0 : record.response()->size(),
          // A response that was seen before its request (a skewed TAP) took no time.
          .duration_us = response_ns > request_ns ? (response_ns - request_ns) / 1'000 : 0};
}

void count(const Contribution& call, StepCounts& counts) {
  ++counts.calls;
  counts.errors += call.error;
  counts.unanswered += call.unanswered;
  counts.request_bytes += call.request_bytes;
  counts.response_bytes += call.response_bytes;
  if (call.timed) counts.duration.add(call.duration_us);
}

struct Node {
  std::string_view kind, name, name_space;
};
struct EndNodes {
  Node by_workload, by_service;
};

// `address_text` holds the address where nothing else is known.
EndNodes nodes_of(const CallEnd& end, const wire::Address& address, char* address_text) {
  const auto both = [](const Node& node) { return EndNodes{node, node}; };
  if (const Party* party = end.party; party != nullptr) {
    const Node workload{party->workload_kind, party->workload, party->name_space};
    const Node service{"service", party->service, party->name_space};
    if (!party->workload.empty()) return {workload, party->service.empty() ? workload : service};
    if (!party->service.empty()) return both(service);
    if (!party->name.empty()) return both({"name", party->name, party->name_space});
  }
  if (!end.dns.empty()) return both({"dns", end.dns, {}});
  const char* text_end = write_address(address_text, address);
  return both({"address", {address_text, static_cast<std::size_t>(text_end - address_text)}, {}});
}

void add(SeriesName& name, const Node& node) {
  name.add(node.kind);
  name.add(node.name);
  name.add(node.name_space);
}

std::vector<SeriesTable::Step> steps_since(const SeriesTable::Series& series, std::uint64_t since_ns) {
  std::vector<SeriesTable::Step> steps;
  for (const SeriesTable::Step& step : series.steps)
    if (step.index * kStepNs >= since_ns) steps.push_back(step);
  return steps;
}

// Of a series' name: the server is known by an address or by what DNS calls it, as all the world is.
bool is_nobodys(std::string_view name) {
  const std::string_view kind = name.substr(0, name.find('\0'));
  return kind == "address" || kind == "dns";
}

RedNode node_of(const std::vector<std::string_view>& parts, std::size_t first) {
  return {std::string(parts[first]), std::string(parts[first + 1]), std::string(parts[first + 2])};
}

std::vector<ServiceCounts> services_of(const SeriesTable& table, std::uint64_t since_ns) {
  std::vector<ServiceCounts> all;
  table.each([&](const SeriesTable::Series& series) {
    const std::vector<std::string_view> parts = SeriesName::parts_of(series.name);
    all.push_back({node_of(parts, 0), std::string(parts[kNodeParts]),
                   parts.size() > kServiceParts ? std::string(parts[kServiceParts]) : std::string(),
                   series.total(), steps_since(series, since_ns)});
  });
  return all;
}

}  // namespace

struct RedTable::Counted {
  struct Place {
    SeriesName name;
    std::uint64_t hash = 0;
    SeriesTable::Series* series = nullptr;
  };
  Place service, operation, edge;
  std::uint64_t time_ns = 0;
  Contribution contribution;
};

RedTable::RedTable(const RedLimits& limits)
    : services_(limits.services, kServiceParts, is_nobodys),
      operations_(limits.operations, kOperationParts, nullptr),
      edges_(limits.edges, kEdgeParts, nullptr),
      stage_(kStage) {}
RedTable::~RedTable() = default;

void RedTable::add(std::span<const Call> calls, std::uint64_t now_ns) {
  const std::lock_guard held(lock_);
  for (; !calls.empty(); calls = calls.subspan(std::min(kStage, calls.size())))
    add_stage(calls.first(std::min(kStage, calls.size())), now_ns);
  if (now_ns - tidied_ns_ < kTidyEveryNs) return;
  tidied_ns_ = now_ns;
  for (SeriesTable* table : {&services_, &operations_, &edges_}) table->forget_old();
}

// Many series are in no cache: names and hashes of all calls first, then their series, then their counts.
void RedTable::add_stage(std::span<const Call> calls, std::uint64_t now_ns) {
  std::size_t taken = 0;
  const auto each_place = [&](auto act) {
    for (std::size_t i = 0; i < taken; ++i) {
      act(services_, stage_[i].service, stage_[i]);
      act(operations_, stage_[i].operation, stage_[i]);
      act(edges_, stage_[i].edge, stage_[i]);
    }
  };
  for (const Call& call : calls) {
    if (tells_of_connection(*call.record)) continue;
    Counted& stage = stage_[taken++];
    stage.time_ns = time_of(*call.record, now_ns);
    stage.contribution = contribution_of(*call.record);
    set_names(call, stage);
  }
  each_place([](SeriesTable& table, Counted::Place& place, const Counted&) {
    place.hash = SeriesTable::hash_of(place.name.text());
    table.prefetch(place.hash);
  });
  each_place([](SeriesTable& table, Counted::Place& place, const Counted&) {
    place.series = &table.find(place.name.text(), place.hash);
    if (!place.series->steps.empty()) __builtin_prefetch(&place.series->steps.back());
  });
  each_place([](SeriesTable& table, const Counted::Place& place, const Counted& counted) {
    count(counted.contribution, table.at(*place.series, counted.time_ns));
  });
}

void RedTable::set_names(const Call& call, Counted& counted) {
  const wire::Record& record = *call.record;
  const std::string_view protocol = text_of(record.protocol());
  char src_text[kAddressTextMax], dst_text[kAddressTextMax];
  const EndNodes src = nodes_of(call.src, *record.src(), src_text);
  const EndNodes dst = nodes_of(call.dst, *record.dst(), dst_text);
  SeriesName& service = counted.service.name;
  service.clear();
  spanlight::add(service, dst.by_service);
  service.add(protocol);
  SeriesName& operation = counted.operation.name;
  operation = service;
  operation.add(operation_of(record, operation_));
  SeriesName& edge = counted.edge.name;
  edge.clear();
  for (const Node& node : {src.by_workload, src.by_service, dst.by_workload, dst.by_service})
    spanlight::add(edge, node);
  edge.add(protocol);
}

std::vector<ServiceCounts> RedTable::services(std::uint64_t since_ns) const {
  const std::lock_guard held(lock_);
  return services_of(services_, since_ns);
}

std::vector<ServiceCounts> RedTable::operations(std::uint64_t since_ns) const {
  const std::lock_guard held(lock_);
  return services_of(operations_, since_ns);
}

std::vector<EdgeCounts> RedTable::edges(std::uint64_t since_ns) const {
  const std::lock_guard held(lock_);
  std::vector<EdgeCounts> all;
  edges_.each([&](const SeriesTable::Series& series) {
    const std::vector<std::string_view> parts = SeriesName::parts_of(series.name);
    std::vector<SeriesTable::Step> steps = steps_since(series, since_ns);
    if (steps.empty()) return;
    all.push_back({{node_of(parts, 0), node_of(parts, kNodeParts)},
                   {node_of(parts, 2 * kNodeParts), node_of(parts, 3 * kNodeParts)},
                   std::string(parts[4 * kNodeParts]),
                   std::move(steps)});
  });
  return all;
}

RedTable::Health RedTable::health() const {
  const std::lock_guard held(lock_);
  return {services_.size(), operations_.size(), edges_.size(),
          services_.overflowed() + operations_.overflowed() + edges_.overflowed()};
}

}  // namespace spanlight
