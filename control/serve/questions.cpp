#include "serve/questions.h"

#include <algorithm>

#include "serve/json_out.h"
#include "serve/route.h"
#include "serve/time_text.h"
#include "text/text.h"

namespace spanlight::serve {
namespace {

[[noreturn]] void refuse(std::string_view parameter, const std::string& what) {
  TextBuffer out;
  JsonOut json(out);
  json.member("parameter", parameter);
  throw ApiError(400, "bad_parameter", "\"" + std::string(parameter) + "\" " + what, std::string(out.view()));
}

}  // namespace

std::string faults_json(const std::vector<FilterFault>& faults) {
  TextBuffer out;
  JsonOut json(out);
  json.key("faults").open_array();
  for (const FilterFault& fault : faults)
    json.open_object()
        .member("position", fault.position)
        .member("length", fault.length)
        .member("message", fault.text)
        .member("suggestion", fault.suggestion)
        .close_object();
  json.close_array();
  return std::string(out.view());
}

CheckedFilter checked_filter(const Backend& backend, std::string_view text, const Principal& principal) {
  if (backend.filters == nullptr) throw ApiError(503, "no_filters", "Filters are not available.");
  auto compiled = backend.filters->compile(text);
  if (const auto* faults = std::get_if<std::vector<FilterFault>>(&compiled)) {
    const std::string sentence = faults->empty() ? "The filter cannot be understood." : faults->front().text;
    throw ApiError(400, "bad_filter", sentence, faults_json(*faults));
  }
  auto& filter = std::get<CheckedFilter>(compiled);
  if (filter.reads_payloads && !principal.payloads)
    throw ApiError(403, "no_payloads", "The filter looks into headers or bodies, which you may not see.");
  return std::move(filter);
}

std::uint64_t moment_of(const Request& request, std::string_view name, std::uint64_t now_ns,
                        std::uint64_t otherwise) {
  if (!request.has_parameter(name) || request.parameter(name).empty()) return otherwise;
  const std::optional<std::uint64_t> moment = parse_moment(request.parameter(name), now_ns);
  if (!moment)
    refuse(name, "is no time; write 2026-11-23T04:20:00Z, nanoseconds since the epoch, or so long ago: 5m");
  // 0 stands for "not given" from here on; whoever writes 1970 means "from the beginning".
  return std::max<std::uint64_t>(*moment, 1);
}

Scope scope_of(const Request& request, const Backend& backend, std::uint64_t now_ns, AuditNote& note) {
  Scope scope;
  note.filter = request.parameter("filter");
  scope.filter_sql = checked_filter(backend, request.parameter("filter"), request.principal).sql;
  scope.since_ns = moment_of(request, "since", now_ns, 0);
  scope.until_ns = moment_of(request, "until", now_ns, 0);
  if (scope.until_ns != 0 && scope.since_ns >= scope.until_ns) refuse("until", "must be later than since");
  scope.namespaces = request.principal.namespaces;
  scope.source = request.parameter("source");
  return scope;
}

std::uint32_t number_of(const Request& request, std::string_view name, std::uint32_t least,
                        std::uint32_t most, std::uint32_t otherwise) {
  if (!request.has_parameter(name)) return otherwise;
  std::uint64_t number = 0;
  if (!text::parse_number(request.parameter(name), number) || number < least || number > most)
    refuse(name, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return static_cast<std::uint32_t>(number);
}

bool flag_of(const Request& request, std::string_view name, bool otherwise) {
  if (!request.has_parameter(name)) return otherwise;
  const std::string_view value = request.parameter(name);
  if (value == "true" || value == "1" || value.empty()) return true;
  if (value != "false" && value != "0") refuse(name, "must be true or false");
  return false;
}

void refuse_unknown_parameters(const Request& request, const Route& route) {
  for (const auto& [name, value] : request.query) {
    const bool known = std::any_of(
        route.parameters.begin(), route.parameters.end(),
        [&, &name = name](const Parameter& each) { return each.in == In::query && each.name == name; });
    if (known) continue;
    std::vector<std::string_view> names;
    for (const Parameter& each : route.parameters)
      if (each.in == In::query) names.push_back(each.name);
    const std::string_view meant = text::closest(name, names);
    refuse(name,
           meant.empty() ? "is not a parameter of this" : "is not known; did you mean " + std::string(meant));
  }
}

}  // namespace spanlight::serve
