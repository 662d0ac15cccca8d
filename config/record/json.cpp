#include "record/json.h"

#include <charconv>
#include <cmath>

#include "record/flat_object.h"
#include "record/reader.h"
#include "record/utf8.h"

namespace spanlight {
namespace {

constexpr std::size_t kNumberTextMax = 32;  // any 64-bit integer, the shortest text of any double

bool has_request(const wire::Record& record) {
  return record.request() != nullptr && record.state() != wire::State::no_request;
}
bool has_response(const wire::Record& record) {
  return record.response() != nullptr && record.state() != wire::State::no_response;
}

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Without the character that a preview's end cut through: its bytes would make the whole preview base64.
std::string_view without_cut_character(std::string_view text) {
  constexpr std::size_t kLeadAgoMax = 3;
  for (std::size_t ago = 1; ago <= kLeadAgoMax && ago <= text.size(); ++ago) {
    const std::size_t at = text.size() - ago;
    if ((static_cast<std::uint8_t>(text[at]) & 0xc0) == 0x80) continue;
    return utf8_step(text, at).cut ? text.substr(0, at) : text;
  }
  return text;
}

}  // namespace

void JsonWriter::text_key(std::string_view key, std::string_view text) {
  if (text.empty()) return;
  out_.append(key);
  append_json_string(out_, text);
}

void JsonWriter::text_key(std::string_view key, const flatbuffers::String* value) {
  text_key(key, text_of(value));
}

void JsonWriter::number(std::uint64_t value) {
  char* at = out_.room(kNumberTextMax);
  out_.commit(std::to_chars(at, at + kNumberTextMax, value).ptr);
}

void JsonWriter::signed_number(std::int64_t value) {
  char* at = out_.room(kNumberTextMax);
  out_.commit(std::to_chars(at, at + kNumberTextMax, value).ptr);
}

void JsonWriter::hex(std::uint64_t value) {
  static constexpr char kHex[] = "0123456789abcdef";
  char* at = out_.room(16);
  for (int shift = 60; shift >= 0; shift -= 4) *at++ = kHex[value >> shift & 0xfu];
  out_.commit(at);
}

void JsonWriter::time(std::uint64_t time_ns) {
  char* at = out_.room(kTimeTextBytes + 2);
  *at++ = '"';
  at = write_time(at, time_ns);
  *at++ = '"';
  out_.commit(at);
}

void JsonWriter::append(const wire::RecordBatch& batch) {
  for (const wire::Record* record : elements_of(batch.records())) append(batch, *record);
}

void JsonWriter::append(const Call& call, Payloads payloads) {
  const wire::Record& record = *call.record;
  identity(*call.batch, record);
  times(record);
  connection(record);
  const bool has_ports = record.transport() != wire::Transport::icmp;
  end_point(",\"src\":{\"ip\":\"", *record.src(), record.src_port(), has_ports, call.src);
  end_point(",\"dst\":{\"ip\":\"", *record.dst(), record.dst_port(), has_ports, call.dst);
  what(record);
  if (payloads == Payloads::withheld) {
    if (has_request(record)) sizes(",\"request\":", *record.request());
    if (has_response(record)) sizes(",\"response\":", *record.response());
    return out_.append("}\n");
  }
  const bool truncated = (record.flags() & static_cast<std::uint32_t>(wire::Flag::truncated_body)) != 0;
  if (has_request(record)) message(",\"request\":", *record.request(), truncated);
  if (has_response(record)) message(",\"response\":", *record.response(), truncated);
  out_.append("}\n");
}

void JsonWriter::identity(const wire::RecordBatch& batch, const wire::Record& record) {
  out_.append("{\"id\":\"");
  hex(batch.sensor_epoch());
  hex(record.id());
  out_.append('"');
  text_key(",\"sensor\":", batch.sensor());
  text_key(",\"protocol\":", record.protocol());
  text_key(",\"version\":", record.version());
  out_.append(",\"state\":\"");
  out_.append(state_name(record.state()));
  if (record.reason() != wire::Reason::none) {
    out_.append("\",\"reason\":\"");
    out_.append(reason_name(record.reason()));
  }
  out_.append("\",\"flags\":[");
  const std::uint32_t flags = record.flags();
  bool first = true;
  for (std::size_t bit = 0; bit < kFlagCount; ++bit) {
    if ((flags >> bit & 1u) == 0) continue;
    out_.append(first ? "\"" : ",\"");
    out_.append(flag_name(bit));
    out_.append('"');
    first = false;
  }
  out_.append(']');
}

void JsonWriter::times(const wire::Record& record) {
  const std::uint64_t request_ns = record.timestamp();
  const std::uint64_t response_ns = record.response_timestamp();
  if (request_ns != 0) {
    out_.append(",\"timestamp\":");
    time(request_ns);
  }
  out_.append(",\"response_timestamp\":");
  if (response_ns != 0) {
    time(response_ns);
  } else {
    out_.append("null");
  }
  out_.append(",\"elapsed_time\":");
  if (record.state() == wire::State::complete && request_ns != 0 && response_ns != 0) {
    // Negative where the two directions of a TAP came skewed, or the server spoke first: true, so it is not
    // hidden.
    signed_number(static_cast<std::int64_t>(response_ns - request_ns) / 1'000);
  } else {
    out_.append("null");
  }
}

void JsonWriter::connection(const wire::Record& record) {
  out_.append(",\"transport\":\"");
  out_.append(transport_name(record.transport()));
  out_.append("\",\"conn_id\":\"");
  hex(record.conn_id());
  out_.append('"');
  bool first_vlan = true;
  for (const std::uint16_t vlan : elements_of(record.vlans())) {
    out_.append(first_vlan ? ",\"vlan\":[" : ",");
    number(vlan);
    first_vlan = false;
  }
  if (!first_vlan) out_.append(']');
  if (record.tunnel() != wire::Tunnel::none) {
    out_.append(",\"tunnel\":{\"type\":\"");
    out_.append(tunnel_name(record.tunnel()));
    out_.append("\",\"id\":");
    number(record.tunnel_id());
    out_.append('}');
  }
}

void JsonWriter::end_point(std::string_view name, const wire::Address& address, std::uint16_t port,
                           bool has_ports, const CallEnd& end) {
  out_.append(name);
  out_.commit(write_address(out_.room(kAddressTextMax), address));
  out_.append('"');
  if (has_ports) {
    out_.append(",\"port\":");
    number(port);
  }
  if (end.party != nullptr) party(*end.party);
  text_key(",\"dns\":", end.dns);
  out_.append('}');
}

void JsonWriter::party(const Party& party) {
  text_key(",\"name\":", party.name);
  text_key(",\"namespace\":", party.name_space);
  if (!party.pod.empty()) {
    named(",\"pod\":{\"name\":", party.pod, party.name_space);
    labels(party);
    out_.append('}');
  }
  if (!party.service.empty()) {
    named(",\"service\":{\"name\":", party.service, party.name_space);
    if (party.pod.empty()) labels(party);
    out_.append('}');
  }
  if (!party.workload.empty()) {
    out_.append(",\"workload\":{\"kind\":");
    append_json_string(out_, party.workload_kind);
    text_key(",\"name\":", party.workload);
    out_.append('}');
  }
  text_key(",\"node\":", party.node);
}

void JsonWriter::named(std::string_view key, std::string_view name, std::string_view name_space) {
  text_key(key, name);
  text_key(",\"namespace\":", name_space);
}

void JsonWriter::labels(const Party& party) {
  out_.append(",\"labels\":{");
  for (std::size_t i = 0; i < party.labels.size(); ++i) {
    if (i != 0) out_.append(',');
    append_json_string(out_, party.labels[i].name);
    out_.append(':');
    append_json_string(out_, party.labels[i].value);
  }
  out_.append('}');
}

void JsonWriter::what(const wire::Record& record) {
  text_key(",\"method\":", record.method());
  text_key(",\"url\":", record.url());
  text_key(",\"path\":", record.path());
  text_key(",\"query_string\":", record.query_string());
  if (record.has_status()) {
    out_.append(",\"status_code\":");
    signed_number(record.status_code());
  }
  if (record.is_error()) out_.append(",\"is_error\":true");
  text_key(",\"error\":", record.error());
  text_key(",\"summary\":", record.summary());
  text_key(",\"trace_id\":", record.trace_id());
  text_key(",\"request_id\":", record.request_id());
}

void JsonWriter::message(std::string_view name, const wire::Message& message, bool truncated_body) {
  out_.append(name);
  out_.append("{\"size\":");
  number(message.size());
  headers(message);
  body(message, truncated_body);
  fields(message);
  out_.append('}');
}

void JsonWriter::sizes(std::string_view name, const wire::Message& message) {
  out_.append(name);
  out_.append("{\"size\":");
  number(message.size());
  out_.append(",\"body\":{\"size\":");
  number(message.body_size());
  out_.append("}}");
}

void JsonWriter::headers(const wire::Message& message) {
  out_.append(",\"headers\":[");
  HeaderReader reader(message);
  bool first = true;
  while (const std::optional<Header> header = reader.next()) {
    out_.append(first ? "[" : ",[");
    append_json_string(out_, header->name);
    out_.append(',');
    append_json_string(out_, header->value);
    out_.append(']');
    first = false;
  }
  out_.append(']');
  header_spans_skipped_ += reader.skipped();
}

void JsonWriter::body(const wire::Message& message, bool truncated) {
  std::string_view preview = as_text(bytes_of(message.body()));
  if (truncated || preview.size() < message.body_size()) {
    const std::string_view whole = without_cut_character(preview);
    if (is_utf8(whole)) preview = whole;
  }
  out_.append(",\"body\":{\"size\":");
  number(message.body_size());
  out_.append(",\"captured\":");
  number(preview.size());
  if (is_utf8(preview)) {
    out_.append(",\"encoding\":\"utf8\",\"data\":");
    append_json_string(out_, preview);
    out_.append('}');
  } else {
    out_.append(",\"encoding\":\"base64\",\"data\":\"");
    append_base64(out_, preview);
    out_.append("\"}");
  }
}

void JsonWriter::fields(const wire::Message& message) {
  out_.append(",\"fields\":{");
  bool first = true;
  for (const wire::Field* field : elements_of(message.fields())) {
    if (!first) out_.append(',');
    append_json_string(out_, text_of(field->name()));
    out_.append(':');
    field_value(*field);
    first = false;
  }
  out_.append('}');
}

void JsonWriter::field_value(const wire::Field& field) {
  switch (field.kind()) {
    case wire::FieldKind::text:
      return append_json_string(out_, text_of(field.text()));
    case wire::FieldKind::integer:
      return signed_number(field.integer());
    case wire::FieldKind::boolean:
      return out_.append(field.integer() != 0 ? "true" : "false");
    case wire::FieldKind::number: {
      if (!std::isfinite(field.number())) break;  // JSON has no word for it
      char* at = out_.room(kNumberTextMax);
      return out_.commit(std::to_chars(at, at + kNumberTextMax, field.number()).ptr);
    }
    case wire::FieldKind::list: {
      out_.append('[');
      const bool objects = text_of(field.text()) == "json";
      bool first = true;
      for (const flatbuffers::String* text : elements_of(field.list())) {
        if (!first) out_.append(',');
        if (objects && is_flat_object(text_of(text)))
          object(text_of(text));
        else
          append_json_string(out_, text_of(text));
        first = false;
      }
      return out_.append(']');
    }
  }
  out_.append("null");  // also a kind of a newer sensor
}

// Its texts are written anew: what must not come to a terminal is escaped in them as everywhere.
void JsonWriter::object(std::string_view text) {
  FlatObject in(text);
  FlatObject::Member member;
  out_.append('{');
  for (bool first = true; in.next(member); first = false) {
    if (!first) out_.append(',');
    append_json_string(out_, unescaped(member.key, unescaped_));
    out_.append(':');
    if (member.kind == FlatObject::Member::Kind::text)
      append_json_string(out_, unescaped(member.value, unescaped_));
    else
      out_.append(member.value);
  }
  out_.append('}');
}

}  // namespace spanlight
