#pragma once
// What a request's parameters ask → a question to the store, with the asker's limits in it. Pure but for the
// clock that is handed in; each throws ApiError(400) that names the parameter.

#include <cstdint>
#include <string>
#include <string_view>

#include "serve/backend.h"

namespace spanlight::serve {

// The filter, compiled. Throws 400 "bad_filter" with every fault's position and suggestion; 403 where it
// reads payloads and the asker may not: asking "does the body hold x" is seeing it.
CheckedFilter checked_filter(const Backend& backend, std::string_view text, const Principal& principal);

// `"faults":[{"position","length","message","suggestion"}]`
std::string faults_json(const std::vector<FilterFault>& faults);

// filter, since, until, source; and namespaces of the asker. Notes the filter for the audit log.
Scope scope_of(const Request& request, const Backend& backend, std::uint64_t now_ns, AuditNote& note);

// A whole number within bounds; `otherwise` where it is not given.
std::uint32_t number_of(const Request& request, std::string_view name, std::uint32_t least,
                        std::uint32_t most, std::uint32_t otherwise);
bool flag_of(const Request& request, std::string_view name, bool otherwise);
std::uint64_t moment_of(const Request& request, std::string_view name, std::uint64_t now_ns,
                        std::uint64_t otherwise);

// Every parameter must be one of the route's: a mistyped name that is ignored gives wrong answers.
struct Route;
void refuse_unknown_parameters(const Request& request, const Route& route);

}  // namespace spanlight::serve
