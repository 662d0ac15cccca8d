// What is captured, by whom, and who an address is.

#include <algorithm>
#include <string>

#include "serve/api.h"
#include "serve/api_parts.h"
#include "serve/clock.h"
#include "serve/questions.h"
#include "serve/wishes.h"

namespace spanlight::serve {
namespace {

constexpr std::string_view kTapExample =
    R"({"namespaces":["shop"],"excludedNamespaces":["kube-system"],"regex":"","labels":[],"services":[],"bpfOverride":""})";

Targets& targets_of(const Backend& backend) {
  if (backend.targets == nullptr)
    throw ApiError(503, "no_targets", "What is captured cannot be chosen here.");
  return *backend.targets;
}

void append_settings(JsonOut& json, const TapSettings& tap) {
  json.open_object().list("namespaces", tap.namespaces).list("excludedNamespaces", tap.excluded_namespaces);
  json.member("regex", tap.regex).list("labels", tap.labels).list("services", tap.services);
  json.member("bpfOverride", tap.bpf_override).close_object();
}

// `whole`: also what names namespaces, services and pods, for who may see all of them.
std::string targets_json(const TargetsState& state, bool whole) {
  TextBuffer out;
  JsonOut json(out);
  json.open_object();
  if (whole) {
    json.key("settings");
    append_settings(json, state.settings);
  }
  json.member("everything", state.everything)
      .member("generation", state.generation)
      .member("pods", state.pods)
      .member("namespaces", state.name_spaces)
      .member("nodes", state.nodes)
      .member("addresses", state.addresses)
      .member("sensors", state.sensors)
      .member("sensors_in_force", state.sensors_in_force)
      .member("waiting", state.waiting)
      .member("dropped_packets", state.dropped_packets)
      .member("chosen", state.chosen)
      .member("kept", state.kept);
  if (whole) {
    json.key("some").open_array();
    const std::size_t shown = std::min(state.some.size(), kTargetPodsShown);
    for (std::size_t i = 0; i < shown; ++i)
      json.open_object()
          .member("pod", state.some[i].name)
          .member("namespace", state.some[i].name_space)
          .member("node", state.some[i].node)
          .close_object();
    json.close_array();
  }
  json.close_object();
  return std::string(out.view());
}

std::string settings_text(const TapSettings& tap) {
  TextBuffer out;
  JsonOut json(out);
  append_settings(json, tap);
  return std::string(out.view());
}

void send_targets(const std::variant<TargetsState, std::string>& result, Exchange& exchange) {
  if (const auto* const sentence = std::get_if<std::string>(&result))
    throw ApiError(400, "bad_targets", *sentence);
  exchange.send_json(targets_json(std::get<TargetsState>(result), true));
}

void put_targets(const Request& request, const Backend& backend, Exchange& exchange) {
  const TapSettings wanted = parse_tap_settings(request.body);
  Targets& targets = targets_of(backend);
  exchange.audit().what = settings_text(targets.current().settings) + " -> " + settings_text(wanted);
  send_targets(targets.change(wanted), exchange);
}

std::string_view link_name(SensorState::Link link) {
  switch (link) {
    case SensorState::Link::connecting:
      return "connecting";
    case SensorState::Link::connected:
      return "connected";
    case SensorState::Link::refused:
      return "refused";
    case SensorState::Link::wrong:
      return "wrong";
  }
  return "unknown";
}

std::string_view owner_name(SensorCounter::Of of) {
  switch (of) {
    case SensorCounter::Of::port:
      return "port";
    case SensorCounter::Of::worker:
      return "worker";
    case SensorCounter::Of::publisher:
      return "publisher";
  }
  return "unknown";
}

void append_sensor(JsonOut& json, const SensorView& view, bool with_counters) {
  const SensorState& state = view.state;
  json.open_object()
      .member("endpoint", state.endpoint)
      .member("name", state.name)
      .member("link", link_name(state.link))
      .member("trouble", state.trouble)
      .member("version", state.version)
      .member("schema_version", state.schema_version)
      .member("workers", state.workers);
  append_time(json, "link_since", state.link_since_ns);
  append_time(json, "started", state.started_ns);
  append_time(json, "last_record", state.last_record_ns);
  json.member("batches", state.batches)
      .member("records", state.records)
      .member("bytes", state.bytes)
      .member("missed_batches", state.missed_batches)
      .member("malformed", state.malformed)
      .member("restarts", state.restarts)
      .member("disconnects", state.disconnects)
      .member("clock_offset_us", state.clock_offset_ns / 1'000)
      .member("clock_trouble", view.clock_trouble)
      .member("targets_generation", view.targets_generation)
      .member("targets_in_force", view.targets_in_force)
      .member("targets_fault", view.targets_fault);
  json.key("protocols").open_array();
  for (const SensorProtocol& protocol : state.protocols) json.value(protocol.name);
  json.close_array();
  if (with_counters) {
    json.key("counters").open_array();
    for (const SensorCounter& counter : state.counters)
      json.open_object()
          .member("of", owner_name(counter.of))
          .member("who", counter.who)
          .member("name", counter.name)
          .member("label", counter.label)
          .member("value", counter.value)
          .member("per_second", counter.per_second)
          .close_object();
    json.close_array();
  }
  json.close_object();
}

void answer_sensors(const Request& request, const Backend& backend, Exchange& exchange) {
  if (backend.sensors == nullptr) throw ApiError(503, "no_sensors", "No sensor is subscribed to.");
  // As /metrics: counters are of all traffic.
  const bool with_counters = flag_of(request, "counters", false) && request.principal.sees_all();
  TextBuffer out;
  JsonOut json(out);
  json.open_object().key("sensors").open_array();
  for (const SensorView& view : backend.sensors->list()) append_sensor(json, view, with_counters);
  json.close_array().close_object();
  exchange.send_json(std::string(out.view()));
}

void append_resolved(JsonOut& json, const Resolved& resolved) {
  const Party& party = resolved.party;
  json.open_object()
      .member("name", party.name)
      .member("namespace", party.name_space)
      .member("pod", party.pod)
      .member("service", party.service)
      .member("workload_kind", party.workload_kind)
      .member("workload", party.workload)
      .member("node", party.node)
      .member("dns", resolved.dns);
  json.key("labels").open_object();
  for (const Label& label : party.labels) json.member(label.name, label.value);
  json.close_object();
  append_time(json, "from", resolved.from_ns);
  append_time(json, "until", resolved.until_ns);
  json.close_object();
}

void answer_resolve(const Request& request, const Backend& backend, Exchange& exchange) {
  if (backend.names == nullptr) throw ApiError(503, "no_names", "Names are not known here.");
  const std::optional<Ip> address = Ip::parse(request.parameter("ip"));
  if (!address) throw ApiError(400, "bad_parameter", "\"ip\" must be an address, e.g. 10.244.1.7");
  const std::uint64_t now = now_ns();
  const std::uint64_t at = moment_of(request, "at", now, now);
  const std::vector<std::string>& allowed = request.principal.namespaces;
  TextBuffer out;
  JsonOut json(out);
  json.open_object().member("ip", address->text());
  append_time(json, "at", at);
  json.key("names").open_array();
  for (const Resolved& resolved : backend.names->resolve(*address, at)) {
    const bool may_see = allowed.empty() || std::find(allowed.begin(), allowed.end(),
                                                      resolved.party.name_space) != allowed.end();
    if (may_see) append_resolved(json, resolved);
  }
  json.close_array().close_object();
  exchange.send_json(std::string(out.view()));
}

Route control_route(Method method, std::string path, std::string id, std::string summary, Needs needs) {
  Route route;
  route.method = method;
  route.path = std::move(path);
  route.id = std::move(id);
  route.summary = std::move(summary);
  route.needs = needs;
  return route;
}

const std::vector<std::string> kTargetKeys = {"everything", "generation",      "pods",    "namespaces",
                                              "nodes",      "addresses",       "sensors", "sensors_in_force",
                                              "waiting",    "dropped_packets", "chosen",  "kept"};

}  // namespace

void add_control_routes(RouteTable& table, const Backend& backend) {
  Route get = control_route(Method::get, "/api/targets", "targets",
                            "What is captured, and how many pods that is", Needs::viewer);
  get.outcomes = {{200, "application/json",
                   "In force now; `settings` and `some` of the pods are for who sees all namespaces.",
                   kTargetKeys}};
  get.handler = [&backend](const Request& request, Exchange& exchange) {
    exchange.send_json(targets_json(targets_of(backend).current(), request.principal.sees_all()));
  };
  table.add(std::move(get));

  Route put = control_route(Method::put, "/api/targets", "set_targets", "Chooses what is captured, at once",
                            Needs::operator_);
  put.body_type = kJsonBody;
  put.body_example = kTapExample;
  put.outcomes = {
      {200, "application/json",
       "Chosen from now on; `sensors_in_force` and `waiting` say how far it has come.", kTargetKeys},
      {400, "application/json", "These settings cannot be; nothing was changed.", {"error"}}};
  put.handler = [&backend](const Request& request, Exchange& exchange) {
    put_targets(request, backend, exchange);
  };
  table.add(std::move(put));

  Route preview = control_route(Method::post, "/api/targets/preview", "preview_targets",
                                "What these settings would choose, without choosing it", Needs::operator_);
  preview.body_type = kJsonBody;
  preview.body_example = kTapExample;
  preview.outcomes = {{200, "application/json", "What they would choose now.", kTargetKeys},
                      {400, "application/json", "These settings cannot be.", {"error"}}};
  preview.handler = [&backend](const Request& request, Exchange& exchange) {
    send_targets(targets_of(backend).preview(parse_tap_settings(request.body)), exchange);
  };
  table.add(std::move(preview));

  Route sensors = control_route(Method::get, "/api/sensors", "sensors",
                                "The sensors, what they saw and what was missed", Needs::viewer);
  sensors.parameters = {{"counters",
                         In::query,
                         "boolean",
                         "With every counter of theirs; for who sees all namespaces.",
                         "true",
                         {}}};
  sensors.outcomes = {{200, "application/json", "All that are subscribed to.", {"sensors"}},
                      {400, "application/json", "A parameter is wrong.", {"error"}}};
  sensors.handler = [&backend](const Request& request, Exchange& exchange) {
    answer_sensors(request, backend, exchange);
  };
  table.add(std::move(sensors));

  Route resolve =
      control_route(Method::get, "/api/resolve", "resolve", "Who an address was at a moment", Needs::viewer);
  resolve.parameters = {{"ip", In::query, "string", "The address.", "10.244.1.7", {}},
                        {"at", In::query, "string", "The moment; none: now.", "1m", {}}};
  resolve.outcomes = {
      {200, "application/json", "Those of the namespaces that the asker may see.", {"ip", "at", "names"}},
      {400, "application/json", "A parameter is wrong.", {"error"}}};
  resolve.handler = [&backend](const Request& request, Exchange& exchange) {
    answer_resolve(request, backend, exchange);
  };
  table.add(std::move(resolve));
}

}  // namespace spanlight::serve
