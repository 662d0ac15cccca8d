#pragma once
// AVPs by name (RFC 6733, 4005, 4006/8506, 4072;
// 3GPP 29.061, 29.212, 29.214, 29.229, 29.272, 29.329, 32.299), and their values as text.

#include <cstdint>
#include <string_view>

#include "core/diameter/parse.h"
#include "core/header_room.h"

namespace spanlight::diameter {

constexpr std::size_t kGroupDepthMax = 6;
constexpr unsigned kAvpsMax = 512;  // of one message, with those in groups

namespace avp {
constexpr std::uint32_t kUserName = 1, kSessionId = 263, kOriginHost = 264, kVendorId = 266,
                        kResultCode = 268, kErrorMessage = 281, kDestinationRealm = 283,
                        kDestinationHost = 293, kOriginRealm = 296, kExperimentalResult = 297,
                        kExperimentalCode = 298, kCcRequestType = 416, kCcRequestNumber = 415,
                        kDisconnectCause = 273, kSubscriptionIdData = 444;
}

enum class Kind : std::uint8_t {
  text,
  octets,
  unsigned_int,
  unsigned_long,
  address,
  v4,
  time,
  grouped,
  secret
};

struct AvpName {
  std::uint32_t code;
  Kind kind;
  std::string_view name;
};

const AvpName* find_avp(std::uint32_t vendor, std::uint32_t code);  // nullptr: not known

void write_value(TextRoom& room, Kind kind, Bytes data);

// All of them; those of a group as "Group.Inner". What is read of groups is what is there: a message that was
// clipped ends where it was. `secret`: something was left out.
Fault write_avps(HeaderRoom& to, Bytes avps, bool shows_secrets, bool& secret);

}  // namespace spanlight::diameter
