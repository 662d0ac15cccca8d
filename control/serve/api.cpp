#include "serve/api.h"

#include <memory>

#include "record/names.h"
#include "serve/api_parts.h"

namespace spanlight::serve {

History& history_of(const Backend& backend) {
  if (backend.history == nullptr)
    throw ApiError(503, "no_store", "Calls are not kept: the store is switched off (store.enabled).");
  return *backend.history;
}

Parameter filter_parameter() {
  return {"filter",
          In::query,
          "string",
          "Which calls; the filter language. Empty: all.",
          "http && status_code >= 500",
          {}};
}
Parameter since_parameter(std::string example) {
  return {"since",
          In::query,
          "string",
          "From then on: RFC 3339, nanoseconds since the epoch, or so long ago (5m).",
          std::move(example),
          {}};
}
Parameter until_parameter() {
  return {"until", In::query, "string", "Before then; as since.", "", {}};
}
Parameter source_parameter() {
  return {"source", In::query, "string", "\"live\", or the name of an import. Empty: all.", "", {}};
}

void append_time(JsonOut& json, std::string_view key, std::uint64_t time_ns) {
  json.key(key);
  if (time_ns == 0) {
    json.null();
    return;
  }
  char text[kTimeTextBytes];
  write_time(text, time_ns);
  json.value(std::string_view(text, sizeof(text)));
}

void add_api(RouteTable& table, const Backend& backend, ServerCounts& counts, std::string_view version) {
  add_call_routes(table, backend, counts);
  add_export_route(table, backend, version);
  add_view_routes(table, backend);
  add_control_routes(table, backend);
  add_filter_routes(table, backend);
  add_health_routes(table, backend, counts);
  // The document holds itself too, so its text is made behind its own line of the table.
  auto document = std::make_shared<std::string>();
  Route route;
  route.path = "/api/openapi.json";
  route.id = "openapi";
  route.summary = "This description";
  route.needs = Needs::nothing;
  route.audited = false;
  route.outcomes = {{200, "application/json", "OpenAPI 3.0.3.", {"openapi", "info", "paths"}}};
  route.handler = [document](const Request&, Exchange& exchange) { exchange.send_json(*document); };
  table.add(std::move(route));
  *document = openapi_document(table, version);
}

}  // namespace spanlight::serve
