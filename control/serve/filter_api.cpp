// The filter language, for those who write filters: is it right, and what may stand in it.

#include <string>

#include "serve/api.h"
#include "serve/api_parts.h"
#include "serve/questions.h"
#include "serve/wishes.h"

namespace spanlight::serve {
namespace {

FilterLanguage& filters_of(const Backend& backend) {
  if (backend.filters == nullptr) throw ApiError(503, "no_filters", "Filters are not available.");
  return *backend.filters;
}

void check_filter(const Request& request, const Backend& backend, Exchange& exchange) {
  const std::string text = parse_filter_wish(request.body);
  const auto compiled = filters_of(backend).compile(text);
  const auto* const faults = std::get_if<std::vector<FilterFault>>(&compiled);
  const auto* const filter = std::get_if<CheckedFilter>(&compiled);
  TextBuffer out;
  JsonOut json(out);
  json.open_object()
      .member("ok", faults == nullptr)
      .member("reads_payloads", filter != nullptr && filter->reads_payloads);
  out.append(',');
  out.append(faults_json(faults == nullptr ? std::vector<FilterFault>{} : *faults));
  json.close_object();
  exchange.send_json(std::string(out.view()));
}

void list_variables(const Backend& backend, Exchange& exchange) {
  TextBuffer out;
  JsonOut json(out);
  json.open_object().key("variables").open_array();
  for (const FilterVariable& variable : filters_of(backend).variables())
    json.open_object()
        .member("name", variable.name)
        .member("type", variable.type)
        .member("meaning", variable.meaning)
        .member("protocol", variable.protocol)
        .list("values", variable.values)
        .close_object();
  json.close_array().close_object();
  exchange.send_json(std::string(out.view()));
}

}  // namespace

void add_filter_routes(RouteTable& table, const Backend& backend) {
  Route check;
  check.method = Method::post;
  check.path = "/api/filter/check";
  check.id = "check_filter";
  check.summary = "Is a filter right? Its faults with position and suggestion";
  check.body_type = kJsonBody;
  check.body_example = R"({"filter":"http && status_code >= 500"})";
  check.audited = false;
  check.outcomes = {
      {200, "application/json", "Also where it is wrong: `ok` says.", {"ok", "faults", "reads_payloads"}},
      {400, "application/json", "The body is wrong.", {"error"}}};
  check.handler = [&backend](const Request& request, Exchange& exchange) {
    check_filter(request, backend, exchange);
  };
  table.add(std::move(check));

  Route variables;
  variables.path = "/api/filter/variables";
  variables.id = "filter_variables";
  variables.summary = "What may stand in a filter";
  variables.audited = false;
  variables.outcomes = {{200, "application/json", "By name.", {"variables"}}};
  variables.handler = [&backend](const Request&, Exchange& exchange) { list_variables(backend, exchange); };
  table.add(std::move(variables));
}

}  // namespace spanlight::serve
