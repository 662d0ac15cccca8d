#pragma once
// Questions whose answers are numbers over many calls.

#include "query/query.h"
#include "store/clickhouse.h"

namespace spanlight {

std::vector<Bucket> find_histogram(const ClickHouse& client, const Scope& scope, std::uint32_t buckets,
                                   const std::stop_token& stop);
Map find_map(const ClickHouse& client, const MapQuery& query, const std::stop_token& stop);
Stats find_stats(const ClickHouse& client, const StatsQuery& query, const std::stop_token& stop);
std::vector<Value> find_values(const ClickHouse& client, const ValuesQuery& query,
                               const std::stop_token& stop);

}  // namespace spanlight
