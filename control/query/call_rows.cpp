#include "query/call_rows.h"

#include <utility>
#include <vector>

#include "store/clickhouse.h"
#include "store/names_table.h"
#include "store/schema.h"

namespace spanlight {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;
using Text = flatbuffers::Offset<flatbuffers::String>;

Text text(Builder& builder, std::string_view value) {
  return value.empty() ? Text{} : builder.CreateString(value.data(), value.size());
}

bool flag(RowCursor& row) {
  return row.number<std::uint8_t>() != 0;
}

void read_texts(RowCursor& row, std::vector<std::string_view>& list) {
  list.clear();
  const std::uint64_t count = row.list();
  for (std::uint64_t at = 0; at < count && row.good(); ++at) list.push_back(row.text());
}

template <typename T>
void read_numbers(RowCursor& row, std::vector<T>& list) {
  list.clear();
  const std::uint64_t count = row.list();
  for (std::uint64_t at = 0; at < count && row.good(); ++at) list.push_back(row.number<T>());
}

// What a stored call stands on.
struct Kept {
  flatbuffers::DetachedBuffer message;
  Party src, dst;
  std::string src_dns, dst_dns;
};

bool is_nobody(const Party& party) {
  return party.name.empty() && party.name_space.empty() && party.pod.empty() && party.labels.empty() &&
         party.service.empty() && party.workload_kind.empty() && party.workload.empty() && party.node.empty();
}

struct MessageRow {
  bool present = false;
  std::uint64_t size = 0, last_byte = 0, body_size = 0;
  std::vector<std::string_view> header_names, header_values;
  std::string_view body, content_type, content_encoding;
  std::vector<std::string_view> field_names, field_texts;
  std::vector<std::uint8_t> field_kinds;
  std::vector<std::int64_t> field_integers;
  std::vector<double> field_numbers;
  std::vector<std::vector<std::string_view>> field_lists;

  void read(RowCursor& row);
  flatbuffers::Offset<wire::Message> build(Builder& builder) const;

 private:
  flatbuffers::Offset<wire::Field> build_field(Builder& builder, std::size_t at) const;
};

void MessageRow::read(RowCursor& row) {
  present = flag(row);
  size = row.number<std::uint64_t>();
  last_byte = row.number<std::uint64_t>();
  read_texts(row, header_names);
  read_texts(row, header_values);
  body_size = row.number<std::uint64_t>();
  body = row.text();
  content_type = row.text();
  content_encoding = row.text();
  read_texts(row, field_names);
  read_numbers(row, field_kinds);
  read_texts(row, field_texts);
  read_numbers(row, field_integers);
  read_numbers(row, field_numbers);
  const std::uint64_t lists = row.list();
  field_lists.clear();
  for (std::uint64_t at = 0; at < lists && row.good(); ++at) read_texts(row, field_lists.emplace_back());
}

flatbuffers::Offset<wire::Field> MessageRow::build_field(Builder& builder, std::size_t at) const {
  const Text name = builder.CreateString(field_names[at].data(), field_names[at].size());
  const Text value = at < field_texts.size() ? text(builder, field_texts[at]) : Text{};
  flatbuffers::Offset<flatbuffers::Vector<Text>> list;
  if (at < field_lists.size() && !field_lists[at].empty()) {
    std::vector<Text> items;
    for (const std::string_view item : field_lists[at])
      items.push_back(builder.CreateString(item.data(), item.size()));
    list = builder.CreateVector(items);
  }
  return wire::CreateField(builder, name,
                           static_cast<wire::FieldKind>(at < field_kinds.size() ? field_kinds[at] : 0), value,
                           at < field_integers.size() ? field_integers[at] : 0,
                           at < field_numbers.size() ? field_numbers[at] : 0, list);
}

flatbuffers::Offset<wire::Message> MessageRow::build(Builder& builder) const {
  if (!present) return {};
  std::vector<std::uint8_t> bytes;
  std::vector<wire::HeaderSpan> spans;
  const auto put = [&bytes](std::string_view part) {
    const auto offset = static_cast<std::uint32_t>(bytes.size());
    bytes.insert(bytes.end(), part.begin(), part.end());
    return offset;
  };
  for (std::size_t at = 0; at < header_names.size() && at < header_values.size(); ++at) {
    const std::uint32_t name = put(header_names[at]), value = put(header_values[at]);
    spans.emplace_back(name, static_cast<std::uint32_t>(header_names[at].size()), value,
                       static_cast<std::uint32_t>(header_values[at].size()));
  }
  std::vector<flatbuffers::Offset<wire::Field>> fields;
  for (std::size_t at = 0; at < field_names.size(); ++at) fields.push_back(build_field(builder, at));
  const auto field_list = builder.CreateVector(fields);
  const auto header_bytes = builder.CreateVector(bytes);
  const auto headers = builder.CreateVectorOfStructs(spans);
  const auto preview = builder.CreateVector(reinterpret_cast<const std::uint8_t*>(body.data()), body.size());
  const Text type = text(builder, content_type), encoding = text(builder, content_encoding);
  wire::MessageBuilder out(builder);
  out.add_size(size);
  out.add_last_byte(last_byte);
  out.add_header_bytes(header_bytes);
  out.add_headers(headers);
  out.add_body_size(body_size);
  out.add_body(preview);
  out.add_content_type(type);
  out.add_content_encoding(encoding);
  out.add_fields(field_list);
  return out.Finish();
}

}  // namespace

struct CallRows::Row {
  std::int64_t time = 0;
  std::uint64_t epoch = 0, record_id = 0, timestamp = 0, response_timestamp = 0, conn_id = 0;
  std::string_view source, sensor, protocol, version;
  std::uint8_t state = 0, reason = 0, transport = 0, tunnel = 0;
  std::uint32_t flags = 0, tunnel_id = 0;
  std::vector<std::uint16_t> vlans;
  wire::Address src, dst;
  std::uint16_t src_port = 0, dst_port = 0;
  Party src_party, dst_party;
  std::string_view src_dns, dst_dns;
  std::string_view method, url, path, query_string, error, summary, trace_id, request_id;
  bool has_status = false, is_error = false;
  std::int32_t status_code = 0;
  MessageRow request, response;
  Builder builder{8'192};

  void read(RowCursor& row);
  void read_words(RowCursor& row);
  flatbuffers::DetachedBuffer build();
  flatbuffers::Offset<wire::Record> build_record();
};

void CallRows::Row::read(RowCursor& row) {
  row.number<std::uint32_t>();  // stored
  time = row.number<std::int64_t>();
  epoch = row.number<std::uint64_t>();
  record_id = row.number<std::uint64_t>();
  for (std::string_view* word : {&source, &sensor, &protocol, &version}) *word = row.text();
  state = row.number<std::uint8_t>();
  reason = row.number<std::uint8_t>();
  flags = row.number<std::uint32_t>();
  timestamp = row.number<std::uint64_t>();
  response_timestamp = row.number<std::uint64_t>();
  row.number<std::int64_t>();  // elapsed_us: of the two
  transport = row.number<std::uint8_t>();
  conn_id = row.number<std::uint64_t>();
  read_numbers(row, vlans);
  tunnel = row.number<std::uint8_t>();
  tunnel_id = row.number<std::uint32_t>();
  src = read_address(row);
  src_port = row.number<std::uint16_t>();
  dst = read_address(row);
  dst_port = row.number<std::uint16_t>();
  src_party = dst_party = {};
  read_party_names(row, src_party);
  src_dns = row.text();
  read_party_labels(row, src_party);
  read_party_names(row, dst_party);
  dst_dns = row.text();
  read_party_labels(row, dst_party);
  read_words(row);
  request.read(row);
  response.read(row);
}

void CallRows::Row::read_words(RowCursor& row) {
  method = row.text();
  row.text();  // operation: of method, path and summary
  for (std::string_view* word : {&url, &path, &query_string}) *word = row.text();
  has_status = flag(row);
  status_code = row.number<std::int32_t>();
  is_error = flag(row);
  for (std::string_view* word : {&error, &summary, &trace_id, &request_id}) *word = row.text();
}

flatbuffers::Offset<wire::Record> CallRows::Row::build_record() {
  const Text of_protocol = builder.CreateString(protocol.data(), protocol.size());
  const Text of_version = text(builder, version), of_method = text(builder, method),
             of_url = text(builder, url);
  const Text of_path = text(builder, path), of_query = text(builder, query_string),
             of_error = text(builder, error);
  const Text of_summary = text(builder, summary), of_trace = text(builder, trace_id);
  const Text of_request_id = text(builder, request_id);
  flatbuffers::Offset<flatbuffers::Vector<std::uint16_t>> of_vlans;
  if (!vlans.empty()) of_vlans = builder.CreateVector(vlans);
  const auto of_request = request.build(builder), of_response = response.build(builder);
  wire::RecordBuilder out(builder);
  out.add_id(record_id);
  out.add_protocol(of_protocol);
  out.add_version(of_version);
  out.add_state(static_cast<wire::State>(state));
  out.add_reason(static_cast<wire::Reason>(reason));
  out.add_flags(flags);
  out.add_timestamp(timestamp);
  out.add_response_timestamp(response_timestamp);
  out.add_transport(static_cast<wire::Transport>(transport));
  out.add_conn_id(conn_id);
  out.add_vlans(of_vlans);
  out.add_tunnel(static_cast<wire::Tunnel>(tunnel));
  out.add_tunnel_id(tunnel_id);
  out.add_src(&src);
  out.add_src_port(src_port);
  out.add_dst(&dst);
  out.add_dst_port(dst_port);
  out.add_method(of_method);
  out.add_url(of_url);
  out.add_path(of_path);
  out.add_query_string(of_query);
  out.add_has_status(has_status);
  out.add_status_code(status_code);
  out.add_is_error(is_error);
  out.add_error(of_error);
  out.add_summary(of_summary);
  out.add_trace_id(of_trace);
  out.add_request_id(of_request_id);
  out.add_request(of_request);
  out.add_response(of_response);
  return out.Finish();
}

flatbuffers::DetachedBuffer CallRows::Row::build() {
  const auto record = build_record();
  const auto list = builder.CreateVector(&record, 1);
  const Text of_sensor = builder.CreateString(sensor.data(), sensor.size());
  const Text topic = builder.CreateString("record." + std::string(protocol) + ".");
  wire::FinishRecordBatchBuffer(builder,
                                wire::CreateRecordBatch(builder, of_sensor, epoch, 0, 0, topic, list));
  return builder.Release();
}

CallRows::CallRows() : row_(std::make_unique<Row>()) {}
CallRows::~CallRows() = default;

std::optional<StoredCall> CallRows::read(RowCursor& cursor) {
  Row& row = *row_;
  row.read(cursor);
  if (!cursor.good()) return std::nullopt;
  auto kept = std::make_shared<Kept>();
  kept->message = row.build();
  kept->src = std::move(row.src_party);
  kept->dst = std::move(row.dst_party);
  kept->src_dns = row.src_dns;
  kept->dst_dns = row.dst_dns;
  Call call;
  call.batch = wire::GetRecordBatch(kept->message.data());
  call.record = call.batch->records()->Get(0);
  call.src = {is_nobody(kept->src) ? nullptr : &kept->src, kept->src_dns};
  call.dst = {is_nobody(kept->dst) ? nullptr : &kept->dst, kept->dst_dns};
  return StoredCall(kept, call, std::string(row.source), static_cast<std::uint64_t>(row.time));
}

std::string call_select_list(bool payloads) {
  std::string list;
  for (const Column& column : call_columns()) {
    std::string_view part = column.name;
    part =
        part.starts_with("request_") || part.starts_with("response_") ? part.substr(part.find('_') + 1) : "";
    const bool payload = part.starts_with("header_") || part.starts_with("field_") || part == "body";
    list += list.empty() ? "" : ", ";
    list += payloads || !payload ? sql_name(column.name)
            : part == "body"     ? std::string("''")
                                 : "CAST([], " + sql_text(column.type) + ")";
  }
  return list;
}

}  // namespace spanlight
