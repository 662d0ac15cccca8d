// Opcodes, kinds, errors and consistencies by name.

#include <array>

#include "cassandra/parse.h"

namespace spanlight::cassandra {

std::string_view opcode_name(std::uint8_t opcode) {
  constexpr std::array<std::string_view, 17> kNames = {
      "ERROR",          "STARTUP",       "READY",       "AUTHENTICATE", "",         "OPTIONS", "SUPPORTED",
      "QUERY",          "RESULT",        "PREPARE",     "EXECUTE",      "REGISTER", "EVENT",   "BATCH",
      "AUTH_CHALLENGE", "AUTH_RESPONSE", "AUTH_SUCCESS"};
  return opcode < kNames.size() ? kNames[opcode] : std::string_view{};
}

std::string_view kind_name(std::uint32_t kind) {
  constexpr std::array<std::string_view, 6> kNames = {"",         "void",         "rows", "set_keyspace",
                                                      "prepared", "schema_change"};
  return kind < kNames.size() ? kNames[kind] : std::string_view{};
}

std::string_view error_name(std::int32_t code) {
  switch (code) {
    case 0x0000:
      return "Server error";
    case 0x000a:
      return "Protocol error";
    case 0x0100:
      return "Authentication error";
    case 0x1000:
      return "Unavailable";
    case 0x1001:
      return "Overloaded";
    case 0x1002:
      return "Is bootstrapping";
    case 0x1003:
      return "Truncate error";
    case 0x1100:
      return "Write timeout";
    case 0x1200:
      return "Read timeout";
    case 0x1300:
      return "Read failure";
    case 0x1400:
      return "Function failure";
    case 0x1500:
      return "Write failure";
    case 0x1600:
      return "CDC write failure";
    case 0x1700:
      return "CAS write unknown";
    case 0x2000:
      return "Syntax error";
    case 0x2100:
      return "Unauthorized";
    case 0x2200:
      return "Invalid";
    case 0x2300:
      return "Config error";
    case 0x2400:
      return "Already exists";
    case 0x2500:
      return "Unprepared";
    default:
      return {};
  }
}

std::string_view consistency_name(std::uint16_t consistency) {
  constexpr std::array<std::string_view, 11> kNames = {
      "ANY",          "ONE",         "TWO",    "THREE",        "QUORUM",   "ALL",
      "LOCAL_QUORUM", "EACH_QUORUM", "SERIAL", "LOCAL_SERIAL", "LOCAL_ONE"};
  return consistency < kNames.size() ? kNames[consistency] : std::string_view{};
}

}  // namespace spanlight::cassandra
