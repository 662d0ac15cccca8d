#include "encode/record_bound.h"

#include "encode/header_copy.h"
#include "encode/record_writer.h"
#include "encode/tables.h"
#include "encode/utf8.h"

namespace spanlight {

namespace {

constexpr std::size_t kVectorBytes = sizeof(flatbuffers::uoffset_t) + BatchBuilder::kAlignment;
constexpr std::size_t kTextBytes = kVectorBytes + 1;  // the terminator

// A kind's own table is never larger than these two, which differ in what they hold.
constexpr std::size_t kFieldTableBytes = std::max({kTextFieldForm.bytes_max(), kIntegerFieldForm.bytes_max(),
                                                   kNumberFieldForm.bytes_max(), kListFieldForm.bytes_max()});

// From the length alone; an empty text is mostly not written, but may be.
constexpr std::size_t quick_text_bound(std::string_view text) {
  return kTextBytes + kUtf8GrowthMax * text.size();
}

template <typename TextBound>
std::size_t message_bound(const Message& message, TextBound text) {
  std::size_t bound = kMessageForm.bytes_max() + kVectorBytes;
  bound += text(message.content_type) + text(message.content_encoding);
  for (const Field& field : fields_kept(message)) {
    bound += kFieldTableBytes + sizeof(Text) + text(field.name) + text(field.text);
    if (field.list.empty()) continue;
    bound += kVectorBytes;
    for (const std::string_view item : list_kept(field)) bound += sizeof(Text) + text(item);
  }
  return bound;
}

template <typename TextBound, typename HeadersBound>
RecordBound record_bound(const Transaction& call, TextBound text, HeadersBound headers) {
  RecordBound bound;
  bound.spine = kRecordForm.bytes_max() + kVectorBytes + sizeof(ConnectionInfo::vlans);
  for (const std::string_view part : {call.version, call.method, call.url, call.path, call.query_string,
                                      call.error, call.summary, call.trace_id, call.request_id})
    bound.spine += text(part);
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
  return record_bound(call, quick_text_bound, headers_bound_quick);
}

RecordBound bound_of(const Transaction& call) {
  return record_bound(call, text_bound, headers_bound);
}

}  // namespace spanlight
