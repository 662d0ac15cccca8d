#pragma once
// The API's operations, each with its description, put into the table. `backend` and `counts` must outlive
// the table. Handlers run on workers, several at once; what they share is the backend alone.

#include <string>
#include <string_view>

#include "serve/backend.h"
#include "serve/counts.h"
#include "serve/route.h"

namespace spanlight::serve {

// All of them. The document of /api/openapi.json is made at the end, so nothing may be added to the table
// later.
void add_api(RouteTable& table, const Backend& backend, ServerCounts& counts, std::string_view version);

// One file each.
void add_call_routes(RouteTable& table, const Backend& backend, ServerCounts& counts);       // calls_api.cpp
void add_export_route(RouteTable& table, const Backend& backend, std::string_view version);  // export_api.cpp
void add_view_routes(RouteTable& table, const Backend& backend);                             // views_api.cpp
void add_control_routes(RouteTable& table, const Backend& backend);                       // control_api.cpp
void add_filter_routes(RouteTable& table, const Backend& backend);                        // filter_api.cpp
void add_health_routes(RouteTable& table, const Backend& backend, ServerCounts& counts);  // health_api.cpp

// How many counts a table of all operations needs: ServerCounts is made before it.
constexpr std::size_t kRoutesMax = 40;

constexpr std::uint32_t kPageCallsMax = 1'000;
constexpr std::size_t kPageBytesMax = std::size_t{8}
                                      << 20;  // of a page's JSON: it ends earlier then, with a cursor

}  // namespace spanlight::serve
