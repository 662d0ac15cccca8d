#pragma once
// A document of BSON as JSON text. No recursion: what is open lies in an array of fixed depth.

#include "core/bytes.h"
#include "core/text_room.h"

namespace spanlight::mongodb {

// The document as JSON, as far as it is there and fits. False: it was cut. `secrets`: is_secret() values are
// left out, `redacted` tells whether there was one.
bool to_json(Bytes document, bool secrets, TextRoom& out, bool& redacted);

}  // namespace spanlight::mongodb
