#pragma once
// Field tables and properties of content (specification, 4.2.5 and 2.3.5.2) as names and values. Pure.

#include <cstdint>
#include <string_view>

#include "core/header_room.h"
#include "core/reader.h"

namespace spanlight::amqp {

// Tables within tables are told as "outer.inner", elements of arrays as "name.0".
constexpr std::size_t kTableDepthMax = 4;

// The entries of a table, without its length. `prefix` stands before each name.
Fault write_table(HeaderRoom& to, Bytes entries, std::string_view prefix = {});

struct ContentHeader {
  Fault fault = Fault::none;
  std::uint16_t klass = 0;
  std::uint64_t body_bytes = 0;
  std::uint16_t flags = 0;
  Bytes properties;
};

ContentHeader read_content_header(Bytes payload);

struct KnownProperties {
  Fault fault = Fault::none;
  std::string_view content_type, content_encoding, message_id;
};

// Reads the properties; `to` may be none.
KnownProperties write_properties(const ContentHeader& header, HeaderRoom* to);

}  // namespace spanlight::amqp
