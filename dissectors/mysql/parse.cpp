#include "mysql/parse.h"

#include <algorithm>
#include <array>

namespace spanlight::mysql {
namespace {

constexpr std::array<std::string_view, 33> kNames = {"COM_SLEEP",
                                                     "COM_QUIT",
                                                     "COM_INIT_DB",
                                                     "COM_QUERY",
                                                     "COM_FIELD_LIST",
                                                     "COM_CREATE_DB",
                                                     "COM_DROP_DB",
                                                     "COM_REFRESH",
                                                     "COM_SHUTDOWN",
                                                     "COM_STATISTICS",
                                                     "COM_PROCESS_INFO",
                                                     "COM_CONNECT",
                                                     "COM_PROCESS_KILL",
                                                     "COM_DEBUG",
                                                     "COM_PING",
                                                     "COM_TIME",
                                                     "COM_DELAYED_INSERT",
                                                     "COM_CHANGE_USER",
                                                     "COM_BINLOG_DUMP",
                                                     "COM_TABLE_DUMP",
                                                     "COM_CONNECT_OUT",
                                                     "COM_REGISTER_SLAVE",
                                                     "COM_STMT_PREPARE",
                                                     "COM_STMT_EXECUTE",
                                                     "COM_STMT_SEND_LONG_DATA",
                                                     "COM_STMT_CLOSE",
                                                     "COM_STMT_RESET",
                                                     "COM_SET_OPTION",
                                                     "COM_STMT_FETCH",
                                                     "COM_DAEMON",
                                                     "COM_BINLOG_DUMP_GTID",
                                                     "COM_RESET_CONNECTION",
                                                     "COM_CLONE"};
constexpr std::array<std::string_view, 33> kShortNames = {"sleep",
                                                          "quit",
                                                          "init_db",
                                                          "query",
                                                          "field_list",
                                                          "create_db",
                                                          "drop_db",
                                                          "refresh",
                                                          "shutdown",
                                                          "statistics",
                                                          "process_info",
                                                          "connect",
                                                          "process_kill",
                                                          "debug",
                                                          "ping",
                                                          "time",
                                                          "delayed_insert",
                                                          "change_user",
                                                          "binlog_dump",
                                                          "table_dump",
                                                          "connect_out",
                                                          "register_slave",
                                                          "stmt_prepare",
                                                          "stmt_execute",
                                                          "stmt_send_long_data",
                                                          "stmt_close",
                                                          "stmt_reset",
                                                          "set_option",
                                                          "stmt_fetch",
                                                          "daemon",
                                                          "binlog_dump_gtid",
                                                          "reset_connection",
                                                          "clone"};

// Up to a zero, which is taken too; to the end where there is none.
std::string_view text_to_zero(Reader& r, Bytes in) {
  const Bytes rest = in.subspan(r.at());
  const auto zero = static_cast<std::size_t>(std::find(rest.begin(), rest.end(), 0) - rest.begin());
  const std::string_view out = as_text(r.take(zero));
  if (zero < rest.size()) r.skip(1);
  return out;
}

// A text with its length in front.
void skip_counted(Reader& r) {
  const std::uint64_t n = lenenc(r);
  r.require(n <= r.left(), Fault::short_input);
  r.skip(static_cast<std::size_t>(std::min<std::uint64_t>(n, r.left())));
}

// A value as the binary protocol has it.
void skip_value(Reader& r, std::uint8_t type) {
  switch (type) {
    case 0x01:  // tiny
      return r.skip(1);
    case 0x02:  // short
    case 0x0d:  // year
      return r.skip(2);
    case 0x03:  // long
    case 0x04:  // float
    case 0x09:  // int24
      return r.skip(4);
    case 0x05:  // double
    case 0x08:  // long long
      return r.skip(8);
    case 0x06:  // NULL
      return;
    case 0x07:  // timestamp, date, time, datetime
    case 0x0a:
    case 0x0b:
    case 0x0c:
      return r.skip(r.u8());
    default:
      return skip_counted(r);
  }
}

// The attributes that a client tells of itself: lengths in front of names and values.
std::string_view program_of(Reader& r) {
  constexpr unsigned kAttributesMax = 64;
  const std::uint64_t bytes = lenenc(r);
  Reader attributes(r.take(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, r.left()))));
  for (unsigned i = 0; i < kAttributesMax && attributes.left() > 0 && attributes.ok(); ++i) {
    const std::uint64_t name_bytes = lenenc(attributes);
    if (name_bytes > attributes.left()) break;
    const std::string_view name = as_text(attributes.take(static_cast<std::size_t>(name_bytes)));
    const std::uint64_t value_bytes = lenenc(attributes);
    if (value_bytes > attributes.left()) break;
    const std::string_view value = as_text(attributes.take(static_cast<std::size_t>(value_bytes)));
    if (name == "program_name") return value;
  }
  return {};
}

}  // namespace

Header header_of(Bytes in) {
  Reader r(in);
  const auto all = r.le<std::uint32_t>();
  return {.length = all & 0xffffff, .sequence = static_cast<std::uint8_t>(all >> 24)};
}

std::string_view command_name(std::uint8_t command) {
  if (command < kNames.size()) return kNames[command];
  if (command == kLogin) return "LOGIN";
  return command == kBulkExecute ? "COM_STMT_BULK_EXECUTE" : "";
}

std::string_view short_name(std::uint8_t command) {
  if (command < kShortNames.size()) return kShortNames[command];
  if (command == kLogin) return "login";
  return command == kBulkExecute ? "stmt_bulk_execute" : "";
}

std::uint64_t lenenc(Reader& r) {
  const std::uint8_t first = r.u8();
  if (first < 0xfb) return first;
  if (first == 0xfc) return r.le<std::uint16_t>();
  if (first == 0xfd) {
    const std::uint64_t low = r.le<std::uint16_t>();
    return low | static_cast<std::uint64_t>(r.u8()) << 16;
  }
  if (first == 0xfe) return r.le<std::uint64_t>();
  if (first == 0xff) r.fail(Fault::bad_value);
  return 0;  // NULL
}

// count | sets, always 1 | which are NULL | u8 1 | ( u16 type | name )* | values
std::size_t attributes_bytes(Bytes arguments, std::uint32_t capabilities) {
  constexpr std::uint64_t kCountMax = 64;
  // Where the login was not seen: no statement begins with these bytes.
  const bool none = arguments.size() > 2 && arguments[0] == 0 && arguments[1] == 1;
  if ((capabilities & capability::kQueryAttributes) == 0) return capabilities == 0 && none ? 2 : 0;
  Reader r(arguments);
  const std::uint64_t count = lenenc(r);
  r.require(lenenc(r) == 1 && count <= kCountMax, Fault::bad_value);
  if (count == 0) return r.ok() ? r.at() : arguments.size();
  const Bytes nulls = r.take((static_cast<std::size_t>(count) + 7) / 8);
  r.require(r.u8() == 1, Fault::bad_value);
  std::array<std::uint8_t, kCountMax> types{};
  for (std::size_t i = 0; i < count && r.ok(); ++i) {
    types[i] = static_cast<std::uint8_t>(r.le<std::uint16_t>());
    skip_counted(r);
  }
  for (std::size_t i = 0; i < count && r.ok(); ++i)
    if ((nulls[i / 8] >> i % 8 & 1) == 0) skip_value(r, types[i]);
  return r.ok() ? r.at() : arguments.size();
}

Greeting parse_greeting(Bytes payload) {
  Greeting out;
  Reader r(payload);
  r.require(r.u8() == 10, Fault::bad_magic);
  out.version = text_to_zero(r, payload);
  // MariaDB says so for clients that would take 10 for an older protocol.
  constexpr std::string_view kDisguise = "5.5.5-";
  if (out.version.starts_with(kDisguise)) out.version.remove_prefix(kDisguise.size());
  out.thread = r.le<std::uint32_t>();
  out.fault = r.fault();
  return out;
}

// u32 capabilities | u32 largest packet | u8 charset | 23 bytes | user\0 | answer | database\0 | plugin\0 | …
// Before 4.1: u16 capabilities | u24 largest packet | user\0 | answer\0 | database
Login parse_login(Bytes payload) {
  Login out;
  Reader r(payload);
  out.capabilities = r.le<std::uint16_t>();
  if ((out.capabilities & capability::kProtocol41) == 0) {
    r.skip(3);
    out.user = text_to_zero(r, payload);
    text_to_zero(r, payload);
    if (r.left() > 0) out.database = text_to_zero(r, payload);
    out.fault = r.fault();
    return out;
  }
  out.capabilities |= static_cast<std::uint32_t>(r.le<std::uint16_t>()) << 16;
  r.skip(4 + 1 + 23);
  if (r.left() == 0) {
    out.asks_for_tls = r.ok() && (out.capabilities & capability::kSsl) != 0;
    if (!out.asks_for_tls) r.fail(Fault::short_input);
    out.fault = r.fault();
    return out;
  }
  out.user = text_to_zero(r, payload);
  if ((out.capabilities & capability::kLenencAuth) != 0)
    r.skip(static_cast<std::size_t>(std::min<std::uint64_t>(lenenc(r), r.left() + 1)));
  else if ((out.capabilities & capability::kSecureConnection) != 0)
    r.skip(r.u8());
  else
    text_to_zero(r, payload);
  if (!r.ok()) {
    out.fault = r.fault();
    return out;
  }
  if ((out.capabilities & capability::kConnectWithDb) != 0 && r.left() > 0)
    out.database = text_to_zero(r, payload);
  if ((out.capabilities & capability::kPluginAuth) != 0 && r.left() > 0)
    out.plugin = text_to_zero(r, payload);
  if ((out.capabilities & capability::kConnectAttributes) != 0 && r.left() > 0) out.program = program_of(r);
  return out;
}

// user\0 | u8 length, answer | database\0 | u16 charset | plugin\0 | attributes
Login parse_change_user(Bytes arguments, std::uint32_t capabilities) {
  Login out;
  out.capabilities = capabilities;
  Reader r(arguments);
  out.user = text_to_zero(r, arguments);
  if ((capabilities & capability::kSecureConnection) != 0 || capabilities == 0)
    r.skip(r.u8());
  else
    text_to_zero(r, arguments);
  out.fault = r.fault();
  if (!r.ok()) return out;
  if (r.left() > 0) out.database = text_to_zero(r, arguments);
  if (r.left() > 2) {
    r.skip(2);
    out.plugin = text_to_zero(r, arguments);
  }
  return out;
}

Ok parse_ok(Bytes payload) {
  Ok out;
  Reader r(payload);
  r.skip(1);
  out.affected_rows = lenenc(r);
  out.insert_id = lenenc(r);
  out.status = r.le<std::uint16_t>();
  out.fault = r.fault();
  if (r.left() >= 2) out.warnings = r.le<std::uint16_t>();
  return out;
}

Ok parse_eof(Bytes payload) {
  Ok out;
  Reader r(payload);
  r.skip(1);
  if (r.left() == 0) return out;  // before 4.1
  out.warnings = r.le<std::uint16_t>();
  out.status = r.le<std::uint16_t>();
  out.fault = r.fault();
  return out;
}

// ff | u16 code | '#' state | message
Error parse_error(Bytes payload) {
  constexpr std::size_t kStateBytes = 5;
  Error out;
  Reader r(payload);
  r.skip(1);
  out.code = r.le<std::uint16_t>();
  if (r.left() > kStateBytes && payload[r.at()] == '#') {
    r.skip(1);
    out.state = as_text(r.take(kStateBytes));
  }
  out.message = as_text(r.take(r.left()));
  out.fault = r.fault();
  return out;
}

Prepared parse_prepared(Bytes payload, std::uint32_t capabilities) {
  Prepared out;
  Reader r(payload);
  r.skip(1);
  out.id = r.le<std::uint32_t>();
  out.columns = r.le<std::uint16_t>();
  out.params = r.le<std::uint16_t>();
  r.skip(1 + 2);
  if ((capabilities & capability::kOptionalMetadata) != 0 && r.left() > 0) out.described = r.u8() != 0;
  return out;
}

}  // namespace spanlight::mysql
