#pragma once
// Who addresses were, kept beside the calls, so that old calls and old captures are named as of their time.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "record/call.h"
#include "store/clickhouse.h"
#include "store/row_cursor.h"

namespace spanlight {

// `party` held `address` from (inclusive) until (exclusive). `port` 0: all ports. Writing one again with the
// same address, port and beginning replaces it.
struct NamedInterval {
  wire::Address address;
  std::uint16_t port = 0;
  std::uint64_t from_ns = 0;
  std::uint64_t until_ns = 0;
  Party party;
};

// Throw StoreError. Few at a time and seldom: they wait for the store.
void write_names(const ClickHouse& client, std::span<const NamedInterval> names);
// Those that ended at or after `since_ns`, by address, port and beginning.
std::vector<NamedInterval> read_names(const ClickHouse& client, std::uint64_t since_ns);

// A party's seven names, in the order of the columns.
void read_party_names(RowCursor& row, Party& party);
void read_party_labels(RowCursor& row, Party& party);
wire::Address read_address(RowCursor& row);

}  // namespace spanlight
