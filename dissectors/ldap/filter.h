#pragma once
// Search filters as text (RFC 4515), and which attributes hold secrets. Pure.

#include <string_view>

#include "core/text_room.h"
#include "ldap/ber.h"

namespace spanlight::ldap {

constexpr std::size_t kFilterDepthMax = 16;

// `secret` is set where a value of the filter was left out. Filters deeper than kFilterDepthMax end in "...".
Fault write_filter(TextRoom& room, Bytes filter, bool shows_secrets, bool& secret);

// The value of userPassword, unicodePwd and the like, with options or without; of any attribute one that says
// how a server logs in elsewhere (olcSyncrepl: … credentials=…).
bool is_secret(std::string_view attribute, std::string_view value);

}  // namespace spanlight::ldap
