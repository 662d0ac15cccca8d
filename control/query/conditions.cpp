#include "query/conditions.h"

#include <algorithm>
#include <initializer_list>

#include "store/call_block.h"

namespace spanlight {
namespace {

std::string list_of(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + sql_text(text);
  return "(" + list + ")";
}

// The times of the first row that `sql` finds; false: it finds none.
bool ask_times(const ClickHouse& client, const std::string& sql, std::initializer_list<std::uint64_t*> times,
               const std::stop_token& stop) {
  bool any = false;
  ask_rows(client, {.sql = sql}, stop, [&](RowCursor& row) {
    std::uint64_t values[2] = {};
    for (std::size_t at = 0; at < times.size(); ++at) values[at] = row.number<std::uint64_t>();
    if (!row.good()) return true;
    for (std::size_t at = 0; at < times.size(); ++at) *times.begin()[at] = values[at];
    any = true;
    return true;
  });
  return any;
}

// As the record writes it (record/names.h): dotted where IPv4-mapped, and nowhere else. ClickHouse also dots
// the last two groups behind six that are zero.
std::string address_sql(const std::string& column) {
  const std::string text = "IPv6NumToString(" + column + ")";
  const auto group = [&](int at) {
    return "replaceRegexpOne(lower(hex(substring(reinterpretAsFixedString(" + column + "), " +
           std::to_string(at) + ", 2))), '^0{1,3}', '')";
  };
  return "multiIf(position(" + text + ", '.') = 0, " + text + ", startsWith(" + text +
         ", '::ffff:'), substring(" + text + ", 8), concat('::', " + group(13) + ", ':', " + group(15) + "))";
}

}  // namespace

std::string sql_time(std::uint64_t time_ns) {
  return "fromUnixTimestamp64Nano(toInt64(" + std::to_string(std::min(time_ns, kOrderTimeMax)) + "), 'UTC')";
}

std::string where(const Scope& scope, std::string_view more) {
  std::string all;
  const auto add = [&all](const std::string& condition) {
    all += (all.empty() ? " WHERE (" : " AND (") + condition + ")";
  };
  if (scope.since_ns != 0) add("time >= " + sql_time(scope.since_ns));
  if (scope.until_ns != 0) add("time < " + sql_time(scope.until_ns));
  if (!scope.namespaces.empty()) {
    const std::string list = list_of(scope.namespaces);
    add("src_namespace IN " + list + " OR dst_namespace IN " + list);
  }
  if (!scope.source.empty()) add("source = " + sql_text(scope.source));
  if (!more.empty()) add(std::string(more));
  if (!scope.filter_sql.empty()) add(scope.filter_sql);
  return all;
}

Scope scope_of(const std::vector<std::string>& namespaces) {
  Scope scope;
  scope.namespaces = namespaces;
  return scope;
}

std::optional<TimeRange> range_of_calls(const ClickHouse& client, const Scope& scope,
                                        const std::stop_token& stop) {
  // The store knows these two without reading a call.
  TimeRange range;
  if (!ask_times(client, "SELECT min(time), max(time) FROM calls HAVING count() > 0",
                 {&range.first_ns, &range.last_ns}, stop))
    return std::nullopt;
  const Scope times{.since_ns = scope.since_ns, .until_ns = scope.until_ns};
  const std::string inside = "SELECT time FROM calls" + where(times) + " ORDER BY time";
  if (scope.since_ns > range.first_ns && !ask_times(client, inside + " LIMIT 1", {&range.first_ns}, stop))
    return std::nullopt;
  if (scope.until_ns != 0 && scope.until_ns <= range.last_ns &&
      !ask_times(client, inside + " DESC LIMIT 1", {&range.last_ns}, stop))
    return std::nullopt;
  return range;
}

std::string node_sql(std::string_view end, Grouping grouping) {
  const std::string e = std::string(end) + "_";
  const auto text = [](const std::string& column) { return "CAST(" + column + ", 'String')"; };
  const auto node = [&](const std::string& kind, const std::string& name, const std::string& name_space) {
    return "(" + kind + ", " + name + ", " + name_space + ")";
  };
  const std::string name_space = text(e + "namespace");
  const std::string workload =
      e + "workload != '', " + node(text(e + "workload_kind"), text(e + "workload"), name_space);
  const std::string service = e + "service != '', " + node("'service'", text(e + "service"), name_space);
  const std::string other = e + "name != '', " + node("'name'", text(e + "name"), name_space) + ", " + e +
                            "dns != '', " + node("'dns'", e + "dns", "''") + ", " +
                            node("'address'", address_sql(e + "ip"), "''");
  switch (grouping) {
    case Grouping::workload:
      return "multiIf(" + workload + ", " + service + ", " + other + ")";
    case Grouping::service:
      return "multiIf(" + service + ", " + workload + ", " + other + ")";
    case Grouping::name_space:
      return "multiIf(" + e + "namespace != '', " + node("'namespace'", name_space, name_space) + ", " +
             other + ")";
  }
  return {};
}

// A response that was seen before its request took no time, as live numbers have it.
std::string red_sql() {
  const std::string pair(kHasPair);
  return "count(), countIf(is_error), countIf(" + pair +
         "), quantilesDDIf(0.01, 0.5, 0.95, 0.99)(toFloat64(greatest(elapsed_us, 0)), " + pair +
         "), sum(request_size), sum(response_size)";
}

QueryError told(const StoreError& error) {
  using Kind = QueryError::Kind;
  if (error.kind() == StoreError::Kind::interrupted) return {Kind::cancelled, "cancelled"};
  if (error.kind() != StoreError::Kind::refused) return {Kind::unavailable, error.what()};
  switch (error.code()) {
    case store_code::kUnknownTable:
    case store_code::kUnknownDatabase:
    case store_code::kTooManyQueries:
    case store_code::kQueryWasCancelled:
      return {Kind::unavailable, error.what()};
    case store_code::kTimeoutExceeded:
    case store_code::kTooSlow:
    case store_code::kTooManyRows:
    case store_code::kTooManyBytes:
    case store_code::kMemoryLimit:
      return {Kind::too_heavy, error.what()};
    default:
      return {Kind::refused, error.what()};
  }
}

}  // namespace spanlight
