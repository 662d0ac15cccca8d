#pragma once
// What numbers of TLS are called: versions, cipher suites, groups, alerts. IANA's names.

#include <cstdint>
#include <string_view>

#include "core/text_room.h"

namespace spanlight::tls {

// "TLSv1.3"; drafts of it are told as it. Empty: no known version.
std::string_view version_name(std::uint16_t version);
std::string_view cipher_name(std::uint16_t cipher);
std::string_view group_name(std::uint16_t group);
std::string_view signature_name(std::uint16_t scheme);
std::string_view alert_name(std::uint8_t description);

// `known`, or "0x1301".
void write_name_or_number(TextRoom& room, std::string_view known, std::uint16_t number);

// Text of the wire for people: bytes that are no visible ASCII become \x0a.
void write_visible(TextRoom& room, Bytes text);

}  // namespace spanlight::tls
