#pragma once
// Values of BSON: how long one is, and what it says. Pure. Source: bsonspec.org, version 1.1.

#include <cstdint>
#include <string_view>

#include "core/bytes.h"

namespace spanlight::mongodb {

constexpr std::uint32_t kDocumentBytesMin = 5;
constexpr std::uint32_t kDocumentBytesMax = 48'000'000 + 16'384;  // what a server takes in a message

enum Type : std::uint8_t {
  kDouble = 0x01,
  kString = 0x02,
  kDocument = 0x03,
  kArray = 0x04,
  kBinary = 0x05,
  kUndefined = 0x06,
  kObjectId = 0x07,
  kBoolean = 0x08,
  kDate = 0x09,
  kNull = 0x0a,
  kRegex = 0x0b,
  kPointer = 0x0c,
  kCode = 0x0d,
  kSymbol = 0x0e,
  kScopedCode = 0x0f,
  kInt32 = 0x10,
  kTimestamp = 0x11,
  kInt64 = 0x12,
  kDecimal = 0x13,
  kMaxKey = 0x7f,
  kMinKey = 0xff,
};

constexpr std::uint64_t kUnknown = ~std::uint64_t{0};
constexpr std::uint64_t kShort = kUnknown - 1;

// How long a value is; kShort: not enough of it is there to know, kUnknown: there is no such value.
std::uint64_t size_of(std::uint8_t type, Bytes value);

bool is_number(std::uint8_t type);
double number_of(std::uint8_t type, Bytes value);
std::int64_t integer_of(std::uint8_t type, Bytes value);  // out of range: 0

// A string's text, as much of it as there is.
std::string_view text_of(Bytes value);

// Values that are never shown: of these names, in a document that proves somebody's identity.
bool is_secret(std::string_view name);

}  // namespace spanlight::mongodb
