#include "filter/calls_table_for_tests.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "filter/columns.h"
#include "record/names.h"
#include "record/reader.h"

namespace spanlight::filter {
namespace {

std::string text(std::string_view value) {
  return sql_text(value);
}
std::string text(const flatbuffers::String* value) {
  return sql_text(text_of(value));
}

template <typename List, typename Show>
std::string array(const List& list, Show show) {
  std::string out = "[";
  for (const auto& element : list) out += (out.size() > 1 ? "," : "") + show(element);
  return out + "]";
}

std::string number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char digits[64];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

std::string address(const wire::Address& value) {
  char digits[kAddressTextMax];
  const std::string shown(digits, write_address(digits, value));
  return "'" + (shown.find(':') == std::string::npos ? "::ffff:" + shown : shown) + "'";
}

std::string end(const CallEnd& who) {
  static const Party kNobody;
  const Party& p = who.party == nullptr ? kNobody : *who.party;
  std::string out;
  for (const std::string* part :
       {&p.name, &p.name_space, &p.pod, &p.service, &p.workload_kind, &p.workload, &p.node})
    out += text(std::string_view(*part)) + ",";
  std::string labels = "{";
  for (const Label& label : p.labels)
    labels += (labels.size() > 1 ? "," : "") + text(std::string_view(label.name)) + ":" +
              text(std::string_view(label.value));
  return out + text(who.dns) + "," + labels + "}";
}

std::string message(const wire::Message* m) {
  if (m == nullptr) return "false,0,0,[],[],0,'','','',[],[],[],[],[],[]";
  std::vector<Header> headers;
  for (HeaderReader reader(*m); const std::optional<Header> header = reader.next();)
    headers.push_back(*header);
  const std::span<const std::uint8_t> body = bytes_of(m->body());
  const auto fields = [m](auto show) { return array(elements_of(m->fields()), show); };
  std::string out = "true," + std::to_string(m->size()) + "," + std::to_string(m->last_byte());
  out += "," + array(headers, [](const Header& h) { return text(h.name); });
  out += "," + array(headers, [](const Header& h) { return text(h.value); });
  out += "," + std::to_string(m->body_size()) + "," +
         text(std::string_view(reinterpret_cast<const char*>(body.data()), body.size()));
  out += "," + text(m->content_type()) + "," + text(m->content_encoding());
  out += "," + fields([](const wire::Field* f) { return text(f->name()); });
  out += "," + fields([](const wire::Field* f) { return std::to_string(static_cast<int>(f->kind())); });
  out += "," + fields([](const wire::Field* f) { return text(f->text()); });
  out += "," + fields([](const wire::Field* f) { return std::to_string(f->integer()); });
  out += "," + fields([](const wire::Field* f) { return number(f->number()); });
  out += "," + fields([](const wire::Field* f) {
           return array(elements_of(f->list()), [](const flatbuffers::String* t) { return text(t); });
         });
  return out;
}

std::string boolean(bool value) {
  return value ? "true" : "false";
}

std::string row(const Call& call) {
  const wire::Record& r = *call.record;
  const std::uint64_t most = 9'223'372'036'854'775'807;
  const std::uint64_t time =
      std::min<std::uint64_t>(r.timestamp() != 0 ? r.timestamp() : r.response_timestamp(), most);
  const bool pair = r.timestamp() != 0 && r.response_timestamp() != 0;
  const std::int64_t elapsed =
      pair ? static_cast<std::int64_t>(r.response_timestamp() - r.timestamp()) / 1'000 : 0;
  std::string out = "(fromUnixTimestamp64Nano(toInt64(" + std::to_string(time) + "),'UTC')";
  const auto put = [&out](const std::string& value) { out += "," + value; };
  const auto whole = [&put](auto value) { put(std::to_string(value)); };
  whole(call.batch->sensor_epoch());
  whole(r.id());
  put("'live'");
  for (const flatbuffers::String* part : {call.batch->sensor(), r.protocol(), r.version()}) put(text(part));
  whole(static_cast<int>(r.state()));
  whole(static_cast<int>(r.reason()));
  whole(r.flags());
  whole(r.timestamp());
  whole(r.response_timestamp());
  whole(elapsed);
  whole(static_cast<int>(r.transport()));
  whole(r.conn_id());
  put(array(elements_of(r.vlans()), [](std::uint16_t vlan) { return std::to_string(vlan); }));
  whole(static_cast<int>(r.tunnel()));
  whole(r.tunnel_id());
  put(address(*r.src()));
  whole(r.src_port());
  put(address(*r.dst()));
  whole(r.dst_port());
  put(end(call.src));
  put(end(call.dst));
  for (const flatbuffers::String* part : {r.method(), r.url(), r.path(), r.query_string()}) put(text(part));
  put(boolean(r.has_status()));
  whole(r.status_code());
  put(boolean(r.is_error()));
  for (const flatbuffers::String* part : {r.error(), r.summary(), r.trace_id(), r.request_id()})
    put(text(part));
  put(message(r.request()));
  put(message(r.response()));
  return out + ")";
}

std::string end_columns(const std::string& end) {
  std::string out;
  for (const char* name : {"name", "namespace", "pod", "service", "workload_kind", "workload", "node"})
    out += end + "_" + name + " LowCardinality(String), ";
  return out + end + "_dns String, " + end + "_labels Map(LowCardinality(String), String), ";
}

std::string message_columns(const std::string& m) {
  return m + "_present Bool, " + m + "_size UInt64, " + m + "_last_byte UInt64, " + m +
         "_header_names Array(LowCardinality(String)), " + m + "_header_values Array(String), " + m +
         "_body_size UInt64, " + m + "_body String, " + m + "_content_type LowCardinality(String), " + m +
         "_content_encoding LowCardinality(String), " + m + "_field_names Array(LowCardinality(String)), " +
         m + "_field_kinds Array(UInt8), " + m + "_field_texts Array(String), " + m +
         "_field_integers Array(Int64), " + m + "_field_numbers Array(Float64), " + m +
         "_field_lists Array(Array(String))";
}

}  // namespace

std::string create_calls_table() {
  const std::string name = "LowCardinality(String)";
  std::string out = "CREATE TABLE calls (time DateTime64(9, 'UTC'), epoch UInt64, record_id UInt64, source " +
                    name + ", sensor " + name + ", protocol " + name + ", version " + name +
                    ", state UInt8, reason UInt8, flags UInt32, timestamp UInt64, response_timestamp UInt64, "
                    "elapsed_us Int64, transport UInt8, conn_id UInt64, vlans Array(UInt16), tunnel UInt8, "
                    "tunnel_id UInt32, src_ip IPv6, src_port UInt16, dst_ip IPv6, dst_port UInt16, ";
  out += end_columns("src") + end_columns("dst");
  out += "method " + name +
         ", url String, path String, query_string String, has_status Bool, status_code Int32, "
         "is_error Bool, error String, summary String, trace_id String, request_id String, ";
  out += message_columns("request") + ", " + message_columns("response");
  for (const char* column : {"record_id", "conn_id", "trace_id"})
    out += std::string(", INDEX by_") + column + " " + column + " TYPE bloom_filter(0.01) GRANULARITY 1";
  for (const char* column : {"status_code", "src_service", "dst_service", "src_namespace", "dst_namespace"})
    out += std::string(", INDEX by_") + column + " " + column + " TYPE set(64) GRANULARITY 1";
  return out + ") ENGINE = MergeTree ORDER BY (time, epoch, record_id) SETTINGS index_granularity = 4";
}

std::string insert_calls(const std::vector<Call>& calls) {
  std::string out = "INSERT INTO calls VALUES ";
  for (const Call& call : calls) out += row(call) + ",";
  out.pop_back();
  return out;
}

}  // namespace spanlight::filter
