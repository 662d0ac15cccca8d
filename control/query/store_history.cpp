#include "query/store_history.h"

#include <algorithm>

#include "query/aggregates.h"
#include "query/conditions.h"
#include "query/pages.h"

namespace spanlight {
namespace {

constexpr std::uint32_t kByTraceMax = 10'000;

class StoreHistory : public History {
 public:
  explicit StoreHistory(const ClickHouse& client) : client_(client) {}

  Page page(const CallQuery& query, const OnCall& on_call, const OnProgress& on_progress,
            std::stop_token cancel) override {
    return find_page(client_, query, on_call, on_progress, cancel);
  }
  std::optional<StoredCall> call(const CallId& id, const std::vector<std::string>& namespaces,
                                 std::stop_token cancel) override;
  std::vector<StoredCall> around(const ConnectionQuery& query, std::stop_token cancel) override;
  std::optional<StoredCall> connection(const ConnectionQuery& query, std::stop_token cancel) override;
  std::vector<StoredCall> by_trace(const std::string& trace_id, const std::vector<std::string>& namespaces,
                                   std::uint32_t limit, std::stop_token cancel) override;
  std::vector<Bucket> histogram(const Scope& scope, std::uint32_t buckets, std::stop_token cancel) override {
    return find_histogram(client_, scope, buckets, cancel);
  }
  Map map(const MapQuery& query, std::stop_token cancel) override { return find_map(client_, query, cancel); }
  Stats stats(const StatsQuery& query, std::stop_token cancel) override {
    return find_stats(client_, query, cancel);
  }
  std::vector<Value> values(const ValuesQuery& query, std::stop_token cancel) override {
    return find_values(client_, query, cancel);
  }

 private:
  std::vector<StoredCall> calls_at(const std::vector<Place>& places, const Scope& scope, bool payloads,
                                   const std::stop_token& cancel) const {
    std::vector<StoredCall> calls;
    read_places(
        client_, places, scope, false, payloads,
        [&calls](StoredCall&& call) {
          calls.push_back(std::move(call));
          return true;
        },
        cancel);
    return calls;
  }

  const ClickHouse& client_;
};

std::optional<StoredCall> StoreHistory::call(const CallId& id, const std::vector<std::string>& namespaces,
                                             std::stop_token cancel) {
  const Scope scope = scope_of(namespaces);
  const std::string condition =
      "record_id = " + std::to_string(id.record_id) + " AND epoch = " + std::to_string(id.epoch);
  auto calls = calls_at(find_places(client_, scope, condition, true, 1, cancel), scope, true, cancel);
  if (calls.empty()) return std::nullopt;
  return std::move(calls.front());
}

std::vector<StoredCall> StoreHistory::around(const ConnectionQuery& query, std::stop_token cancel) {
  Scope scope = scope_of(query.namespaces);
  const std::string condition =
      "conn_id = " + std::to_string(query.conn_id) + " AND epoch = " + std::to_string(query.epoch);
  const std::string place = "(" + sql_time(query.time_ns) + ", " + std::to_string(query.record_id) + ")";
  std::vector<Place> places;
  if (query.before > 0) {
    scope.until_ns = query.time_ns + 1;
    places = find_places(client_, scope, condition + " AND (time, record_id) < " + place, true, query.before,
                         cancel);
  }
  if (query.after > 0) {
    scope.until_ns = 0;
    scope.since_ns = query.time_ns;
    const auto later = find_places(client_, scope, condition + " AND (time, record_id) >= " + place, false,
                                   query.after, cancel);
    places.insert(places.end(), later.begin(), later.end());
  }
  return calls_at(places, scope, query.payloads, cancel);
}

// Its reports all stand at the time at which it began: the last of them has the greatest number.
std::optional<StoredCall> StoreHistory::connection(const ConnectionQuery& query, std::stop_token cancel) {
  Scope scope = scope_of(query.namespaces);
  scope.until_ns = query.time_ns + 1;
  const auto flag = static_cast<std::uint32_t>(wire::Flag::connection);
  const std::string condition = "conn_id = " + std::to_string(query.conn_id) +
                                " AND epoch = " + std::to_string(query.epoch) + " AND bitAnd(flags, " +
                                std::to_string(flag) + ") != 0";
  auto records =
      calls_at(find_places(client_, scope, condition, true, 1, cancel), scope, query.payloads, cancel);
  if (records.empty()) return std::nullopt;
  return std::move(records.front());
}

std::vector<StoredCall> StoreHistory::by_trace(const std::string& trace_id,
                                               const std::vector<std::string>& namespaces,
                                               std::uint32_t limit, std::stop_token cancel) {
  if (trace_id.empty()) return {};
  const Scope scope = scope_of(namespaces);
  const std::uint32_t most = std::min(limit, kByTraceMax);
  return calls_at(find_places(client_, scope, "trace_id = " + sql_text(trace_id), false, most, cancel), scope,
                  false, cancel);
}

}  // namespace

std::unique_ptr<History> make_history(const ClickHouse& client) {
  return std::make_unique<StoreHistory>(client);
}

}  // namespace spanlight
