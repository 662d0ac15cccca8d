#pragma once
// The tables of the store: what stands in them, how they are made, kept up with newer versions, and emptied.
// Pure text: whoever has a ClickHouse runs it (store.h). One list of columns serves the tables, the encoder
// and the reader.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spanlight {

struct Column {
  std::string name;
  std::string type;         // ClickHouse's
  std::string codec;        // CODEC(…)
  std::string of_old_rows;  // an expression, for rows that were stored before there was the column; or empty
};

// Of `calls`, in the order of its definition. Meanings: README.md.
std::span<const Column> call_columns();
// Of `addresses`: who an address was.
std::span<const Column> name_columns();
// "`time`, `epoch`, …"
std::string column_list(std::span<const Column> columns);

// Raised with every change that an older Spanlight's rows or statements do not fit. A store of a higher
// version is refused; columns that are missing in an older one are added.
constexpr int kSchemaVersion = 2;
constexpr int kNamesKeepDays = 400;  // names outlive calls: captures of last year still get them

struct Layout {
  std::string database = "spanlight";
  std::string cluster;            // empty: one server or the child
  std::uint32_t keep_hours = 72;  // after a call was stored
  std::uint64_t keep_bytes = 0;   // 0: by age alone
  bool fsync = false;
  std::vector<std::string> known_settings;  // answers to settings_question()
};

// The table that rows of `table` ("calls", "addresses") lie in: another than is asked, where there is a
// cluster.
std::string local_table(const Layout& layout, std::string_view table);

// Which of the settings that we would like does it know? One name in each row. Others are left out: a server
// of before refuses a table with them.
std::string settings_question();
// All that makes the tables, or leaves them as they are. In order; each may be repeated.
std::vector<std::string> create_statements(const Layout& layout);
// One row of the version (0: none) and the definition of the local table of `calls`: "version\tdefinition".
std::string version_question(const Layout& layout);
// What makes tables of `version` those of kSchemaVersion, and gives them today's times of keeping. In order,
// after create_statements(); whoever was interrupted begins again from the first.
std::vector<std::string> upgrade_statements(const Layout& layout, int version);

// The parts (partitions, in a cluster) of `calls`, oldest first: "name\tbytes".
std::string parts_question(const Layout& layout);
std::string drop_statement(const Layout& layout, std::string_view part);

}  // namespace spanlight
