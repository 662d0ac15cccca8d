#include "encode/record_bound.h"

#include "encode/header_copy.h"
#include "encode/record_writer.h"
#include "encode/tables.h"
#include "encode/utf8.h"

namespace spanlight {

namespace {

constexpr std::size_t kVectorBytes = sizeof(flatbuffers::uoffset_t) + BatchBuilder::kAlignment;
constexpr std::size_t kTextBytes = kVectorBytes + 1;  // the terminator

constexpr std::size_t kFieldTableBytes =
    std::max({kForm<TextFieldHead>.bytes_max(), kForm<IntegerFieldHead>.bytes_max(),
              kForm<NumberFieldHead>.bytes_max(), kForm<ListFieldHead>.bytes_max()});

// From the length alone; an empty text is mostly not written, but may be.
constexpr std::size_t quick_text_bound(std::string_view text) {
  return kTextBytes + kUtf8GrowthMax * text.size();
}

template <typename TextBound>
std::size_t message_bound(const Message& message, TextBound text) {
  std::size_t bound = kForm<MessageHead>.bytes_max() + kVectorBytes;
  bound += text(message.content_type) + text(message.content_encoding);
  for (const Field& field : fields_kept(message)) {
    bound += kFieldTableBytes + sizeof(Text) + text(field.name) + text(field.text);
    if (field.objects) bound += text(kJsonListForm);
    if (field.list.empty()) continue;
    bound += kVectorBytes;
    for (const std::string_view item : list_kept(field)) bound += sizeof(Text) + text(item);
  }
  return bound;
}

template <typename TextBound, typename HeadersBound>
RecordBound record_bound(const Transaction& call, TextBound text, HeadersBound headers) {
  RecordBound bound;
  bound.spine = kForm<RecordHead>.bytes_max() + kVectorBytes + sizeof(ConnectionInfo::vlans);
  const auto sum = [&](auto... parts) { return (text(parts) + ...); };
  bound.spine += sum(call.version, call.method, call.url, call.path, call.query_string, call.error,
                     call.summary, call.trace_id, call.request_id);
  for (const Message* message : {&call.request, &call.response}) {
    if (!message->present) continue;
    bound.spine += message_bound(*message, text);
    bound.headers += headers(message->headers);
    bound.bodies += message->body.empty() ? 0 : kVectorBytes + message->body.size();
  }
  return bound;
}

}  // namespace

std::size_t text_bound(std::string_view text) {
  return kTextBytes + utf8_bytes(text);
}

RecordBound quick_bound_of(const Transaction& call) {
  return record_bound(
      call, [](std::string_view text) { return quick_text_bound(text); },
      [](const Headers& headers) { return headers_bound_quick(headers); });
}

RecordBound bound_of(const Transaction& call) {
  return record_bound(
      call, [](std::string_view text) { return text_bound(text); },
      [](const Headers& headers) { return headers_bound(headers); });
}

}  // namespace spanlight
