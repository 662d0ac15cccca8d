#pragma once
// Attributes by name, and their values as text (RFC 2865 to 2869, 3162, 4372, 5176; vendors that are met
// most).

#include <cstdint>
#include <string_view>

#include "core/header_room.h"
#include "radius/parse.h"

namespace spanlight::radius {

namespace attribute {
constexpr std::uint8_t kUserName = 1, kNasIpAddress = 4, kReplyMessage = 18, kVendorSpecific = 26,
                       kCalledStation = 30, kCallingStation = 31, kNasIdentifier = 32, kFramedIpAddress = 8,
                       kStatusType = 40, kSessionId = 44, kTerminateCause = 49, kErrorCause = 101;
}

enum class Kind : std::uint8_t { text, octets, integer, tagged, tagged_text, address, prefix, secret };

struct Attribute {
  std::uint8_t type;
  Kind kind;
  std::string_view name;
};

const Attribute* find_attribute(std::uint8_t type);  // nullptr: not known
const Attribute* find_vendor_attribute(std::uint32_t vendor, std::uint8_t type);

// The value that stands for a number, such as Start for Acct-Status-Type 1; empty: none is known.
std::string_view value_name(std::uint8_t type, std::uint32_t value);

void write_value(TextRoom& room, Kind kind, std::uint8_t type, Bytes value);

// All of them, those of vendors too. True: something was left out because it is secret.
bool write_attributes(HeaderRoom& to, Bytes attributes, bool shows_secrets);

}  // namespace spanlight::radius
