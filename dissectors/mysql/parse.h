#pragma once
// Packets of the MySQL protocol (as MySQL 4.1 to 9 and MariaDB speak it): bytes to message, pure and without
// state. Source: MySQL's "Client/Server Protocol" and MariaDB's "Clients & Utilities: protocol".

#include <cstdint>
#include <string_view>

#include "core/reader.h"

namespace spanlight::mysql {

// u24 length | u8 sequence | payload. A payload of 2^24 - 1 bytes goes on in the next packet.
constexpr std::size_t kHeaderBytes = 4;
constexpr std::uint32_t kPayloadMax = 0xffffff;

struct Header {
  std::uint32_t length = 0;
  std::uint8_t sequence = 0;
};
Header header_of(Bytes in);  // of 4 bytes at least

// Capabilities that change what is read.
namespace capability {
constexpr std::uint32_t kConnectWithDb = 1u << 3;
constexpr std::uint32_t kCompress = 1u << 5;
constexpr std::uint32_t kProtocol41 = 1u << 9;
constexpr std::uint32_t kSsl = 1u << 11;
constexpr std::uint32_t kSecureConnection = 1u << 15;
constexpr std::uint32_t kPluginAuth = 1u << 19;
constexpr std::uint32_t kConnectAttributes = 1u << 20;
constexpr std::uint32_t kLenencAuth = 1u << 21;
constexpr std::uint32_t kDeprecateEof = 1u << 24;
constexpr std::uint32_t kOptionalMetadata = 1u << 25;
constexpr std::uint32_t kZstd = 1u << 26;
constexpr std::uint32_t kQueryAttributes = 1u << 27;
}  // namespace capability

enum Command : std::uint8_t {
  kQuit = 1,
  kInitDb = 2,
  kQuery = 3,
  kFieldList = 4,
  kCreateDb = 5,
  kDropDb = 6,
  kStatistics = 9,
  kProcessInfo = 10,
  kPing = 14,
  kChangeUser = 17,
  kBinlogDump = 18,
  kTableDump = 19,
  kPrepare = 22,
  kExecute = 23,
  kLongData = 24,
  kClose = 25,
  kReset = 26,
  kFetch = 28,
  kBinlogDumpGtid = 30,
  kResetConnection = 31,
  kBulkExecute = 250,
  kLogin = 255,  // no command: the client's answer to the greeting
};

// COM_QUERY, and the short name of the record's field: query. Empty: no such command.
std::string_view command_name(std::uint8_t command);
std::string_view short_name(std::uint8_t command);

// A number of one to nine bytes, or NULL (0xfb).
std::uint64_t lenenc(Reader& r);

// Attributes in front of a statement, where both sides know of them (CLIENT_QUERY_ATTRIBUTES): how many bytes
// they take. All of `arguments`: their end is not there, or they are none.
std::size_t attributes_bytes(Bytes arguments, std::uint32_t capabilities);

// u8 10 | version\0 | u32 thread | salt | …
struct Greeting {
  Fault fault = Fault::none;
  std::string_view version;
  std::uint32_t thread = 0;
};
Greeting parse_greeting(Bytes payload);

struct Login {
  Fault fault = Fault::none;
  std::uint32_t capabilities = 0;
  bool asks_for_tls = false;
  std::string_view user, database, plugin, program;
};
Login parse_login(Bytes payload);

// COM_CHANGE_USER, behind the command's byte.
Login parse_change_user(Bytes arguments, std::uint32_t capabilities);

struct Ok {
  Fault fault = Fault::none;
  std::uint64_t affected_rows = 0;
  std::uint64_t insert_id = 0;
  std::uint16_t status = 0;
  std::uint16_t warnings = 0;
};
Ok parse_ok(Bytes payload);   // 00, or fe where there is no EOF packet any more
Ok parse_eof(Bytes payload);  // fe | u16 warnings | u16 status

constexpr std::uint16_t kMoreResults = 0x0008;
constexpr std::uint16_t kCursorExists = 0x0040;

struct Error {
  Fault fault = Fault::none;
  std::uint16_t code = 0;
  std::string_view state;  // SQLSTATE, five letters
  std::string_view message;
};
Error parse_error(Bytes payload);
constexpr std::uint16_t kProgressCode = 0xffff;  // MariaDB: no error, but how far it is

constexpr std::size_t kEofBytes = 5;
constexpr std::size_t kOkBytesMin = 7;

inline bool is_eof(std::uint8_t first, std::uint32_t length) {
  return first == 0xfe && length == kEofBytes;
}
inline bool is_ok_at_end(std::uint8_t first, std::uint32_t length) {
  return first == 0xfe && length >= kOkBytesMin && length < kPayloadMax;
}

// 00 | u32 id | u16 columns | u16 params | 00 | u16 warnings | u8 metadata follows
struct Prepared {
  std::uint32_t id = 0;
  std::uint16_t columns = 0;
  std::uint16_t params = 0;
  bool described = true;
};
constexpr std::size_t kPreparedBytes = 12;
Prepared parse_prepared(Bytes payload, std::uint32_t capabilities);

}  // namespace spanlight::mysql
