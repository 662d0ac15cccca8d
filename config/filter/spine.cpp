#include "filter/spine.h"

#include "record/names.h"

namespace spanlight {

std::string_view type_name(FilterType type) {
  switch (type) {
    case FilterType::boolean:
      return "bool";
    case FilterType::integer:
      return "int";
    case FilterType::number:
      return "double";
    case FilterType::text:
      return "string";
    case FilterType::address:
      return "ip";
    case FilterType::timestamp:
      return "timestamp";
    case FilterType::duration:
      return "duration";
    case FilterType::text_list:
      return "list(string)";
    case FilterType::integer_list:
      return "list(int)";
    case FilterType::text_map:
      return "map(string, string)";
    case FilterType::dynamic:
      return "dyn";
  }
  return "unknown";
}

namespace filter {
namespace {

struct Row {
  std::string_view name;
  Var var;
  std::string_view meaning;
  bool alias = false;
};

constexpr Row kRows[] = {
    {"method", Var::method, "Method or command of the call, as its protocol names it"},
    {"url", Var::url, "Target of the request as it was on the wire"},
    {"path", Var::path, "Target without the query"},
    {"query_string", Var::query_string, "What stands behind the ?; query_string[\"id\"] is one parameter"},
    {"version", Var::version, "Version of the protocol"},
    {"protocol", Var::protocol, "Protocol of the call"},
    {"sensor", Var::sensor, "The sensor that saw it"},
    {"source", Var::source, "\"live\", or the name of an import"},
    {"error", Var::error, "What went wrong, in the protocol's words"},
    {"summary", Var::summary, "The call in one line"},
    {"trace_id", Var::trace_id, "Trace that the request belongs to (traceparent, b3)"},
    {"request_id", Var::request_id, "Identifier that the request carries (x-request-id)"},
    {"id", Var::id, "Identifier of the record, 32 hexadecimal digits"},
    {"conn_id", Var::conn_id, "Identifier of the connection, 16 hexadecimal digits or a number"},
    {"state", Var::state, "Whether request and response were seen"},
    {"reason", Var::reason, "Why one of the two is missing"},
    {"transport", Var::transport, "What carried it"},
    {"tunnel", Var::tunnel, "Kind of the tunnel, empty without one"},
    {"tunnel.type", Var::tunnel, "Kind of the tunnel, empty without one", true},
    {"tunnel.id", Var::tunnel_id, "Number of the tunnel (VNI, key, TEID)"},
    {"request.body", Var::request_body, "First bytes of the request's body, as on the wire"},
    {"response.body", Var::response_body, "First bytes of the response's body, as on the wire"},
    {"request.content_type", Var::request_content_type, "Content-Type of the request"},
    {"response.content_type", Var::response_content_type, "Content-Type of the response"},
    {"request.content_encoding", Var::request_content_encoding, "Content-Encoding of the request"},
    {"response.content_encoding", Var::response_content_encoding, "Content-Encoding of the response"},
    {"status_code", Var::status_code, "Status of the response, 0 without one"},
    {"elapsed_time", Var::elapsed_time, "Microseconds from request to response, first byte to first byte"},
    {"elapsed_time_us", Var::elapsed_time, "The same as elapsed_time", true},
    {"request.size", Var::request_size, "Bytes of the request on the wire"},
    {"response.size", Var::response_size, "Bytes of the response on the wire"},
    {"request_size", Var::request_size, "Bytes of the request on the wire", true},
    {"response_size", Var::response_size, "Bytes of the response on the wire", true},
    {"total_size", Var::total_size, "Bytes of request and response together"},
    {"request_body_size", Var::request_body_size, "Bytes of the request's body on the wire"},
    {"response_body_size", Var::response_body_size, "Bytes of the response's body on the wire"},
    {"request.body.size", Var::request_body_size, "Bytes of the request's body on the wire", true},
    {"response.body.size", Var::response_body_size, "Bytes of the response's body on the wire", true},
    {"request_headers_size", Var::request_headers_size, "Bytes of the request's header names and values"},
    {"response_headers_size", Var::response_headers_size, "Bytes of the response's header names and values"},
    {"timestamp", Var::timestamp, "First byte of the request, else of the response"},
    {"response_timestamp", Var::response_timestamp, "First byte of the response"},
    {"request", Var::request_present, "The request was seen"},
    {"response", Var::response_present, "The response was seen"},
    {"is_error", Var::is_error, "The protocol calls the outcome an error"},
    {"flags", Var::flags, "What was not ideal when it was captured"},
    {"vlan", Var::vlan, "VLAN numbers, outermost first"},
    {"namespaces", Var::namespaces, "Namespaces of both ends"},
    {"pods", Var::pods, "Pods of both ends"},
    {"services", Var::services, "Services of both ends"},
    {"dns_resolutions", Var::dns_resolutions, "DNS names of both ends"},
    {"request.headers", Var::request_headers, "Headers of the request; names in any case"},
    {"response.headers", Var::response_headers, "Headers of the response; names in any case"},
    {"request.cookies", Var::request_cookies, "Cookies that the request sends"},
    {"response.cookies", Var::response_cookies, "Cookies that the response sets"},
};

// Behind "src.", "dst." and KFL's "local.", "remote.".
struct EndRow {
  std::string_view name;
  Var src, dst;
  std::string_view meaning;
  bool alias = false;
};
constexpr EndRow kEndRows[] = {
    {"ip", Var::src_ip, Var::dst_ip, "Address"},
    {"port", Var::src_port, Var::dst_port, "Port, 0 without one"},
    {"name", Var::src_name, Var::dst_name, "Pod, else service, else node or machine, else DNS name"},
    {"namespace", Var::src_namespace, Var::dst_namespace, "Kubernetes namespace"},
    {"pod.name", Var::src_pod, Var::dst_pod, "Pod"},
    {"pod.namespace", Var::src_namespace, Var::dst_namespace, "Kubernetes namespace", true},
    {"pod.labels", Var::src_labels, Var::dst_labels, "Labels of the pod, else of the service", true},
    {"service.name", Var::src_service, Var::dst_service, "Service"},
    {"service.namespace", Var::src_namespace, Var::dst_namespace, "Kubernetes namespace", true},
    {"workload.name", Var::src_workload, Var::dst_workload, "Deployment, StatefulSet, CronJob or the like"},
    {"workload.kind", Var::src_workload_kind, Var::dst_workload_kind, "Kind of the workload"},
    {"node", Var::src_node, Var::dst_node, "Node that the pod runs on"},
    {"dns", Var::src_dns, Var::dst_dns, "Name that a DNS answer gave the address"},
    {"labels", Var::src_labels, Var::dst_labels, "Labels of the pod, else of the service"},
};
struct Prefix {
  std::string_view text;
  bool client;
  bool alias;
};
constexpr Prefix kEndPrefixes[] = {
    {"src.", true, false}, {"dst.", false, false}, {"local.", true, true}, {"remote.", false, true}};
// KFL's flat names.
constexpr Row kFlatRows[] = {
    {"local_labels", Var::src_labels, "Labels of the client", true},
    {"remote_labels", Var::dst_labels, "Labels of the server", true},
    {"local_node_name", Var::src_node, "Node of the client", true},
    {"remote_node_name", Var::dst_node, "Node of the server", true},
};

template <typename Enum>
constexpr std::size_t kCountOf = static_cast<std::size_t>(Enum::MAX) + 1;

template <typename Enum>
std::vector<std::string> names_of(std::string_view (*name)(Enum), bool first_is_empty) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kCountOf<Enum>; ++i) names.emplace_back(name(static_cast<Enum>(i)));
  if (first_is_empty) names[0].clear();
  names.emplace_back("unknown");
  return names;
}

template <typename Take>
void each_row(Take take) {
  for (const Row& row : kRows) take(std::string(row.name), row.var, std::string(row.meaning), row.alias);
  for (const Prefix& prefix : kEndPrefixes)
    for (const EndRow& row : kEndRows)
      take(std::string(prefix.text) + std::string(row.name), prefix.client ? row.src : row.dst,
           std::string(row.meaning) + (prefix.client ? " of the client" : " of the server"),
           prefix.alias || row.alias);
  for (const Row& row : kFlatRows) take(std::string(row.name), row.var, std::string(row.meaning), row.alias);
}

bool between(Var var, Var first, Var last) {
  return var >= first && var <= last;
}

}  // namespace

FilterType type_of(Var var) {
  if (between(var, Var::method, Var::dst_dns)) return FilterType::text;
  if (between(var, Var::src_ip, Var::dst_ip)) return FilterType::address;
  if (between(var, Var::status_code, Var::conn_number)) return FilterType::integer;
  if (between(var, Var::timestamp, Var::response_timestamp)) return FilterType::timestamp;
  if (var == Var::vlan) return FilterType::integer_list;
  if (between(var, Var::flags, Var::dns_resolutions)) return FilterType::text_list;
  if (between(var, Var::request_headers, Var::dst_labels)) return FilterType::text_map;
  return FilterType::boolean;
}

std::vector<FilterVariable> spine_variables() {
  std::vector<FilterVariable> out;
  each_row([&out](std::string name, Var var, std::string meaning, bool alias) {
    std::vector<std::string> values = var == Var::flags ? names_of_flags() : names_of_values(var);
    out.push_back({std::move(name), type_of(var), std::move(meaning), {}, alias, std::move(values)});
  });
  return out;
}

Var spine_var(std::string_view wanted) {
  Var found = Var::none;
  each_row([&](const std::string& name, Var var, const std::string&, bool) {
    if (name == wanted) found = var;
  });
  return found;
}

std::vector<std::string> names_of_values(Var var) {
  switch (var) {
    case Var::state:
      return names_of(state_name, false);
    case Var::reason:
      return names_of(reason_name, true);
    case Var::transport:
      return names_of(transport_name, false);
    case Var::tunnel:
      return names_of(tunnel_name, true);
    default:
      return {};
  }
}

Var code_of(Var enumeration) {
  switch (enumeration) {
    case Var::state:
      return Var::state_code;
    case Var::reason:
      return Var::reason_code;
    case Var::transport:
      return Var::transport_code;
    case Var::tunnel:
      return Var::tunnel_code;
    default:
      return Var::none;
  }
}

std::vector<std::string> names_of_flags() {
  std::vector<std::string> names;
  for (std::size_t bit = 0; bit < kFlagCount; ++bit) names.emplace_back(flag_name(bit));
  return names;
}

}  // namespace filter
}  // namespace spanlight
