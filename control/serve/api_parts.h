#pragma once
// What several files of operations share. Only for them.

#include <string>
#include <vector>

#include "query/query.h"
#include "serve/backend.h"
#include "serve/json_out.h"
#include "serve/route.h"

namespace spanlight::serve {

History& history_of(const Backend& backend);  // throws ApiError(503) where there is no store

Parameter filter_parameter();
Parameter since_parameter(std::string example = "15m");
Parameter until_parameter();
Parameter source_parameter();

// RFC 3339, or null for 0.
void append_time(JsonOut& json, std::string_view key, std::uint64_t time_ns);

}  // namespace spanlight::serve
