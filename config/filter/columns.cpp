#include "filter/columns.h"

#include "filter/spine.h"
#include "record/names.h"

namespace spanlight::filter {
namespace {

struct Column {
  Var var;
  std::string_view expression;
};
// Wide unsigned ones as the predicate sees them: their bits as a signed number.
constexpr Column kColumns[] = {{Var::method, "method"},
                               {Var::url, "url"},
                               {Var::path, "path"},
                               {Var::query_string, "query_string"},
                               {Var::version, "version"},
                               {Var::protocol, "protocol"},
                               {Var::sensor, "sensor"},
                               {Var::source, "source"},
                               {Var::error, "error"},
                               {Var::summary, "summary"},
                               {Var::trace_id, "trace_id"},
                               {Var::request_id, "request_id"},
                               {Var::request_body, "request_body"},
                               {Var::response_body, "response_body"},
                               {Var::request_content_type, "request_content_type"},
                               {Var::response_content_type, "response_content_type"},
                               {Var::request_content_encoding, "request_content_encoding"},
                               {Var::response_content_encoding, "response_content_encoding"},
                               {Var::src_namespace, "src_namespace"},
                               {Var::src_pod, "src_pod"},
                               {Var::src_service, "src_service"},
                               {Var::src_workload_kind, "src_workload_kind"},
                               {Var::src_workload, "src_workload"},
                               {Var::src_node, "src_node"},
                               {Var::src_dns, "src_dns"},
                               {Var::dst_namespace, "dst_namespace"},
                               {Var::dst_pod, "dst_pod"},
                               {Var::dst_service, "dst_service"},
                               {Var::dst_workload_kind, "dst_workload_kind"},
                               {Var::dst_workload, "dst_workload"},
                               {Var::dst_node, "dst_node"},
                               {Var::dst_dns, "dst_dns"},
                               {Var::status_code, "status_code"},
                               {Var::src_port, "src_port"},
                               {Var::dst_port, "dst_port"},
                               {Var::tunnel_id, "tunnel_id"},
                               {Var::is_error, "is_error"},
                               {Var::has_status, "has_status"},
                               {Var::request_present, "request_present"},
                               {Var::response_present, "response_present"},
                               {Var::elapsed_time, "elapsed_us"},
                               {Var::state_code, "state"},
                               {Var::reason_code, "reason"},
                               {Var::transport_code, "transport"},
                               {Var::tunnel_code, "tunnel"},
                               {Var::flag_bits, "flags"},
                               {Var::request_size, "toInt64(request_size)"},
                               {Var::response_size, "toInt64(response_size)"},
                               {Var::total_size, "toInt64(request_size + response_size)"},
                               {Var::request_body_size, "toInt64(request_body_size)"},
                               {Var::response_body_size, "toInt64(response_body_size)"},
                               {Var::epoch_number, "toInt64(epoch)"},
                               {Var::id_number, "toInt64(record_id)"},
                               {Var::conn_number, "toInt64(conn_id)"},
                               {Var::response_timestamp, "toInt64(response_timestamp)"},
                               {Var::timestamp, "toUnixTimestamp64Nano(time)"},
                               {Var::has_elapsed, "(timestamp != 0 AND response_timestamp != 0)"}};

std::string joined(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + sql_text(text);
  return out + "]";
}

// The name of an enumeration's number; the last name stands for all numbers beyond.
std::string named(const std::string& column, Var var) {
  const std::vector<std::string> names = names_of_values(var);
  return "arrayElement(" + joined(names) + ", least(" + column + " + 1, " + std::to_string(names.size()) +
         "))";
}

// RFC 5952, and dotted where IPv4-mapped. ClickHouse also dots the last two groups behind six that are zero.
std::string address_text(const std::string& column) {
  const std::string bytes = "reinterpretAsFixedString(" + column + ")";
  const auto group = [&](int at) {
    const std::string digits = "lower(hex(substring(" + bytes + ", " + std::to_string(at) + ", 2)))";
    return "replaceRegexpOne(" + digits + ", '^0{1,3}', '')";
  };
  const std::string text = "toString(" + column + ")";
  return "multiIf(startsWith(" + text + ", '::ffff:') AND position(" + text + ", '.') > 0, substring(" +
         text + ", 8), position(" + text + ", '.') > 0, concat('::', " + group(13) + ", ':', " + group(15) +
         "), " + text + ")";
}

std::string hex_of(const std::string& column) {
  return "lower(leftPad(hex(" + column + "), 16, '0'))";
}

std::string both(const std::string& column) {
  return "arrayDistinct(arrayFilter(x -> x != '', [toString(src_" + column + "), toString(dst_" + column +
         ")]))";
}

std::string message_of(Var var) {
  const bool request = var == Var::request_headers || var == Var::request_cookies;
  return request ? "request" : "response";
}

std::string cookie_pieces(Var map) {
  const std::string message = message_of(map);
  const bool request = map == Var::request_cookies;
  const std::string values = "arrayFilter((v, n) -> lower(n) = '" +
                             std::string(request ? "cookie" : "set-cookie") + "', " + message +
                             "_header_values, " + message + "_header_names)";
  const std::string pieces = request ? "arrayFlatten(arrayMap(v -> splitByChar(';', v), " + values + "))"
                                     : "arrayMap(v -> splitByChar(';', v)[1], " + values + ")";
  return "arrayFilter(p -> position(p, '=') > 0, arrayMap(p -> trimBoth(p), " + pieces + "))";
}

std::string query_pieces() {
  return "arrayFilter(p -> p != '', splitByChar('&', query_string))";
}

std::string pieces_of(Var map) {
  return map == Var::query_parameters ? query_pieces() : cookie_pieces(map);
}

// Of a piece `p`, with or without "=".
std::string name_of_piece(const std::string& p) {
  return "if(position(" + p + ", '=') = 0, " + p + ", substring(" + p + ", 1, position(" + p + ", '=') - 1))";
}

bool is_headers(Var map) {
  return map == Var::request_headers || map == Var::response_headers;
}
bool is_labels(Var map) {
  return map == Var::src_labels || map == Var::dst_labels;
}
std::string labels_column(Var map) {
  return map == Var::src_labels ? "src_labels" : "dst_labels";
}

std::string headers_size(const std::string& message) {
  const auto bytes = [&message](const char* part) {
    return "arraySum(arrayMap(x -> length(x), " + message + part + "))";
  };
  return "(" + bytes("_header_names") + " + " + bytes("_header_values") + ")";
}

}  // namespace

std::string sql_text(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\'' && c != '\\') {
      out.push_back(c);
    } else {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out + "'";
}

std::string column_of(Var var) {
  switch (var) {
    case Var::id:
      return "concat(" + hex_of("epoch") + ", " + hex_of("record_id") + ")";
    case Var::conn_id:
      return hex_of("conn_id");
    case Var::state:
    case Var::reason:
    case Var::transport:
    case Var::tunnel:
      return named(column_of(code_of(var)), var);
    case Var::src_ip:
      return address_text("src_ip");
    case Var::dst_ip:
      return address_text("dst_ip");
    case Var::src_name:
      return "if(src_name != '', toString(src_name), src_dns)";
    case Var::dst_name:
      return "if(dst_name != '', toString(dst_name), dst_dns)";
    case Var::request_headers_size:
      return "toInt64(" + headers_size("request") + ")";
    case Var::response_headers_size:
      return "toInt64(" + headers_size("response") + ")";
    default:
      break;
  }
  for (const Column& column : kColumns)
    if (column.var == var) return std::string(column.expression);
  return "0";
}

std::string_view wide_column(Var var) {
  switch (var) {
    case Var::epoch_number:
      return "epoch";
    case Var::id_number:
      return "record_id";
    case Var::conn_number:
      return "conn_id";
    default:
      return {};
  }
}

std::string list_of(Var list) {
  switch (list) {
    case Var::flags:
      return "arrayMap(b -> arrayElement(" + joined(names_of_flags()) + ", b + 1), arrayFilter(b -> b < " +
             std::to_string(kFlagCount) + ", bitPositionsToArray(flags)))";
    case Var::vlan:
      return "vlans";
    case Var::namespaces:
      return both("namespace");
    case Var::pods:
      return both("pod");
    case Var::services:
      return both("service");
    default:
      return both("dns");
  }
}

std::string keys_of(Var map) {
  if (is_headers(map)) return "arrayMap(n -> lower(n), " + message_of(map) + "_header_names)";
  if (is_labels(map)) return "mapKeys(" + labels_column(map) + ")";
  return "arrayMap(p -> " + name_of_piece("p") + ", " + pieces_of(map) + ")";
}

std::string map_element(Var map, const std::string& key, const std::string& fresh) {
  if (is_headers(map)) {
    const std::string message = message_of(map);
    return "arrayStringConcat(arrayFilter((v" + fresh + ", n" + fresh + ") -> lower(n" + fresh +
           ") = lower(" + key + "), " + message + "_header_values, " + message + "_header_names), ', ')";
  }
  if (is_labels(map)) return labels_column(map) + "[" + key + "]";
  // The key stands there once: keys may be looked up in maps themselves, and the expression must not double
  // with each.
  const std::string value = "if(position(p, '=') = 0, '', substring(p, position(p, '=') + 1))";
  return "arrayFirst((v" + fresh + ", n" + fresh + ") -> n" + fresh + " = " + key + ", arrayMap(p -> " +
         value + ", " + pieces_of(map) + "), " + keys_of(map) + ")";
}

std::string map_has(Var map, const std::string& key, const std::string& fresh) {
  if (is_headers(map)) {
    const std::string n = "n" + fresh;
    return "arrayExists(" + n + " -> lower(" + n + ") = lower(" + key + "), " + message_of(map) +
           "_header_names)";
  }
  // mapContains() does not find an empty key of type LowCardinality.
  if (is_labels(map)) {
    const std::string k = "k" + fresh;
    return "arrayExists(" + k + " -> " + k + " = " + key + ", mapKeys(" + labels_column(map) + "))";
  }
  const std::string p = "p" + fresh;
  return "arrayExists(" + p + " -> " + name_of_piece(p) + " = " + key + ", " + pieces_of(map) + ")";
}

std::string map_size(Var map) {
  if (is_headers(map)) return "length(" + message_of(map) + "_header_names)";
  if (is_labels(map)) return "length(" + labels_column(map) + ")";
  return "length(" + pieces_of(map) + ")";
}

std::string field_column(bool request, std::string_view part) {
  return (request ? "request_field_" : "response_field_") + std::string(part);
}

}  // namespace spanlight::filter
