#pragma once
// What a call did, as people group calls: "GET /api/items/{}", "SET", "SELECT", "query Basket" where a
// summary says more than method and path. Of a path the segments that name one thing among many (numbers,
// UUIDs, hashes, long random words) become "{}", so that the number of operations follows the number of
// routes and not that of items. Pure.

#include <string_view>

#include "record/text_buffer.h"
#include "schema/record_generated.h"

namespace spanlight {

constexpr std::size_t kOperationBytesMax = 160;  // longer ones end in "…"

// A view into `out`, which is cleared first.
std::string_view operation_of(const wire::Record& record, TextBuffer& out);

}  // namespace spanlight
