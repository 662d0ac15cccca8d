#pragma once
// Bytes to message, pure and without state. `short_input` alone means that more bytes may cure it. Bodies are
// parsed from as many of their bytes as are looked at: `whole` says whether those are all.

#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "core/reader.h"
#include "postgresql/wire.h"

namespace spanlight::postgresql {

// Type and length; that such a type has such a length was checked.
struct Header {
  Fault fault = Fault::none;
  std::uint8_t type = 0;
  std::uint32_t body_bytes = 0;
  std::uint64_t size() const { return kHeaderBytes + std::uint64_t{body_bytes}; }
};
Header parse_header(Direction from, Bytes in);

// What opens a connection: its length and code. The first byte of its length is 0, as no type is.
struct Opening {
  Fault fault = Fault::none;
  std::uint32_t size = 0;
  std::uint32_t code = 0;
  bool is_startup() const { return code >> 16 == opening::kMajor; }
};
Opening parse_opening(Bytes in);
constexpr bool is_opening(std::uint8_t first_byte) {
  return first_byte == 0;
}

// A text that ends in a zero byte, or with the bytes that are looked at.
std::string_view take_text(Reader& r, bool whole);

// What a StartupMessage says of the session; the database is the user's name where it is not said.
struct Startup {
  Fault fault = Fault::none;
  std::string_view user, database, application_name, replication;
};
Startup parse_startup(Bytes parameters);

struct Parse {
  Fault fault = Fault::none;
  std::string_view statement;  // its name
  std::string_view text;
  std::size_t size = 0;  // that it must have; 0: not known yet
};
Parse parse_parse(Bytes body, bool whole);

struct Bind {
  Fault fault = Fault::none;
  std::string_view portal, statement;
  std::uint16_t parameters = 0;
  Bytes formats;  // two bytes each: none, one for all, or one for each
  Bytes values;   // as long as `parameters` says, or cut
  bool is_binary(std::uint16_t parameter) const;
};
Bind parse_bind(Bytes body, bool whole);

// Describe and Close: of a statement ('S') or portal ('P').
struct Named {
  Fault fault = Fault::none;
  std::uint8_t kind = 0;
  std::string_view name;
};
Named parse_named(Bytes body);

// What an ErrorResponse or NoticeResponse says: fields of one letter each.
struct Report {
  Fault fault = Fault::none;
  std::string_view severity, code, message, detail, hint;
};
Report parse_report(Bytes body, bool whole);

// Is `body` (all of it, or its beginning) what a message of this type holds? Its outline is looked at: counts
// and lengths that agree, texts that end where they must.
Fault check_body(Direction from, std::uint8_t type, Bytes body, std::uint32_t body_bytes);

// Types of which check_body() proves something: chance does not make them.
bool is_telling(Direction from, std::uint8_t type, std::uint32_t body_bytes, bool whole);

}  // namespace spanlight::postgresql
