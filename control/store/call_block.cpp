#include "store/call_block.h"

#include <algorithm>

#include "record/reader.h"
#include "red/operation.h"
#include "store/message_columns.h"
#include "store/party_columns.h"
#include "store/schema.h"

namespace spanlight {
namespace {

using native::Ends;
using native::Numbers;
using native::Texts;

// ClickHouse's IPv6 is sixteen bytes in network order.
struct Ip {
  std::uint64_t high, low;
};
Ip ip_of(const wire::Address& address) {
  return {__builtin_bswap64(address.high()), __builtin_bswap64(address.low())};
}

struct EndColumns {
  Numbers<Ip> ip;
  Numbers<std::uint16_t> port;
  PartyColumns party;
  Texts dns;

  void append(const wire::Address& address, std::uint16_t port_number, const CallEnd& end) {
    static const Party kNobody;
    ip.append(ip_of(address));
    port.append(port_number);
    party.append(end.party == nullptr ? &kNobody : end.party);
    dns.append(end.dns);
  }
  void clear() {
    ip.clear();
    port.clear();
    party.clear();
    dns.clear();
  }
};

}  // namespace

std::uint64_t order_time(const wire::Record& record) {
  return std::min(record.timestamp() != 0 ? record.timestamp() : record.response_timestamp(), kOrderTimeMax);
}

struct CallBlock::Content {
  std::uint32_t stored_s = 0;
  std::string source;

  Numbers<std::uint32_t> stored;
  Numbers<std::int64_t> time, elapsed_us;
  Numbers<std::uint64_t> epoch, record_id, timestamp, response_timestamp, conn_id;
  Word source_words, sensor, protocol, version, method, operation;
  TextBuffer operation_text;
  Numbers<std::uint8_t> state, reason, transport, tunnel, has_status, is_error;
  Numbers<std::uint32_t> flags, tunnel_id;
  Numbers<std::int32_t> status_code;
  Ends vlan_ends;
  Numbers<std::uint16_t> vlans;
  EndColumns src, dst;
  Texts url, path, query_string, error, summary, trace_id, request_id;
  MessageColumns request, response;

  void identity(const wire::RecordBatch& batch, const wire::Record& record);
  void connection(const Call& call);
  void words(const wire::Record& record);
  template <typename Write>
  void write(const Write& put) const;
  template <typename Write>
  void write_end(const Write& put, std::string_view end, const EndColumns& columns) const;
  void clear();
};

void CallBlock::Content::identity(const wire::RecordBatch& batch, const wire::Record& record) {
  const bool pair = record.timestamp() != 0 && record.response_timestamp() != 0;
  const auto duration_ns = static_cast<std::int64_t>(record.response_timestamp() - record.timestamp());
  stored.append(stored_s);
  time.append(static_cast<std::int64_t>(order_time(record)));
  epoch.append(batch.sensor_epoch());
  record_id.append(record.id());
  source_words.append(source);
  sensor.append(text_of(batch.sensor()));
  protocol.append(text_of(record.protocol()));
  version.append(text_of(record.version()));
  state.append(static_cast<std::uint8_t>(record.state()));
  reason.append(static_cast<std::uint8_t>(record.reason()));
  flags.append(record.flags());
  timestamp.append(record.timestamp());
  response_timestamp.append(record.response_timestamp());
  elapsed_us.append(pair ? duration_ns / 1'000 : 0);
}

void CallBlock::Content::connection(const Call& call) {
  const wire::Record& record = *call.record;
  transport.append(static_cast<std::uint8_t>(record.transport()));
  conn_id.append(record.conn_id());
  for (const std::uint16_t vlan : elements_of(record.vlans())) vlans.append(vlan);
  vlan_ends.append(size_of(record.vlans()));
  tunnel.append(static_cast<std::uint8_t>(record.tunnel()));
  tunnel_id.append(record.tunnel_id());
  src.append(*record.src(), record.src_port(), call.src);
  dst.append(*record.dst(), record.dst_port(), call.dst);
}

void CallBlock::Content::words(const wire::Record& record) {
  method.append(text_of(record.method()));
  operation.append(operation_of(record, operation_text));
  url.append(text_of(record.url()));
  path.append(text_of(record.path()));
  query_string.append(text_of(record.query_string()));
  has_status.append(record.has_status() ? 1 : 0);
  status_code.append(record.status_code());
  is_error.append(record.is_error() ? 1 : 0);
  error.append(text_of(record.error()));
  summary.append(text_of(record.summary()));
  trace_id.append(text_of(record.trace_id()));
  request_id.append(text_of(record.request_id()));
}

template <typename Write>
void CallBlock::Content::write_end(const Write& put, std::string_view end, const EndColumns& columns) const {
  const auto under_end = [&](std::string_view name, std::string_view type, const auto& content) {
    put(std::string(end) + std::string(name), type, content);
  };
  columns.party.write_names(under_end);
  under_end("dns", "String", [&](TextBuffer& out) { columns.dns.write(out); });
  columns.party.write_labels(under_end);
}

template <typename Write>
void CallBlock::Content::write(const Write& put) const {
  const auto plain = [&put](std::string_view name, std::string_view type, const auto& content) {
    put(name, type, [&](TextBuffer& out) { content.write(out); });
  };
  plain("stored", "DateTime('UTC')", stored);
  plain("time", "DateTime64(9, 'UTC')", time);
  plain("epoch", "UInt64", epoch);
  plain("record_id", "UInt64", record_id);
  plain("source", kWordType, source_words);
  plain("sensor", kWordType, sensor);
  plain("protocol", kWordType, protocol);
  plain("version", kWordType, version);
  plain("state", "UInt8", state);
  plain("reason", "UInt8", reason);
  plain("flags", "UInt32", flags);
  plain("timestamp", "UInt64", timestamp);
  plain("response_timestamp", "UInt64", response_timestamp);
  plain("elapsed_us", "Int64", elapsed_us);
  plain("transport", "UInt8", transport);
  plain("conn_id", "UInt64", conn_id);
  put("vlans", "Array(UInt16)", [this](TextBuffer& out) {
    vlan_ends.write(out);
    vlans.write(out);
  });
  plain("tunnel", "UInt8", tunnel);
  plain("tunnel_id", "UInt32", tunnel_id);
  plain("src_ip", "IPv6", src.ip);
  plain("src_port", "UInt16", src.port);
  plain("dst_ip", "IPv6", dst.ip);
  plain("dst_port", "UInt16", dst.port);
  write_end(put, "src_", src);
  write_end(put, "dst_", dst);
  plain("method", kWordType, method);
  plain("operation", kWordType, operation);
  plain("url", "String", url);
  plain("path", "String", path);
  plain("query_string", "String", query_string);
  plain("has_status", "Bool", has_status);
  plain("status_code", "Int32", status_code);
  plain("is_error", "Bool", is_error);
  plain("error", "String", error);
  plain("summary", "String", summary);
  plain("trace_id", "String", trace_id);
  plain("request_id", "String", request_id);
  request.write([&](std::string_view name, std::string_view type, const auto& content) {
    put("request_" + std::string(name), type, content);
  });
  response.write([&](std::string_view name, std::string_view type, const auto& content) {
    put("response_" + std::string(name), type, content);
  });
}

void CallBlock::Content::clear() {
  for (auto* column : {&time, &elapsed_us}) column->clear();
  for (auto* column : {&epoch, &record_id, &timestamp, &response_timestamp, &conn_id}) column->clear();
  for (Word* column : {&source_words, &sensor, &protocol, &version, &method, &operation}) column->clear();
  for (auto* column : {&state, &reason, &transport, &tunnel, &has_status, &is_error}) column->clear();
  for (auto* column : {&stored, &flags, &tunnel_id}) column->clear();
  for (Texts* column : {&url, &path, &query_string, &error, &summary, &trace_id, &request_id})
    column->clear();
  status_code.clear();
  vlan_ends.clear();
  vlans.clear();
  src.clear();
  dst.clear();
  request.clear();
  response.clear();
}

CallBlock::CallBlock() : content_(std::make_unique<Content>()) {}
CallBlock::~CallBlock() = default;
CallBlock::CallBlock(CallBlock&&) noexcept = default;
CallBlock& CallBlock::operator=(CallBlock&&) noexcept = default;

void CallBlock::begin(std::uint32_t stored_s, std::string_view source) {
  content_->clear();
  content_->stored_s = stored_s;
  content_->source = source;
  rows_ = 0;
}

void CallBlock::add(const Call& call) {
  content_->identity(*call.batch, *call.record);
  content_->connection(call);
  content_->words(*call.record);
  header_spans_skipped_ += content_->request.append(call.record->request());
  header_spans_skipped_ += content_->response.append(call.record->response());
  ++rows_;
}

std::string_view CallBlock::finish() {
  out_.clear();
  native::begin_block(out_, call_columns().size(), rows_);
  content_->write([this](std::string_view name, std::string_view type, const auto& content) {
    native::begin_column(out_, name, type);
    content(out_);
  });
  return out_.view();
}

const std::string& insert_calls_statement() {
  static const std::string statement =
      "INSERT INTO calls (" + column_list(call_columns()) + ") FORMAT Native";
  return statement;
}

}  // namespace spanlight
