// Is it alive, is it ready, what does it count; and who am I.

#include <algorithm>
#include <string>

#include "serve/api.h"
#include "serve/api_parts.h"

namespace spanlight::serve {
namespace {

// Strangers learn which parts are ready, not why one is not.
void answer_ready(const Backend& backend, Exchange& exchange) {
  const std::vector<PartState> parts =
      backend.health == nullptr ? std::vector<PartState>{} : backend.health->parts();
  const bool ready =
      std::all_of(parts.begin(), parts.end(), [](const PartState& part) { return part.ready; });
  TextBuffer out;
  JsonOut json(out);
  json.open_object().member("ready", ready).key("parts").open_object();
  for (const PartState& part : parts) json.member(part.name, part.ready);
  json.close_object().close_object();
  exchange.send(ready ? 200 : 503, Exchange::kJson, std::string(out.view()));
}

void answer_metrics(const Backend& backend, const ServerCounts& counts, const RouteTable& table,
                    Exchange& exchange) {
  Exposition exposition;
  counts.write(exposition, table);
  if (backend.health != nullptr) backend.health->write_metrics(exposition);
  exposition.counter("spanlight_metrics_refused_total",
                     "Samples left out: two of one name have different types.",
                     static_cast<double>(exposition.refused()));
  exchange.send(200, kExpositionType, exposition.text());
}

void answer_me(const Request& request, const Backend& backend, Exchange& exchange) {
  const Principal& who = request.principal;
  TextBuffer out;
  JsonOut json(out);
  json.open_object().member("name", who.name).member("how", who.how);
  json.member("role", who.role == Role::operator_ ? "operator" : "viewer");
  json.list("namespaces", who.namespaces).member("payloads", who.payloads).member("packets", who.packets);
  json.key("parts").open_array();
  if (backend.health != nullptr && who.sees_all()) {
    for (const PartState& part : backend.health->parts())
      json.open_object()
          .member("name", part.name)
          .member("ready", part.ready)
          .member("detail", part.detail)
          .close_object();
  }
  json.close_array().close_object();
  exchange.send_json(std::string(out.view()));
}

Route health_route(std::string path, std::string id, std::string summary, Needs needs) {
  Route route;
  route.path = std::move(path);
  route.id = std::move(id);
  route.summary = std::move(summary);
  route.needs = needs;
  route.audited = false;
  route.limited = false;
  return route;
}

}  // namespace

void add_health_routes(RouteTable& table, const Backend& backend, ServerCounts& counts) {
  Route alive = health_route("/healthz", "healthz", "The process answers", Needs::nothing);
  alive.outcomes = {{200, "text/plain; charset=utf-8", "ok", {}}};
  alive.handler = [](const Request&, Exchange& exchange) {
    exchange.send(200, "text/plain; charset=utf-8", "ok\n");
  };
  table.add(std::move(alive));

  Route ready = health_route("/readyz", "readyz", "All its parts work", Needs::nothing);
  ready.outcomes = {{200, "application/json", "All.", {"ready", "parts"}},
                    {503, "application/json", "Some do not.", {"ready", "parts"}}};
  ready.handler = [&backend](const Request&, Exchange& exchange) { answer_ready(backend, exchange); };
  table.add(std::move(ready));

  Route metrics = health_route("/metrics", "metrics",
                               "Prometheus: every counter of every sensor and of itself", Needs::whole_view);
  metrics.outcomes = {{200, std::string(kExpositionType), "Text format 0.0.4.", {}}};
  metrics.handler = [&backend, &counts, &table](const Request&, Exchange& exchange) {
    answer_metrics(backend, counts, table, exchange);
  };
  table.add(std::move(metrics));

  Route me = health_route("/api/me", "me", "Who the asker is, and what they may", Needs::viewer);
  me.limited = true;
  me.outcomes = {{200,
                  "application/json",
                  "You.",
                  {"name", "how", "role", "namespaces", "payloads", "packets", "parts"}}};
  me.handler = [&backend](const Request& request, Exchange& exchange) {
    answer_me(request, backend, exchange);
  };
  table.add(std::move(me));
}

}  // namespace spanlight::serve
