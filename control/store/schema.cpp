#include "store/schema.h"

#include <algorithm>
#include <utility>

#include "store/clickhouse.h"

namespace spanlight {
namespace {

constexpr std::string_view kName = "LowCardinality(String)";
constexpr std::string_view kNames = "Array(LowCardinality(String))";
constexpr std::string_view kLabels = "Map(LowCardinality(String), String)";
// How well is for the store's configuration to say, by the size of a part (store_child/engine.cpp).
constexpr std::string_view kPlain = "Default";
constexpr std::string_view kRising = "Delta, Default";  // times and numbers that grow from row to row

// A page shows calls that lie far apart, and unpacks a stretch between two marks of every column for each:
// one of so many rows, or fewer of large calls. What is compressed as one is not longer than it need be
// (ClickHouse: 64 KiB, several stretches of most columns).
constexpr int kRowsOfMark = 2'048;
constexpr int kBytesOfMark = 4 << 20;  // before compression
constexpr int kCompressedAsOneLeast = 4'096;
// A fresh part is one file and not a hundred: that costs less than half. Before compression.
constexpr int kWidePartBytes = 128 << 20;
// A part holds at most this share of what is kept: the oldest part is what is dropped for room, and what is
// merged again and again costs more than parts that stay.
constexpr std::uint64_t kPartShare = 100;
constexpr std::uint64_t kPartBytesLeast = std::uint64_t{64} << 20;
// A day's parts are hundreds then, a thousand where ten of them are just too large to be merged. ClickHouse
// slows inserts down from 1,000 on.
constexpr int kPartsOfDayMost = 3'000;
// What ClickHouse did not always know.
constexpr std::pair<std::string_view, std::string_view> kNewerSettings[] = {
    // Its default counts the different values of every column in every merge, for plans that have no choice.
    {"auto_statistics_types", "''"},
    // By itself it merges three parts as readily as ten, and each call is written that much more often.
    {"min_parts_to_merge_at_once", "10"},
};
constexpr int kDeduplicationWindow = 1'000;  // inserts that are recognised when they come again

class Columns {
 public:
  Columns& add(std::string_view name, std::string_view type, std::string_view codec = kPlain) {
    list_.push_back({prefix_ + std::string(name), std::string(type), std::string(codec), {}});
    return *this;
  }
  Columns& of_old_rows(std::string expression) {
    list_.back().of_old_rows = std::move(expression);
    return *this;
  }
  Columns& under(std::string prefix) {
    prefix_ = std::move(prefix);
    return *this;
  }
  std::vector<Column> take() { return std::move(list_); }

 private:
  std::string prefix_;
  std::vector<Column> list_;
};

void add_party(Columns& columns) {
  for (const char* name : {"name", "namespace", "pod", "service", "workload_kind", "workload", "node"})
    columns.add(name, kName);
}

void add_message(Columns& columns) {
  columns.add("present", "Bool").add("size", "UInt64").add("last_byte", "UInt64", kRising);
  columns.add("header_names", kNames).add("header_values", "Array(String)");
  columns.add("body_size", "UInt64").add("body", "String");
  columns.add("content_type", kName).add("content_encoding", kName);
  columns.add("field_names", kNames).add("field_kinds", "Array(UInt8)").add("field_texts", "Array(String)");
  columns.add("field_integers", "Array(Int64)").add("field_numbers", "Array(Float64)");
  columns.add("field_lists", "Array(Array(String))");
}

// red/operation.cpp as SQL, for calls that were stored without their operation (version 1).
std::string operation_of_old_rows() {
  const std::string names_one_thing =
      "length(s) > 40 OR (countMatches(s, '[0-9]') > 0 AND (countMatches(s, '[a-zA-Z]') = 0 OR "
      "countMatches(s, '[0-9]') > 2))";
  const std::string segments = "splitByChar('/', path)", most = "(12 + startsWith(path, '/'))";
  const std::string route = "concat(arrayStringConcat(arrayMap(s -> if(" + names_one_thing +
                            ", '{}', s), arraySlice(" + segments + ", 1, " + most + ")), '/'), if(length(" +
                            segments + ") > " + most + ", '/…', ''))";
  // record/call_line.h
  const std::string says_more =
      "summary != '' AND path != '' AND NOT startsWith(summary, concat(method, ' ')) AND "
      "NOT startsWith(path, summary) AND NOT startsWith(substring(path, 2), summary)";
  const std::string whole = "multiIf(" + says_more +
                            ", summary, path != '', concat(method, if(method = '', '', ' '), " + route +
                            "), method != '', CAST(method, 'String'), splitByChar(' ', summary)[1])";
  // Cut before a character, not within one.
  const std::string cut =
      "arrayFirst(e -> bitAnd(reinterpretAsUInt8(substring(o, e + 1, 1)), 192) != 128, [157, 156, 155, 154])";
  return "arrayMap(o -> if(length(o) > 160, concat(substring(o, 1, " + cut + "), '…'), o), [" + whole +
         "])[1]";
}

std::vector<Column> make_call_columns() {
  Columns c;
  c.add("stored", "DateTime('UTC')").add("time", "DateTime64(9, 'UTC')", kRising);
  c.add("epoch", "UInt64").add("record_id", "UInt64", kRising);
  c.add("source", kName).add("sensor", kName).add("protocol", kName).add("version", kName);
  c.add("state", "UInt8").add("reason", "UInt8").add("flags", "UInt32");
  c.add("timestamp", "UInt64", kRising)
      .add("response_timestamp", "UInt64", kRising)
      .add("elapsed_us", "Int64");
  c.add("transport", "UInt8").add("conn_id", "UInt64").add("vlans", "Array(UInt16)");
  c.add("tunnel", "UInt8").add("tunnel_id", "UInt32");
  c.add("src_ip", "IPv6").add("src_port", "UInt16").add("dst_ip", "IPv6").add("dst_port", "UInt16");
  for (const char* end : {"src_", "dst_"}) {
    add_party(c.under(end));
    c.add("dns", "String").add("labels", kLabels);
  }
  c.under("").add("method", kName).add("operation", kName).of_old_rows(operation_of_old_rows());
  for (const char* name : {"url", "path", "query_string"}) c.add(name, "String");
  c.add("has_status", "Bool").add("status_code", "Int32").add("is_error", "Bool");
  for (const char* name : {"error", "summary", "trace_id", "request_id"}) c.add(name, "String");
  for (const char* message : {"request_", "response_"}) add_message(c.under(message));
  return c.take();
}

std::vector<Column> make_name_columns() {
  Columns c;
  c.add("address", "IPv6")
      .add("port", "UInt16")
      .add("from_ns", "UInt64", kRising)
      .add("until_ns", "UInt64", kRising);
  add_party(c);
  c.add("labels", kLabels).add("written", "UInt64", kRising);
  return c.take();
}

// What questions look for by equality, so that most of the store need not be read for it.
constexpr std::string_view kCallIndexes =
    ", INDEX by_record record_id TYPE bloom_filter(0.01) GRANULARITY 1"
    ", INDEX by_connection conn_id TYPE bloom_filter(0.01) GRANULARITY 1"
    ", INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1"
    ", INDEX by_status status_code TYPE set(64) GRANULARITY 1"
    ", INDEX by_src_service src_service TYPE set(64) GRANULARITY 1"
    ", INDEX by_dst_service dst_service TYPE set(64) GRANULARITY 1"
    ", INDEX by_src_namespace src_namespace TYPE set(64) GRANULARITY 1"
    ", INDEX by_dst_namespace dst_namespace TYPE set(64) GRANULARITY 1";

std::string definition(const Column& column) {
  const std::string of_old_rows = column.of_old_rows.empty() ? "" : " DEFAULT " + column.of_old_rows;
  return sql_name(column.name) + " " + column.type + of_old_rows + " CODEC(" + column.codec + ")";
}

std::string definitions(std::span<const Column> columns) {
  std::string out;
  for (const Column& column : columns) out += (out.empty() ? "" : ", ") + definition(column);
  return out;
}

std::string on_cluster(const Layout& layout) {
  return layout.cluster.empty() ? std::string{} : " ON CLUSTER " + sql_text(layout.cluster);
}

std::string full_name(const Layout& layout, std::string_view table) {
  return sql_name(layout.database) + "." + sql_name(table);
}

std::string engine(const Layout& layout, const std::string& kind, const std::string& arguments) {
  if (layout.cluster.empty()) return kind + "(" + arguments + ")";
  return "Replicated" + kind + "('/clickhouse/tables/{shard}/{database}/{table}', '{replica}'" +
         (arguments.empty() ? "" : ", " + arguments) + ")";
}

std::string calls_ttl(const Layout& layout) {
  return "stored + toIntervalHour(" + std::to_string(layout.keep_hours) + ")";
}

std::string changeable_settings(const Layout& layout) {
  const std::uint64_t part = layout.keep_bytes == 0
                                 ? std::uint64_t{150} << 30
                                 : std::max(kPartBytesLeast, layout.keep_bytes / kPartShare);
  const std::string fsync = layout.fsync ? "1" : "0";
  std::string all =
      "min_compress_block_size = " + std::to_string(kCompressedAsOneLeast) +
      ", min_bytes_for_wide_part = " + std::to_string(kWidePartBytes) +
      ", enable_vertical_merge_algorithm = 0, parts_to_delay_insert = " + std::to_string(kPartsOfDayMost) +
      ", parts_to_throw_insert = " + std::to_string(2 * kPartsOfDayMost) +
      ", max_bytes_to_merge_at_max_space_in_pool = " + std::to_string(part) +
      ", fsync_after_insert = " + fsync + ", fsync_part_directory = " + fsync;
  for (const auto& [name, value] : kNewerSettings)
    if (std::find(layout.known_settings.begin(), layout.known_settings.end(), name) !=
        layout.known_settings.end())
      all += ", " + std::string(name) + " = " + std::string(value);
  return all;
}

std::string deduplication(const Layout& layout) {
  const std::string window = std::to_string(kDeduplicationWindow);
  return layout.cluster.empty() ? "non_replicated_deduplication_window = " + window
                                : "replicated_deduplication_window = " + window;
}

std::string calls_table(const Layout& layout) {
  return "CREATE TABLE IF NOT EXISTS " + full_name(layout, local_table(layout, "calls")) +
         on_cluster(layout) + " (" + definitions(call_columns()) + std::string(kCallIndexes) +
         ") ENGINE = " + engine(layout, "MergeTree", "") +
         " PARTITION BY (toYYYYMMDD(stored), source) ORDER BY (time, epoch, record_id) TTL " +
         calls_ttl(layout) + " SETTINGS index_granularity = " + std::to_string(kRowsOfMark) +
         ", index_granularity_bytes = " + std::to_string(kBytesOfMark) + ", ttl_only_drop_parts = 1, " +
         deduplication(layout) + ", " + changeable_settings(layout) + " COMMENT 'spanlight schema " +
         std::to_string(kSchemaVersion) + "'";
}

// What was written last about a (address, port, from) holds: an end may turn out to be later, or earlier.
std::string addresses_table(const Layout& layout) {
  return "CREATE TABLE IF NOT EXISTS " + full_name(layout, local_table(layout, "addresses")) +
         on_cluster(layout) + " (" + definitions(name_columns()) +
         ") ENGINE = " + engine(layout, "ReplacingMergeTree", "written") +
         " ORDER BY (address, port, from_ns) TTL toDateTime(intDiv(until_ns, 1000000000)) + toIntervalDay(" +
         std::to_string(kNamesKeepDays) + ")";
}

std::string distributed_table(const Layout& layout, const std::string& table, const std::string& shard) {
  return "CREATE TABLE IF NOT EXISTS " + full_name(layout, table) + on_cluster(layout) + " AS " +
         full_name(layout, local_table(layout, table)) + " ENGINE = Distributed(" + sql_text(layout.cluster) +
         ", " + sql_text(layout.database) + ", " + sql_text(local_table(layout, table)) + ", " + shard + ")";
}

}  // namespace

std::span<const Column> call_columns() {
  static const std::vector<Column> columns = make_call_columns();
  return columns;
}

std::span<const Column> name_columns() {
  static const std::vector<Column> columns = make_name_columns();
  return columns;
}

std::string column_list(std::span<const Column> columns) {
  std::string out;
  for (const Column& column : columns) out += (out.empty() ? "" : ", ") + sql_name(column.name);
  return out;
}

std::string local_table(const Layout& layout, std::string_view table) {
  return std::string(table) + (layout.cluster.empty() ? "" : "_local");
}

std::string settings_question() {
  std::string names;
  for (const auto& [name, value] : kNewerSettings) names += (names.empty() ? "" : ", ") + sql_text(name);
  return "SELECT name FROM system.merge_tree_settings WHERE name IN (" + names + ") FORMAT TabSeparated";
}

std::vector<std::string> create_statements(const Layout& layout) {
  std::vector<std::string> all = {
      "CREATE DATABASE IF NOT EXISTS " + sql_name(layout.database) + on_cluster(layout), calls_table(layout),
      addresses_table(layout)};
  if (!layout.cluster.empty()) {
    all.push_back(distributed_table(layout, "calls", "cityHash64(epoch, conn_id)"));
    all.push_back(distributed_table(layout, "addresses", "cityHash64(address)"));
  }
  return all;
}

std::string version_question(const Layout& layout) {
  return "SELECT toInt32OrZero(extract(comment, '^spanlight schema ([0-9]+)$')), create_table_query FROM "
         "system.tables "
         "WHERE database = " +
         sql_text(layout.database) + " AND name = " + sql_text(local_table(layout, "calls")) +
         " FORMAT TabSeparated";
}

std::vector<std::string> upgrade_statements(const Layout& layout, int version) {
  std::vector<std::string> all;
  const auto alter = [&](std::string_view table, const std::string& what) {
    all.push_back("ALTER TABLE " + full_name(layout, table) + on_cluster(layout) + " " + what);
  };
  const auto add_columns = [&](std::string_view table, std::span<const Column> columns, bool local) {
    std::string what;
    for (const Column& column : columns)
      what += (what.empty() ? "ADD COLUMN IF NOT EXISTS " : ", ADD COLUMN IF NOT EXISTS ") +
              (local ? definition(column) : sql_name(column.name) + " " + column.type);
    alter(table, what);
  };
  for (const auto& [table, columns] :
       {std::pair{"calls", call_columns()}, std::pair{"addresses", name_columns()}}) {
    add_columns(local_table(layout, table), columns, true);
    if (!layout.cluster.empty()) add_columns(table, columns, false);
  }
  // Up to version 1 names stood in a table that could not take an earlier end.
  if (version < 2) {
    const std::string columns = column_list(name_columns().first(name_columns().size() - 1));
    all.push_back("INSERT INTO " + full_name(layout, "addresses") + " (" + columns + ") SELECT " + columns +
                  " FROM " + full_name(layout, "names"));
  }
  const std::string local = local_table(layout, "calls");
  if (version < 2) {  // each column had a compression of its own
    std::string what;
    for (const Column& column : call_columns())
      what += (what.empty() ? "" : ", ") + ("MODIFY COLUMN " + sql_name(column.name)) + " CODEC(" +
              column.codec + ")";
    alter(local, what);
  }
  // Parts that are there keep the time that they were written with, and are looked at when it is over.
  alter(local, "MODIFY TTL " + calls_ttl(layout) + " SETTINGS materialize_ttl_after_modify = 0");
  alter(local, "MODIFY SETTING " + changeable_settings(layout));
  alter(local, "MODIFY COMMENT 'spanlight schema " + std::to_string(kSchemaVersion) + "'");
  // Only now that the version says that they were copied; before, an interrupted copy is made again.
  all.push_back("DROP TABLE IF EXISTS " + full_name(layout, "names") + on_cluster(layout));
  if (!layout.cluster.empty())
    all.push_back("DROP TABLE IF EXISTS " + full_name(layout, local_table(layout, "names")) +
                  on_cluster(layout));
  return all;
}

std::string parts_question(const Layout& layout) {
  const std::string where = " WHERE active AND database = " + sql_text(layout.database) +
                            " AND table = " + sql_text(local_table(layout, "calls"));
  // Its id is a hash, since a source is a text: the day stands in its name alone, "(20261127,'live')".
  if (layout.cluster.empty())
    return "SELECT name, bytes_on_disk FROM system.parts" + where +
           " ORDER BY extract(partition, '[0-9]{8}'), min_block_number FORMAT TabSeparated";
  return "SELECT partition_id, sum(bytes_on_disk) FROM cluster(" + sql_text(layout.cluster) +
         ", system.parts)" + where +
         " GROUP BY partition_id ORDER BY extract(any(partition), '[0-9]{8}') FORMAT TabSeparated";
}

std::string drop_statement(const Layout& layout, std::string_view part) {
  return "ALTER TABLE " + full_name(layout, local_table(layout, "calls")) + on_cluster(layout) +
         (layout.cluster.empty() ? " DROP PART " : " DROP PARTITION ID ") + sql_text(part);
}

}  // namespace spanlight
