#include "store/names_table.h"

#include <algorithm>
#include <atomic>

#include "process/clock.h"
#include "store/native_block.h"
#include "store/party_columns.h"
#include "store/row_stream.h"
#include "store/schema.h"

namespace spanlight {
namespace {

// What was written later replaces what was written before: nanoseconds, and never less than the last time,
// also where the clock was set back while we run.
std::uint64_t next_written() {
  static std::atomic<std::uint64_t> last{0};
  const std::uint64_t now = wall_clock_ns();
  std::uint64_t before = last.load();
  while (!last.compare_exchange_weak(before, std::max(now, before + 1))) {
  }
  return std::max(now, before + 1);
}

}  // namespace

void write_names(const ClickHouse& client, std::span<const NamedInterval> names) {
  if (names.empty()) return;
  native::Numbers<std::uint64_t> address, from, until, written;
  native::Numbers<std::uint16_t> port;
  PartyColumns parties;
  const std::uint64_t now = next_written();
  for (const NamedInterval& name : names) {
    address.append(__builtin_bswap64(name.address.high()));
    address.append(__builtin_bswap64(name.address.low()));
    port.append(name.port);
    from.append(name.from_ns);
    until.append(name.until_ns);
    parties.append(&name.party);
    written.append(now);
  }
  TextBuffer block;
  native::begin_block(block, name_columns().size(), names.size());
  const auto put = [&block](std::string_view name, std::string_view type, const auto& content) {
    native::begin_column(block, name, type);
    content(block);
  };
  put("address", "IPv6", [&](TextBuffer& out) { address.write(out); });
  put("port", "UInt16", [&](TextBuffer& out) { port.write(out); });
  put("from_ns", "UInt64", [&](TextBuffer& out) { from.write(out); });
  put("until_ns", "UInt64", [&](TextBuffer& out) { until.write(out); });
  parties.write_names(put);
  parties.write_labels(put);
  put("written", "UInt64", [&](TextBuffer& out) { written.write(out); });
  client.ask({.sql = "INSERT INTO addresses (" + column_list(name_columns()) + ") FORMAT Native",
              .data = block.view()});
}

wire::Address read_address(RowCursor& row) {
  const auto high = row.number<std::uint64_t>(), low = row.number<std::uint64_t>();
  return {__builtin_bswap64(high), __builtin_bswap64(low)};
}

void read_party_names(RowCursor& row, Party& party) {
  for (std::string* text : {&party.name, &party.name_space, &party.pod, &party.service, &party.workload_kind,
                            &party.workload, &party.node})
    *text = row.text();
}

void read_party_labels(RowCursor& row, Party& party) {
  const std::uint64_t count = row.list();
  for (std::uint64_t label = 0; label < count && row.good(); ++label) {
    const std::string_view name = row.text();
    party.labels.push_back({std::string(name), std::string(row.text())});
  }
}

std::vector<NamedInterval> read_names(const ClickHouse& client, std::uint64_t since_ns) {
  std::vector<NamedInterval> names;
  RowStream rows;
  const auto read_row = [&names](RowCursor& row) {
    NamedInterval name;
    name.address = read_address(row);
    name.port = row.number<std::uint16_t>();
    name.from_ns = row.number<std::uint64_t>();
    name.until_ns = row.number<std::uint64_t>();
    read_party_names(row, name.party);
    read_party_labels(row, name.party);
    row.number<std::uint64_t>();  // written
    if (row.good()) names.push_back(std::move(name));
    return true;
  };
  client.stream({.sql = "SELECT " + column_list(name_columns()) + " FROM addresses FINAL WHERE until_ns >= " +
                        std::to_string(since_ns) + " ORDER BY address, port, from_ns FORMAT RowBinary"},
                [&](std::string_view piece) { return rows.feed(piece, read_row); });
  return names;
}

}  // namespace spanlight
