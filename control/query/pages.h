#pragma once
// Pages of calls: windows of time, searched one after the other until the page is full.

#include "query/query.h"
#include "store/clickhouse.h"

namespace spanlight {

// Where a call stands in the order of pages.
struct Place {
  std::uint64_t time_ns = 0;
  std::uint64_t epoch = 0;
  std::uint64_t record_id = 0;
};
std::string cursor_text(const Place& place, bool newest_first);
Place read_cursor(const std::string& text, bool newest_first);  // throws QueryError::bad_cursor

Page find_page(const ClickHouse& client, const CallQuery& query, const OnCall& on_call,
               const OnProgress& on_progress, const std::stop_token& stop);

// Places of calls that are in `scope` and fulfil `condition`, at most `limit`; light columns alone are read.
std::vector<Place> find_places(const ClickHouse& client, const Scope& scope, const std::string& condition,
                               bool newest_first, std::uint64_t limit, const std::stop_token& stop);
// The whole calls at these places, in order.
bool read_places(const ClickHouse& client, const std::vector<Place>& places, const Scope& scope,
                 bool newest_first, bool payloads, const OnCall& on_call, const std::stop_token& stop);

}  // namespace spanlight
