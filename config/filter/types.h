#pragma once
// What the filter language knows of values: the types of its expressions and what a variable is bound to.
// Plain enumerations, shared by the catalog, the checker and both back ends.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spanlight {

enum class FilterType : std::uint8_t {
  boolean,
  integer,
  number,
  text,
  address,    // an IP address; behaves as its text too
  timestamp,  // nanoseconds since the epoch
  duration,   // nanoseconds
  text_list,
  integer_list,
  text_map,  // text → text
  dynamic,   // a field whose type only the record says
};

constexpr bool is_text(FilterType type) {
  return type == FilterType::text || type == FilterType::address;
}
constexpr bool is_numeric(FilterType type) {
  return type == FilterType::integer || type == FilterType::number;
}
std::string_view type_name(FilterType type);  // as CEL names it: "int", "list(string)", …

namespace filter {

// What every record has, whatever its protocol. Order: text, addresses, integers, times, booleans, lists,
// maps.
enum class Var : std::uint8_t {
  none,
  // text
  method,
  url,
  path,
  query_string,
  version,
  protocol,
  sensor,
  source,
  error,
  summary,
  trace_id,
  request_id,
  id,
  conn_id,
  state,
  reason,
  transport,
  tunnel,
  request_body,
  response_body,
  request_content_type,
  response_content_type,
  request_content_encoding,
  response_content_encoding,
  src_name,
  src_namespace,
  src_pod,
  src_service,
  src_workload_kind,
  src_workload,
  src_node,
  src_dns,
  dst_name,
  dst_namespace,
  dst_pod,
  dst_service,
  dst_workload_kind,
  dst_workload,
  dst_node,
  dst_dns,
  // addresses
  src_ip,
  dst_ip,
  // integers
  status_code,
  elapsed_time,
  src_port,
  dst_port,
  tunnel_id,
  request_size,
  response_size,
  total_size,
  request_body_size,
  response_body_size,
  request_headers_size,
  response_headers_size,
  state_code,  // numbers of the enumerations: what comparisons with a name become
  reason_code,
  transport_code,
  tunnel_code,
  flag_bits,
  epoch_number,  // halves of `id`
  id_number,
  conn_number,
  // times
  timestamp,
  response_timestamp,
  // booleans
  is_error,
  has_status,
  has_elapsed,
  request_present,
  response_present,
  // lists
  flags,
  vlan,
  namespaces,
  pods,
  services,
  dns_resolutions,
  // maps
  request_headers,
  response_headers,
  request_cookies,
  response_cookies,
  query_parameters,
  src_labels,
  dst_labels,
  count_,
};

enum class Side : std::uint8_t { either, request, response };  // either: the request's, else the response's

// A field that one protocol adds.
struct FieldRef {
  std::string name;
  Side side = Side::either;
  std::vector<std::string> protocols;  // empty: of whatever protocol
};

}  // namespace filter
}  // namespace spanlight
