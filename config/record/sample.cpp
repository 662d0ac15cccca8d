#include "record/sample.h"

namespace spanlight::sample {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;
using Text = flatbuffers::Offset<flatbuffers::String>;

// Absent where empty, as the sensor writes it.
Text text(Builder& builder, const std::string& value) {
  return value.empty() ? Text{} : builder.CreateString(value);
}

flatbuffers::Offset<wire::Field> build(Builder& builder, const Field& field) {
  const Text name = builder.CreateString(field.name);
  const Text value = text(builder, field.text);
  flatbuffers::Offset<flatbuffers::Vector<Text>> list;
  if (!field.list.empty()) list = builder.CreateVectorOfStrings(field.list);
  return wire::CreateField(builder, name, field.kind, value, field.integer, field.number, list);
}

flatbuffers::Offset<wire::Message> build(Builder& builder, const Message& message) {
  if (!message.present) return {};
  std::vector<std::uint8_t> bytes;
  std::vector<wire::HeaderSpan> spans;
  const auto put = [&bytes](const std::string& part) {
    const auto offset = static_cast<std::uint32_t>(bytes.size());
    bytes.insert(bytes.end(), part.begin(), part.end());
    return offset;
  };
  for (const auto& [name, value] : message.headers) {
    const std::uint32_t name_offset = put(name);
    const std::uint32_t value_offset = put(value);
    spans.emplace_back(name_offset, static_cast<std::uint32_t>(name.size()), value_offset,
                       static_cast<std::uint32_t>(value.size()));
  }
  spans.insert(spans.end(), message.wrong_spans.begin(), message.wrong_spans.end());
  std::vector<flatbuffers::Offset<wire::Field>> fields;
  for (const Field& field : message.fields) fields.push_back(build(builder, field));

  const auto field_list = builder.CreateVector(fields);
  const auto header_bytes = builder.CreateVector(bytes);
  const auto headers = builder.CreateVectorOfStructs(spans);
  const auto body =
      builder.CreateVector(reinterpret_cast<const std::uint8_t*>(message.body.data()), message.body.size());
  wire::MessageBuilder out(builder);
  out.add_size(message.size);
  out.add_header_bytes(header_bytes);
  out.add_headers(headers);
  out.add_body_size(message.body_size);
  out.add_body(body);
  out.add_fields(field_list);
  return out.Finish();
}

flatbuffers::Offset<wire::Record> build(Builder& builder, const Record& record) {
  const Text protocol = builder.CreateString(record.protocol);
  const Text version = text(builder, record.version), method = text(builder, record.method);
  const Text url = text(builder, record.url), path = text(builder, record.path);
  const Text query_string = text(builder, record.query_string), error = text(builder, record.error);
  const Text summary = text(builder, record.summary), trace_id = text(builder, record.trace_id);
  const Text request_id = text(builder, record.request_id);
  const auto vlans = builder.CreateVector(record.vlans);
  const auto request = build(builder, record.request);
  const auto response = build(builder, record.response);

  wire::RecordBuilder out(builder);
  out.add_id(record.id);
  out.add_protocol(protocol);
  out.add_version(version);
  out.add_state(record.state);
  out.add_reason(record.reason);
  out.add_flags(record.flags);
  out.add_timestamp(record.timestamp);
  out.add_response_timestamp(record.response_timestamp);
  out.add_transport(record.transport);
  out.add_conn_id(record.conn_id);
  if (!record.vlans.empty()) out.add_vlans(vlans);
  out.add_tunnel(record.tunnel);
  out.add_tunnel_id(record.tunnel_id);
  out.add_src(&record.src);
  out.add_src_port(record.src_port);
  out.add_dst(&record.dst);
  out.add_dst_port(record.dst_port);
  out.add_method(method);
  out.add_url(url);
  out.add_path(path);
  out.add_query_string(query_string);
  out.add_has_status(record.has_status);
  out.add_status_code(record.status_code);
  out.add_is_error(record.is_error);
  out.add_error(error);
  out.add_summary(summary);
  out.add_trace_id(trace_id);
  out.add_request_id(request_id);
  if (record.request.present) out.add_request(request);
  if (record.response.present) out.add_response(response);
  return out.Finish();
}

}  // namespace

Bytes build(const Batch& batch) {
  Builder builder(4'096);
  std::vector<flatbuffers::Offset<wire::Record>> records;
  for (const Record& record : batch.records) records.push_back(build(builder, record));
  const auto list = builder.CreateVector(records);
  const Text sensor = builder.CreateString(batch.sensor);
  const Text topic = builder.CreateString(batch.topic);
  wire::FinishRecordBatchBuffer(builder, wire::CreateRecordBatch(builder, sensor, batch.sensor_epoch,
                                                                 batch.worker, batch.sequence, topic, list));
  return builder.Release();
}

Bytes build_stats(const std::string& sensor_name, std::uint64_t epoch,
                  const std::vector<NextSequence>& next) {
  Builder builder;
  std::vector<flatbuffers::Offset<wire::NextSequence>> list;
  for (const NextSequence& entry : next) {
    const Text topic = builder.CreateString(entry.topic);
    list.push_back(wire::CreateNextSequence(builder, entry.worker, topic, entry.next));
  }
  const auto next_sequences = builder.CreateVector(list);
  const Text sensor = builder.CreateString(sensor_name);
  wire::StatsBuilder out(builder);
  out.add_sensor(sensor);
  out.add_sensor_epoch(epoch);
  out.add_next_sequences(next_sequences);
  wire::FinishStatsBuffer(builder, out.Finish());
  return builder.Release();
}

Bytes build_hello(const std::string& sensor_name, std::uint64_t epoch) {
  Builder builder;
  const auto protocol = wire::CreateProtocolDirect(builder, "http", "HTTP/1");
  const auto protocols = builder.CreateVector(&protocol, 1);
  const Text sensor = builder.CreateString(sensor_name);
  const Text version = builder.CreateString("0.1.0");
  wire::HelloBuilder out(builder);
  out.add_sensor(sensor);
  out.add_sensor_epoch(epoch);
  out.add_version(version);
  out.add_schema_version(1);
  out.add_workers(1);
  out.add_protocols(protocols);
  wire::FinishHelloBuffer(builder, out.Finish());
  return builder.Release();
}

wire::Address ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {0, std::uint64_t{0xffff} << 32 | std::uint64_t{a} << 24 | std::uint64_t{b} << 16 |
                 std::uint64_t{c} << 8 | d};
}

Record usual_call() {
  Record call;
  call.id = 7;
  call.version = "1.1";
  call.timestamp = 1'795'407'600'123'456'789;
  call.response_timestamp = call.timestamp + 1'234'999;
  call.conn_id = 0xabc;
  call.src = ipv4(10, 244, 1, 7);
  call.src_port = 50514;
  call.dst = ipv4(10, 244, 2, 9);
  call.dst_port = 8080;
  call.method = "GET";
  call.url = "/api/items/7?full=1";
  call.path = "/api/items/7";
  call.query_string = "full=1";
  call.has_status = true;
  call.status_code = 200;
  call.summary = "GET /api/items/7";
  call.request.size = 412;
  call.request.headers = {
      {"Host", "shop"},
      {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"},
      {"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
      {"Accept-Language", "en-US,en;q=0.5"},
      {"Accept-Encoding", "gzip, deflate, br"},
      {"Connection", "keep-alive"},
      {"Cookie", "[redacted]"},
      {"X-Request-Id", "7c1f2a34-6f0e-4a53-9a1c-1b4f6d9f0a11"},
      {"X-Forwarded-For", "10.1.2.3"},
      {"X-Forwarded-Proto", "https"},
      {"Cache-Control", "no-cache"},
      {"Pragma", "no-cache"}};
  call.response.size = 470;
  call.response.headers = {{"Server", "nginx/1.22.1"},
                           {"Date", "Mon, 23 Nov 2026 04:20:00 GMT"},
                           {"Content-Type", "application/json"},
                           {"Content-Length", "41"},
                           {"Connection", "keep-alive"},
                           {"ETag", "\"65f1-29\""},
                           {"Vary", "Accept-Encoding"},
                           {"X-Frame-Options", "DENY"},
                           {"X-Content-Type-Options", "nosniff"},
                           {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
                           {"Cache-Control", "private, max-age=0"},
                           {"Set-Cookie", "[redacted]"}};
  call.response.body = R"({"id":7,"name":"lamp","price":19.90,"n":1})";
  call.response.body_size = call.response.body.size();
  return call;
}

}  // namespace spanlight::sample
