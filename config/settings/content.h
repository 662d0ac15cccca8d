#pragma once
// What the texts of the file must be beyond being texts: protocol names, endpoints, keys, patterns, filters.

#include <string>
#include <string_view>

#include "settings/load.h"
#include "settings/table.h"

namespace spanlight {

// What is wrong with `value` and what would be right; empty = nothing.
std::string check_content(Content content, std::string_view value, const ProtocolNames& protocols);

// tcp://…: does only this machine reach it? Endpoints of other kinds: true.
bool is_local_endpoint(std::string_view endpoint);

}  // namespace spanlight
