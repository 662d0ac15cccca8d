#pragma once
// Frames and bodies of CQL's native protocol, versions 3 to 5: bytes to message, pure. Source:
// native_protocol_v3.spec to native_protocol_v5.spec of Apache Cassandra.

#include <cstdint>
#include <string_view>

#include "core/reader.h"

namespace spanlight::cassandra {

// u8 version, highest bit: answer | u8 flags | i16 stream | u8 opcode | u32 length
constexpr std::size_t kHeaderBytes = 9;
constexpr std::uint32_t kBodyBytesMax = 256u << 20;  // what a server takes and gives
constexpr std::uint8_t kAnswerBit = 0x80;
constexpr std::uint8_t kVersionMin = 3, kVersionMax = 5;

enum Opcode : std::uint8_t {
  kError = 0x00,
  kStartup = 0x01,
  kReady = 0x02,
  kAuthenticate = 0x03,
  kOptions = 0x05,
  kSupported = 0x06,
  kQuery = 0x07,
  kResult = 0x08,
  kPrepare = 0x09,
  kExecute = 0x0a,
  kRegister = 0x0b,
  kEvent = 0x0c,
  kBatch = 0x0d,
  kAuthChallenge = 0x0e,
  kAuthResponse = 0x0f,
  kAuthSuccess = 0x10,
};
std::string_view opcode_name(std::uint8_t opcode);  // QUERY; empty: no such opcode

namespace flag {
constexpr std::uint8_t kCompressed = 0x01;
constexpr std::uint8_t kTracing = 0x02;
constexpr std::uint8_t kPayload = 0x04;
constexpr std::uint8_t kWarning = 0x08;
constexpr std::uint8_t kAll = 0x1f;
}  // namespace flag

struct Header {
  std::uint8_t version = 0;  // without the bit
  bool answer = false;
  std::uint8_t flags = 0;
  std::int16_t stream = 0;
  std::uint8_t opcode = 0;
  std::uint32_t length = 0;
  bool understood(bool from_server) const;
};
Header header_of(Bytes in);  // of nine bytes at least

// What a request asks for.
struct Asked {
  Fault fault = Fault::none;
  std::string_view statement;         // QUERY, PREPARE; BATCH: its first one in full
  std::uint64_t statement_bytes = 0;  // all of it
  Bytes id;                           // EXECUTE; BATCH: of its first prepared statement
  std::uint16_t consistency = 0;
  bool has_consistency = false;
  std::uint32_t statements = 0;  // of a batch
  std::string_view compression;  // STARTUP
  std::string_view driver;       // STARTUP
  std::string_view events;       // REGISTER: the first
};
Asked parse_request(const Header& header, Bytes body);

enum Kind : std::uint32_t { kVoid = 1, kRows = 2, kSetKeyspace = 3, kPrepared = 4, kSchemaChange = 5 };
std::string_view kind_name(std::uint32_t kind);

// What an answer says.
struct Told {
  Fault fault = Fault::none;
  std::uint32_t kind = 0;  // RESULT
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  bool has_rows = false;
  bool more_pages = false;
  Bytes id;  // PREPARED
  std::int32_t code = 0;
  std::string_view message;   // ERROR
  std::string_view keyspace;  // of the result
  std::string_view table;
  std::string_view authenticator;
  std::string_view event, change;  // EVENT, SCHEMA_CHANGE
  std::uint32_t warnings = 0;
};
Told parse_answer(const Header& header, Bytes body);

std::string_view error_name(std::int32_t code);
std::string_view consistency_name(std::uint16_t consistency);

}  // namespace spanlight::cassandra
