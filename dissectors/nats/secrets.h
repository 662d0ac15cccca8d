#pragma once
// What CONNECT says of a login, left out. Pure.

#include <string_view>

#include "core/text_room.h"

namespace spanlight::nats {

// Writes the JSON object of a CONNECT without its secrets: `[redacted]` stands for each. It ends where it
// cannot be read any more. True: something was left out.
bool write_redacted(TextRoom& room, std::string_view json);

}  // namespace spanlight::nats
