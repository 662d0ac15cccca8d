#pragma once
// Pieces of SQL that all questions are made of, and how what the store says becomes what the asker is told.
// Whatever is asked goes through where(): it is the one place where namespaces are enforced.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/query.h"
#include "store/clickhouse.h"

namespace spanlight {

// "WHERE …" for a scope; `more` is a further condition, or empty.
std::string where(const Scope& scope, std::string_view more = {});
Scope scope_of(const std::vector<std::string>& namespaces);

std::string sql_time(std::uint64_t time_ns);  // a DateTime64(9)
constexpr std::string_view kTimeNs = "toUnixTimestamp64Nano(time)";
constexpr std::string_view kHasPair = "timestamp != 0 AND response_timestamp != 0";

// "(kind, name, namespace)" of an end ("src", "dst") in a map.
std::string node_sql(std::string_view end, Grouping grouping);
// First and last time of the calls between a scope's times, whatever else it wants. Nothing: there is none.
struct TimeRange {
  std::uint64_t first_ns = 0, last_ns = 0;
};
std::optional<TimeRange> range_of_calls(const ClickHouse& client, const Scope& scope,
                                        const std::stop_token& stop);

// The columns that Red is read from, in its order; read_red() reads them.
std::string red_sql();

QueryError told(const StoreError& error);

// Runs a question and hands its rows on. Throws QueryError.
template <typename ReadRow>
void ask_rows(const ClickHouse& client, const ClickHouse::Statement& statement, const std::stop_token& stop,
              const ReadRow& read_row);

}  // namespace spanlight

#include "store/row_stream.h"

namespace spanlight {

template <typename ReadRow>
void ask_rows(const ClickHouse& client, const ClickHouse::Statement& statement, const std::stop_token& stop,
              const ReadRow& read_row) {
  RowStream rows;
  bool more = true;
  try {
    client.stream(
        statement, [&](std::string_view piece) { return more = rows.feed(piece, read_row); }, stop);
  } catch (const StoreError& error) {
    throw told(error);
  }
  if (stop.stop_requested()) throw QueryError(QueryError::Kind::cancelled, "cancelled");
  if (more && !rows.whole())
    throw QueryError(QueryError::Kind::unavailable, "the store's answer ended in the middle of a row");
}

}  // namespace spanlight
