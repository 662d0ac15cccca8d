#include "encode/record_layout.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "encode/mask.h"
#include "encode/utf8.h"

namespace spanlight {

namespace {

using flatbuffers::Offset;
using flatbuffers::Vector;
using Text = Offset<flatbuffers::String>;

// The wire's values are a contract of their own; here they are the same numbers.
static_assert(static_cast<int>(wire::State::one_way) == static_cast<int>(State::one_way));
static_assert(static_cast<int>(wire::Reason::unsolicited) == static_cast<int>(Reason::unsolicited));
static_assert(static_cast<int>(wire::Tunnel::gtp) == static_cast<int>(Tunnel::gtp));
static_assert(static_cast<int>(wire::FieldKind::list) == static_cast<int>(Field::Kind::list));
static_assert(static_cast<std::uint32_t>(wire::Flag::gap) == kFlagGap);
static_assert(static_cast<std::uint32_t>(wire::Flag::redacted) == kFlagRedacted);
static_assert(static_cast<std::uint32_t>(wire::Flag::uncertain) == kFlagUncertain);
static_assert(sizeof(wire::HeaderSpan) == sizeof(HeaderSpan));

// Upper bounds, each the sum of: the members, up to 7 bytes of padding for each, the vtable (2 bytes for each
// and 4), and the builder's notes (8 bytes for each, and 4 for the vtable).
constexpr std::size_t kRecordTableBytes = 768;   // 30 members, 142 bytes
constexpr std::size_t kMessageTableBytes = 256;  // 9 members, 48 bytes
constexpr std::size_t kFieldTableBytes = 192;    // 6 members, 29 bytes
constexpr std::size_t kVectorBytes = 32;         // length, padding to 16
constexpr std::size_t kTextBytes = 16;           // length, terminator, padding

// A span as it is within bounds, whatever it says.
struct Part {
  const std::uint8_t* data;
  std::size_t size;
  std::string_view text() const { return {reinterpret_cast<const char*>(data), size}; }
};

Part part_of(Bytes bytes, std::uint32_t offset, std::uint32_t length) {
  if (offset > bytes.size()) return {bytes.data(), 0};
  return {bytes.data() + offset, std::min<std::size_t>(length, bytes.size() - offset)};
}

std::span<const HeaderSpan> spans_kept(const Headers& headers) {
  return headers.spans.first(std::min(headers.spans.size(), kHeadersPerMessageMax));
}

std::span<const Field> fields_kept(const Message& message) {
  return message.fields.first(std::min(message.fields.size(), kFieldsPerMessageMax));
}

std::span<const std::string_view> list_kept(const Field& field) {
  return field.list.first(std::min(field.list.size(), kListTextsMax));
}

std::size_t message_bound(const Message& message) {
  std::size_t bound = kMessageTableBytes + 4 * kTextBytes + kVectorBytes;
  bound += text_bound(message.content_type) + text_bound(message.content_encoding);
  for (const Field& field : fields_kept(message)) {
    bound += kFieldTableBytes + sizeof(Text) + text_bound(field.name) + text_bound(field.text);
    if (field.list.empty()) continue;
    bound += kVectorBytes;
    for (const std::string_view text : list_kept(field)) bound += sizeof(Text) + text_bound(text);
  }
  return bound;
}

std::size_t headers_bound(const Headers& headers) {
  if (headers.spans.empty()) return 0;
  std::size_t bound = 2 * kVectorBytes + kRedactedText.size();
  for (const HeaderSpan& span : spans_kept(headers))
    bound += sizeof(HeaderSpan) + part_of(headers.bytes, span.name_offset, span.name_length).size +
             part_of(headers.bytes, span.value_offset, span.value_length).size;
  return bound;
}

std::size_t body_bound(const Message& message) {
  return message.body.empty() ? 0 : kVectorBytes + message.body.size();
}

wire::Address address_of(const IpAddress& ip) {
  std::uint64_t high = 0, low = 0;
  std::memcpy(&high, ip.bytes.data(), 8);
  std::memcpy(&low, ip.bytes.data() + 8, 8);
  return {__builtin_bswap64(high), __builtin_bswap64(low)};
}

wire::Transport transport_of(std::uint8_t protocol, const Descriptor& descriptor) {
  switch (protocol) {
    case 6:
      return wire::Transport::tcp;
    case 17:
      return wire::Transport::udp;
    case 1:
    case 58:
      return wire::Transport::icmp;
    case 132:
      return wire::Transport::sctp;
    default:
      return descriptor.transport == Transport::udp ? wire::Transport::udp : wire::Transport::tcp;
  }
}

// One record under way: everything that hangs on it is written before its table.
class RecordBuild {
 public:
  RecordBuild(RecordTarget& target, const Transaction& call, RecordShape shape, Redactor& redactor,
              EncodeCounters& counters)
      : builder_(target.builder),
        cache_(target.cache),
        call_(call),
        shape_(shape),
        redactor_(redactor),
        counters_(counters),
        flags_(call.flags) {}

  Offset<wire::Record> write(Text protocol, std::uint64_t id, const ConnectionInfo& connection);

 private:
  // A text and its copy in the builder.
  struct Copy {
    std::string_view source;
    Text offset;
    MutableBytes bytes;
    bool changed = false;
    bool kept() const { return bytes.size() == source.size(); }  // byte for byte: it was UTF-8
  };

  Copy copy(std::string_view source);
  void mask_as(Copy& part, const Copy& whole);
  void mask_inside(Copy& whole, const Copy& part);
  Text text(std::string_view source);
  Text shared_text(std::string_view source);
  void write_location();
  Offset<wire::Message> write_message(const Message& message);
  void write_headers(const Headers& headers, Offset<Vector<std::uint8_t>>& bytes,
                     Offset<Vector<const wire::HeaderSpan*>>& spans);
  Offset<Vector<std::uint8_t>> write_body(const Message& message);
  Offset<Vector<Offset<wire::Field>>> write_fields(const Message& message);
  Offset<Vector<Text>> write_list(const Field& field);

  BatchBuilder& builder_;
  TextCache& cache_;
  const Transaction& call_;
  const RecordShape shape_;
  Redactor& redactor_;
  EncodeCounters& counters_;
  std::uint32_t flags_;
  Text url_, path_, query_string_, summary_;
};

RecordBuild::Copy RecordBuild::copy(std::string_view source) {
  Copy made{source, {}, {}};
  if (source.empty()) return made;
  const std::size_t size = utf8_bytes(source);
  std::uint8_t* contents = nullptr;
  made.offset = builder_.start_string(size, &contents);
  made.bytes = {contents, size};
  if (size == source.size())
    std::memcpy(contents, source.data(), size);
  else
    copy_utf8(source, contents);
  return made;
}

// What was masked in `whole` is masked in a text that is a part of it too: a pattern may match the whole
// only.
void RecordBuild::mask_as(Copy& part, const Copy& whole) {
  if (!whole.changed || part.source.empty()) return;
  std::size_t at = whole.source.find(part.source);
  const std::less_equal<const char*> not_after;
  if (not_after(whole.source.data(), part.source.data()) &&
      not_after(part.source.data() + part.source.size(), whole.source.data() + whole.source.size()))
    at = static_cast<std::size_t>(part.source.data() - whole.source.data());
  if (at == std::string_view::npos) return;
  if (part.kept() && whole.kept())
    std::memcpy(part.bytes.data(), whole.bytes.data() + at, part.bytes.size());
  else  // bad UTF-8 moved the bytes
    mask_range(part.bytes, 0, part.bytes.size());
  part.changed = true;
}

// The other way round: a text that quotes one in which something was masked.
void RecordBuild::mask_inside(Copy& whole, const Copy& part) {
  if (!part.changed || part.source.empty()) return;
  const std::size_t at = whole.source.find(part.source);
  if (at == std::string_view::npos) return;
  if (part.kept() && whole.kept())
    std::memcpy(whole.bytes.data() + at, part.bytes.data(), part.bytes.size());
  else
    mask_range(whole.bytes, 0, whole.bytes.size());
  whole.changed = true;
}

Text RecordBuild::text(std::string_view source) {
  const Copy made = copy(source);
  if (redactor_.text_rules() && redactor_.mask_text(made.bytes)) flags_ |= kFlagRedacted;
  return made.offset;
}

Text RecordBuild::shared_text(std::string_view source) {
  if (source.empty() || source.size() > TextCache::kTextBytesMax) return text(source);
  Text& entry = cache_.entry(source);
  if (!entry.IsNull() && builder_.string_at(entry) == source) return entry;
  const Copy made = copy(source);
  if (redactor_.text_rules() && redactor_.mask_text(made.bytes)) {
    flags_ |= kFlagRedacted;
    return made.offset;
  }
  return entry = made.offset;
}

// The call's URL stands in the record up to four times.
void RecordBuild::write_location() {
  Copy url = copy(call_.url), path = copy(call_.path), query = copy(call_.query_string),
       summary = copy(call_.summary);
  url_ = url.offset, path_ = path.offset, query_string_ = query.offset, summary_ = summary.offset;
  if (!redactor_.active()) return;
  url.changed = redactor_.mask_url(url.bytes);
  mask_as(path, url);
  path.changed |= redactor_.mask_url(path.bytes);
  mask_as(query, url);
  query.changed |= redactor_.mask_query(query.bytes);
  mask_inside(summary, url);
  mask_inside(summary, path);
  summary.changed |= redactor_.mask_text(summary.bytes);
  if (url.changed || path.changed || query.changed || summary.changed) flags_ |= kFlagRedacted;
}

void RecordBuild::write_headers(const Headers& headers, Offset<Vector<std::uint8_t>>& bytes_out,
                                Offset<Vector<const wire::HeaderSpan*>>& spans_out) {
  const std::span<const HeaderSpan> in = spans_kept(headers);
  if (in.size() < headers.spans.size()) flags_ |= kFlagTruncatedHeaders;
  std::array<std::uint8_t, kHeadersPerMessageMax> rules;
  wire::HeaderSpan* out = nullptr;
  spans_out = builder_.CreateUninitializedVectorOfStructs(in.size(), &out);

  // Names and values go side by side; bytes that no span names stay behind, hidden values too.
  std::uint32_t size = 0;
  bool hides = false, masks = redactor_.text_rules();
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Part name = part_of(headers.bytes, in[i].name_offset, in[i].name_length);
    const Part value = part_of(headers.bytes, in[i].value_offset, in[i].value_length);
    rules[i] = redactor_.active() && value.size > 0 ? redactor_.header_rules(name.text()) : 0;
    const auto name_size = static_cast<std::uint32_t>(name.size),
               value_size = static_cast<std::uint32_t>(value.size);
    out[i] = wire::HeaderSpan(size, name_size, size + name_size, value_size);
    size += name_size;
    if ((rules[i] & Redactor::kHide) != 0)
      hides = true;
    else
      size += value_size;
    masks |= rules[i] != 0;
  }

  std::uint8_t* bytes = nullptr;
  bytes_out = builder_.CreateUninitializedVector(size + (hides ? kRedactedText.size() : 0), &bytes);
  if (hides) std::memcpy(bytes + size, kRedactedText.data(), kRedactedText.size());
  std::uint8_t* to = bytes;
  const std::uint8_t* run =
      headers.bytes.data();  // [run, run_end) is to be copied; pieces that touch go in one
  const std::uint8_t* run_end = run;
  const auto append = [&](const Part& part) {
    if (part.data == run_end) {
      run_end += part.size;
      return;
    }
    to = std::copy(run, run_end, to);
    run = part.data;
    run_end = part.data + part.size;
  };
  for (std::size_t i = 0; i < in.size(); ++i) {
    append(part_of(headers.bytes, in[i].name_offset, in[i].name_length));
    if ((rules[i] & Redactor::kHide) == 0)
      append(part_of(headers.bytes, in[i].value_offset, in[i].value_length));
    else
      out[i] = wire::HeaderSpan(out[i].name_offset(), out[i].name_length(), size,
                                static_cast<std::uint32_t>(kRedactedText.size()));
  }
  std::copy(run, run_end, to);

  if (hides) flags_ |= kFlagRedacted;
  if (!masks) return;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if ((rules[i] & Redactor::kHide) != 0) continue;
    if (redactor_.mask_header_value(rules[i], {bytes + out[i].value_offset(), out[i].value_length()}))
      flags_ |= kFlagRedacted;
  }
}

Offset<Vector<std::uint8_t>> RecordBuild::write_body(const Message& message) {
  const flatbuffers::uoffset_t before = builder_.GetSize();
  std::uint8_t* bytes = nullptr;
  const auto offset = builder_.CreateUninitializedVector(message.body.size(), &bytes);
  message.body.copy_to(bytes);
  if (!redactor_.active()) return offset;
  const BodyForm form{message.content_type, message.content_encoding,
                      (call_.flags & kFlagTruncatedBody) != 0 || message.body.size() < message.body_size,
                      (call_.flags & kFlagGap) != 0};
  switch (redactor_.mask_body(form, {bytes, message.body.size()})) {
    case BodyOutcome::unchanged:
      break;
    case BodyOutcome::changed:
      flags_ |= kFlagRedacted;
      break;
    case BodyOutcome::withhold:
      builder_.take_back(before);
      flags_ |= kFlagWithheldBody;
      return {};
  }
  return offset;
}

Offset<Vector<Text>> RecordBuild::write_list(const Field& field) {
  std::array<Text, kListTextsMax> texts;
  const std::span<const std::string_view> in = list_kept(field);
  if (in.size() < field.list.size()) ++counters_.fields_left_out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    texts[i] = text(in[i]);
    if (texts[i].IsNull()) texts[i] = builder_.CreateString("", 0);  // an empty text of a list has its place
  }
  return builder_.CreateVector(texts.data(), in.size());
}

Offset<Vector<Offset<wire::Field>>> RecordBuild::write_fields(const Message& message) {
  std::array<Offset<wire::Field>, kFieldsPerMessageMax> fields;
  const std::span<const Field> in = fields_kept(message);
  if (in.size() < message.fields.size()) ++counters_.fields_left_out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Field& field = in[i];
    Text name = shared_text(field.name);
    if (name.IsNull()) name = builder_.CreateString("", 0);
    const Text value = field.kind == Field::Kind::text ? text(field.text) : Text{};
    const auto list =
        field.kind == Field::Kind::list && !field.list.empty() ? write_list(field) : Offset<Vector<Text>>{};
    wire::FieldBuilder table(builder_);
    if (field.kind == Field::Kind::integer || field.kind == Field::Kind::boolean)
      table.add_integer(field.integer);
    if (field.kind == Field::Kind::number) table.add_number(field.number);
    table.add_list(list);
    table.add_text(value);
    table.add_name(name);
    table.add_kind(static_cast<wire::FieldKind>(field.kind));
    fields[i] = table.Finish();
  }
  return builder_.CreateVector(fields.data(), in.size());
}

Offset<wire::Message> RecordBuild::write_message(const Message& message) {
  if (!message.present) return {};
  Offset<Vector<std::uint8_t>> header_bytes, body;
  Offset<Vector<const wire::HeaderSpan*>> headers;
  Offset<Vector<Offset<wire::Field>>> fields;
  if (!message.body.empty()) {
    if (shape_.bodies)
      body = write_body(message);
    else
      flags_ |= kFlagTruncatedBody;
  }
  if (!message.headers.spans.empty()) {
    if (shape_.headers)
      write_headers(message.headers, header_bytes, headers);
    else
      flags_ |= kFlagTruncatedHeaders;
  }
  if (!message.fields.empty()) fields = write_fields(message);
  const Text content_type = shared_text(message.content_type);
  const Text content_encoding = shared_text(message.content_encoding);

  wire::MessageBuilder table(builder_);
  table.add_size(message.size);
  table.add_last_byte(message.last_byte);
  table.add_body_size(message.body_size);
  table.add_header_bytes(header_bytes);
  table.add_headers(headers);
  table.add_body(body);
  table.add_content_type(content_type);
  table.add_content_encoding(content_encoding);
  table.add_fields(fields);
  return table.Finish();
}

Offset<wire::Record> RecordBuild::write(Text protocol, std::uint64_t id, const ConnectionInfo& connection) {
  const Offset<wire::Message> response = write_message(call_.response);
  const Offset<wire::Message> request = write_message(call_.request);
  write_location();
  const Text version = shared_text(call_.version), method = shared_text(call_.method);
  const Text error = text(call_.error), trace_id = text(call_.trace_id), request_id = text(call_.request_id);
  Offset<Vector<std::uint16_t>> vlans;
  if (connection.vlan_count > 0)
    vlans = builder_.CreateVector(connection.vlans,
                                  std::min<std::size_t>(connection.vlan_count, std::size(connection.vlans)));
  const wire::Address src = address_of(connection.client), dst = address_of(connection.server);

  wire::RecordBuilder table(builder_);  // large members first: less padding
  table.add_id(id);
  table.add_timestamp(call_.request.present ? call_.request.first_byte : 0);
  table.add_response_timestamp(call_.response.present ? call_.response.first_byte : 0);
  table.add_conn_id(connection.conn_id);
  table.add_src(&src);
  table.add_dst(&dst);
  table.add_request(request);
  table.add_response(response);
  table.add_protocol(protocol);
  table.add_version(version);
  table.add_method(method);
  table.add_url(url_);
  table.add_path(path_);
  table.add_query_string(query_string_);
  table.add_summary(summary_);
  table.add_error(error);
  table.add_trace_id(trace_id);
  table.add_request_id(request_id);
  table.add_vlans(vlans);
  table.add_flags(flags_);
  table.add_tunnel_id(connection.tunnel_id);
  table.add_status_code(call_.status_code);
  table.add_src_port(connection.client_port);
  table.add_dst_port(connection.server_port);
  table.add_state(static_cast<wire::State>(call_.state));
  table.add_reason(static_cast<wire::Reason>(call_.reason));
  table.add_transport(transport_of(connection.protocol, *call_.protocol));
  table.add_tunnel(static_cast<wire::Tunnel>(connection.tunnel));
  table.add_has_status(call_.has_status);
  table.add_is_error(call_.is_error);
  if ((flags_ & kFlagRedacted) != 0) ++counters_.redacted;
  if ((flags_ & kFlagWithheldBody) != 0) ++counters_.bodies_withheld;
  return table.Finish();
}

}  // namespace

std::size_t text_bound(std::string_view text) {
  if (text.empty()) return 0;
  constexpr std::size_t kShort = 64;  // cheaper to allow for the growth than to look
  return kTextBytes + (text.size() <= kShort ? kUtf8GrowthMax * text.size() : utf8_bytes(text));
}

RecordBound bound_of(const Transaction& call) {
  RecordBound bound;
  bound.spine = kRecordTableBytes + kVectorBytes + sizeof(ConnectionInfo::vlans);
  for (const std::string_view text : {call.version, call.method, call.url, call.path, call.query_string,
                                      call.error, call.summary, call.trace_id, call.request_id})
    bound.spine += text_bound(text);
  for (const Message* message : {&call.request, &call.response}) {
    if (!message->present) continue;
    bound.spine += message_bound(*message);
    bound.headers += headers_bound(message->headers);
    bound.bodies += body_bound(*message);
  }
  return bound;
}

Offset<wire::Record> write_record(RecordTarget& target, std::uint64_t id, const Transaction& call,
                                  const ConnectionInfo& connection, RecordShape shape, Redactor& redactor,
                                  EncodeCounters& counters) {
  RecordBuild build(target, call, shape, redactor, counters);
  return build.write(target.protocol, id, connection);
}

}  // namespace spanlight
