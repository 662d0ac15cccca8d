#include "encode/record_layout.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "core/listed.h"
#include "encode/header_copy.h"
#include "encode/mask.h"
#include "encode/record_bound.h"
#include "encode/tables.h"

namespace spanlight {

namespace {

using flatbuffers::Offset;
using flatbuffers::Vector;

// The wire's values are a contract of their own; here they are the same numbers.
static_assert(static_cast<int>(wire::State::one_way) == static_cast<int>(State::one_way));
static_assert(static_cast<int>(wire::Reason::unsolicited) == static_cast<int>(Reason::unsolicited));
static_assert(static_cast<int>(wire::Tunnel::gtp) == static_cast<int>(Tunnel::gtp));
static_assert(static_cast<int>(wire::FieldKind::list) == static_cast<int>(Field::Kind::list));
static_assert(static_cast<std::uint32_t>(wire::Flag::gap) == kFlagGap);
static_assert(static_cast<std::uint32_t>(wire::Flag::redacted) == kFlagRedacted);
static_assert(static_cast<std::uint32_t>(wire::Flag::uncertain) == kFlagUncertain);
static_assert(static_cast<std::uint32_t>(wire::Flag::shed_body) == kFlagShedBody);
static_assert(static_cast<std::uint32_t>(wire::Flag::packets) == kFlagPackets);
static_assert(static_cast<std::uint32_t>(wire::Flag::connection) == kFlagConnection);
static_assert(sizeof(wire::HeaderSpan) == sizeof(HeaderSpan));

// Half of an address, as the wire shows it: a number, its first byte the highest.
std::uint64_t half_of(const IpAddress& ip, std::size_t at) {
  std::uint64_t half = 0;
  std::memcpy(&half, ip.bytes.data() + at, sizeof(half));
  return __builtin_bswap64(half);
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
      : target_(target),
        builder_(target.builder),
        call_(call),
        shape_(shape),
        redactor_(redactor),
        counters_(counters),
        flags_(call.flags) {}

  Offset<wire::Record> write(std::uint64_t id, const ConnectionInfo& connection);

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
  Text text(std::string_view source) { return source.empty() ? Text{} : written(source); }
  Text shared_text(std::string_view source) { return source.empty() ? Text{} : shared(source); }
  Text written(std::string_view source);  // not empty
  Text shared(std::string_view source);   // not empty
  Text share(const TextCache::Key& key, TextCache::Entry& entry, std::string_view source);
  void write_location();
  Offset<wire::Message> write_message(const Message& message);
  Offset<Vector<std::uint8_t>> write_body(const Message& message);
  Offset<Vector<Offset<wire::Field>>> write_fields(const Message& message);
  Offset<wire::Field> shared_field(const Field& field);
  Offset<wire::Field> write_field(const Field& field);
  Offset<Vector<Text>> write_list(const Field& field);

  RecordTarget& target_;
  BatchBuilder& builder_;
  const Transaction& call_;
  const RecordShape shape_;
  Redactor& redactor_;
  EncodeCounters& counters_;
  std::uint32_t flags_;
  RecordChildren children_;
};

RecordBuild::Copy RecordBuild::copy(std::string_view source) {
  Copy made{source, {}, {}};
  if (!source.empty()) made.offset = builder_.text(source, &made.bytes);
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

Text RecordBuild::written(std::string_view source) {
  const Copy made = copy(source);
  if (redactor_.text_rules() && redactor_.mask_text(made.bytes)) flags_ |= kFlagRedacted;
  return made.offset;
}

Text RecordBuild::shared(std::string_view source) {
  if (source.size() > TextCache::kTextBytesMax) return written(source);
  const TextCache::Key key(source);
  TextCache::Entry& entry = target_.texts.entry(key);
  if (TextCache::holds(entry, key, source, builder_)) return entry.text;
  return share(key, entry, source);
}

// Not inlined: most texts are there already, and the way to them is short.
[[gnu::noinline]] Text RecordBuild::share(const TextCache::Key& key, TextCache::Entry& entry,
                                          std::string_view source) {
  const Copy made = copy(source);
  if (redactor_.text_rules() && redactor_.mask_text(made.bytes)) {
    flags_ |= kFlagRedacted;
    return made.offset;
  }
  // A text that had to be mended is not what the key says.
  if (made.kept()) entry = {key, made.offset};
  return made.offset;
}

// The call's URL stands in the record up to four times; a path that is all of it is the same text.
void RecordBuild::write_location() {
  const bool whole_path = call_.path == call_.url;
  Copy url = copy(call_.url), path = whole_path ? Copy{} : copy(call_.path), query = copy(call_.query_string),
       summary = copy(call_.summary);
  children_.url = url.offset;
  children_.path = whole_path ? url.offset : path.offset;
  children_.query_string = query.offset;
  children_.summary = summary.offset;
  if (!redactor_.text_rules() && !redactor_.masks_url(url.bytes) && !redactor_.masks_url(path.bytes)) return;
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

Offset<Vector<std::uint8_t>> RecordBuild::write_body(const Message& message) {
  const flatbuffers::uoffset_t before = builder_.size();
  std::uint8_t* bytes = nullptr;
  const auto offset = builder_.vector<std::uint8_t>(message.body.size(), 1, &bytes);
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
  Listed<Text, kListTextsMax> texts;
  const std::span<const std::string_view> in = list_kept(field);
  if (in.size() < field.list.size()) ++counters_.fields_left_out;
  for (const std::string_view each : in)
    texts.add(each.empty() ? builder_.text({}) : shared(each));  // an empty text of a list has its place
  return builder_.vector_of(texts.all().data(), in.size());
}

Offset<wire::Field> RecordBuild::write_field(const Field& field) {
  const Text name = field.name.empty() ? builder_.text({}) : shared_text(field.name);
  const auto kind = static_cast<std::uint32_t>(field.kind);
  switch (field.kind) {
    case Field::Kind::integer:
    case Field::Kind::boolean: {
      const auto made = builder_.table<IntegerFieldHead>(ValueFieldChildren{name});
      made.head.value = field.integer;
      made.head.kind = kind;
      return made.offset;
    }
    case Field::Kind::number: {
      const auto made = builder_.table<NumberFieldHead>(ValueFieldChildren{name});
      made.head.value = field.number;
      made.head.kind = kind;
      return made.offset;
    }
    case Field::Kind::list: {
      ListFieldChildren children{name, {}, {}};
      if (!field.list.empty()) children.list = write_list(field);
      if (field.objects) children.form = shared_text(kJsonListForm);
      const auto made = builder_.table<ListFieldHead>(children);
      made.head.kind = kind;
      return made.offset;
    }
    case Field::Kind::text:
      break;
  }
  return builder_.table<TextFieldHead>(TextFieldChildren{name, shared_text(field.text)}).offset;
}

Offset<wire::Field> RecordBuild::shared_field(const Field& field) {
  const FieldCache::Key key = FieldCache::key_of(field);
  FieldCache::Entry& entry = target_.fields.entry(key);
  if (entry.key == key) [[likely]]
    return entry.field;
  entry = {key, write_field(field)};
  return entry.field;
}

// Where texts may be masked each is looked at: what was is told of its record.
Offset<Vector<Offset<wire::Field>>> RecordBuild::write_fields(const Message& message) {
  Listed<Offset<wire::Field>, kFieldsPerMessageMax> fields;
  const std::span<const Field> in = fields_kept(message);
  if (in.size() < message.fields.size()) ++counters_.fields_left_out;
  std::size_t left = redactor_.text_rules() ? 0 : FieldCache::kSharedPerMessageMax;
  for (const Field& each : in) {
    const bool shares = left > 0 && FieldCache::takes(each);
    left -= shares;
    fields.add(shares ? shared_field(each) : write_field(each));
  }
  return builder_.vector_of(fields.all().data(), in.size());
}

Offset<wire::Message> RecordBuild::write_message(const Message& message) {
  if (!message.present) return {};
  MessageChildren children;
  if (!message.body.empty()) {
    if (shape_.bodies)
      children.body = write_body(message);
    else
      flags_ |= kFlagTruncatedBody;
  }
  if (!message.headers.spans.empty()) {
    if (shape_.headers)
      flags_ |= copy_headers(builder_, message.headers, redactor_, children);
    else
      flags_ |= kFlagTruncatedHeaders;
  }
  if (!message.fields.empty()) children.fields = write_fields(message);
  children.content_type = shared_text(message.content_type);
  children.content_encoding = shared_text(message.content_encoding);
  const auto made = builder_.table<MessageHead>(children);
  made.head.size = message.size;
  made.head.last_byte = message.last_byte;
  made.head.body_size = message.body_size;
  return made.offset;
}

Offset<wire::Record> RecordBuild::write(std::uint64_t id, const ConnectionInfo& connection) {
  children_.protocol = target_.protocol;
  children_.response = write_message(call_.response);
  children_.request = write_message(call_.request);
  write_location();
  children_.version = shared_text(call_.version);
  children_.method = shared_text(call_.method);
  children_.error = text(call_.error);
  children_.trace_id = text(call_.trace_id);
  children_.request_id = text(call_.request_id);
  if (connection.vlan_count > 0) {
    const std::size_t count = std::min<std::size_t>(connection.vlan_count, std::size(connection.vlans));
    std::uint8_t* vlans = nullptr;
    children_.vlans = builder_.vector<std::uint16_t>(count, sizeof(connection.vlans[0]), &vlans);
    std::memcpy(vlans, connection.vlans, count * sizeof(connection.vlans[0]));
  }
  if ((flags_ & kFlagRedacted) != 0) ++counters_.redacted;
  if ((flags_ & kFlagWithheldBody) != 0) ++counters_.bodies_withheld;
  if ((flags_ & kFlagShedBody) != 0) ++counters_.bodies_shed;
  const auto [record, head] = builder_.table<RecordHead>(children_);
  head.id = id;
  head.timestamp = call_.request.present ? call_.request.first_byte : 0;
  head.response_timestamp = call_.response.present ? call_.response.first_byte : 0;
  head.conn_id = connection.conn_id;
  head.src_high = half_of(connection.client, 0);
  head.src_low = half_of(connection.client, 8);
  head.dst_high = half_of(connection.server, 0);
  head.dst_low = half_of(connection.server, 8);
  head.flags = flags_;
  head.tunnel_id = connection.tunnel_id;
  head.status_code = call_.status_code;
  head.src_port = connection.client_port;
  head.dst_port = connection.server_port;
  head.state = static_cast<std::uint8_t>(call_.state);
  head.reason = static_cast<std::uint8_t>(call_.reason);
  head.transport = static_cast<std::uint8_t>(transport_of(connection.protocol, *call_.protocol));
  head.tunnel = static_cast<std::uint8_t>(connection.tunnel);
  head.has_status = call_.has_status;
  head.is_error = call_.is_error;
  return record;
}

}  // namespace

Offset<wire::Record> write_record(RecordTarget& target, std::uint64_t id, const Transaction& call,
                                  const ConnectionInfo& connection, RecordShape shape, Redactor& redactor,
                                  EncodeCounters& counters) {
  RecordBuild build(target, call, shape, redactor, counters);
  return build.write(id, connection);
}

}  // namespace spanlight
