// From a call to the record's transaction: names as in the record's contract.

#include <algorithm>

#include "cassandra/call.h"
#include "cassandra/cassandra.h"
#include "core/fieldset.h"
#include "core/text_room.h"

namespace spanlight::cassandra {
namespace {

constexpr std::size_t kFieldBytesMax = 4'096;  // of a statement; more of it is in the body
constexpr std::size_t kSummaryBytesMax = 256;
constexpr std::size_t kErrorBytesMax = 400;
constexpr std::size_t kFieldsMax = 16;
using Fields = Listed<Field, kFieldsMax>;

std::string_view version_name(std::uint8_t version) {
  return version == 3 ? "3" : version == 4 ? "4" : version == 5 ? "5" : "";
}

std::string_view no_answer_text(Reason reason) {
  switch (reason) {
    case Reason::unanswered:
      return "no response: unanswered";
    case Reason::reset:
      return "no response: connection reset";
    case Reason::closed:
      return "no response: connection closed";
    default:
      return {};  // the sensor's own blindness is not the server's error
  }
}

void add_common(Fields& fields, const Half& half) {
  add_text(fields, "opcode", opcode_name(half.header.opcode));
  add_number(fields, "version", half.header.version);
  fields.add({.name = "stream_id", .kind = Field::Kind::integer, .integer = half.header.stream});
  if (half.packed) add_true(fields, "compressed");
  if (half.unread) add_true(fields, "unread");
}

void set_message(Message& out, const Half& half, std::uint32_t& flags) {
  out.present = true;
  out.first_byte = half.first_byte;
  out.last_byte = half.last_byte;
  out.size = half.size;
  if (half.unread) flags |= kFlagTruncatedBody;
}

void set_request(Transaction& out, const Call& call, const Limits& limits, Fields& fields) {
  set_message(out.request, call.asked, out.flags);
  const std::string_view text = as_text(call.text.bytes());
  add_common(fields, call.asked);
  add_text(fields, "cql", text.substr(0, kFieldBytesMax));
  add_text(fields, "query", text.substr(0, kFieldBytesMax));
  if (call.prepared) add_true(fields, "prepared");
  if (call.has_consistency) add_text(fields, "consistency", consistency_name(call.consistency));
  if (call.statements > 0) add_number(fields, "statements", call.statements);
  add_text(fields, "compression", call.compression.view());
  add_text(fields, "driver", call.driver.view());
  add_text(fields, "events", call.events.view());
  out.request.body = call.text.bytes().first(std::min<std::size_t>(text.size(), limits.body_preview_bytes));
  out.request.body_size = call.statement_bytes;
  if (out.request.body_size > out.request.body.size()) out.flags |= kFlagTruncatedBody;
  out.request.fields = fields.all();
}

// An event is a message of its own: what it says stands where a request's fields do.
void set_event(Transaction& out, const Call& call, Fields& fields) {
  set_message(out.request, call.told, out.flags);
  add_common(fields, call.told);
  add_text(fields, "event", call.event.view());
  add_text(fields, "change", call.change.view());
  add_text(fields, "direction", "s2c");
  out.request.fields = fields.all();
}

void set_response(Transaction& out, const Call& call, Fields& fields) {
  set_message(out.response, call.told, out.flags);
  add_common(fields, call.told);
  const bool failed = call.told.header.opcode == kError && !call.told.unread;
  fields.add({.name = "success",
              .kind = Field::Kind::boolean,
              .integer = call.told.header.opcode == kError ? 0 : 1});
  add_text(fields, "kind", kind_name(call.kind));
  if (call.has_rows) add_number(fields, "rows", call.rows);
  if (call.kind == kRows) add_number(fields, "columns", call.columns);
  if (call.more_pages) add_true(fields, "more_pages");
  add_text(fields, "keyspace", call.keyspace.view());
  add_text(fields, "table", call.table.view());
  add_text(fields, "change", call.change.view());
  add_text(fields, "authenticator", call.authenticator.view());
  if (call.warnings > 0) add_number(fields, "warnings", call.warnings);
  if (failed) {
    fields.add({.name = "error_code", .kind = Field::Kind::integer, .integer = call.code});
    add_text(fields, "error_name", error_name(call.code));
    add_text(fields, "error_message", call.message.view());
  }
  out.has_status = true;
  out.status_code = call.code;
  out.is_error = call.told.header.opcode == kError;
  out.response.fields = fields.all();
}

std::string_view error_of(const Call& call, TextRoom& out) {
  const std::string_view name = error_name(call.code);
  out.put(name.empty() ? "Error" : name);
  if (!call.message.empty()) {
    out.put(": ");
    out.put(call.message.view());
  }
  return out.since(0);
}

std::string_view summary_of(const Call& call, TextRoom& out) {
  const std::string_view text = as_text(call.text.bytes());
  if (!text.empty()) return text.substr(0, kSummaryBytesMax);
  out.put(opcode_name(call.asked.header.opcode));
  if (!call.driver.empty()) {
    out.put(' ');
    out.put(call.driver.view());
  }
  return out.since(0);
}

}  // namespace

void emit_call(const Call& call, const Limits& limits, Reason reason, Sink& sink) {
  char error_room[kErrorBytesMax], summary_room[kSummaryBytesMax];
  TextRoom error_text(error_room), summary_text(summary_room);
  Transaction out;
  out.protocol = &kDescriptor;
  out.flags = call.flags;
  Fields request_fields, response_fields;
  out.version = version_name((call.asked.seen ? call.asked : call.told).header.version);
  if (!call.asked.seen && call.told.seen && call.told.header.opcode == kEvent) {
    out.state = State::one_way;
    out.method = opcode_name(kEvent);
    set_event(out, call, request_fields);
    summary_text.put(call.event.empty() ? out.method : call.event.view());
    if (!call.change.empty()) {
      summary_text.put(' ');
      summary_text.put(call.change.view());
    }
    out.summary = summary_text.since(0);
    return sink.emit(out);
  }
  out.state = call.asked.seen && call.told.seen ? State::complete
              : call.asked.seen                 ? State::no_response
                                                : State::no_request;
  out.reason = out.state == State::complete ? Reason::none : reason;
  if (call.asked.seen) {
    out.method = opcode_name(call.asked.header.opcode);
    set_request(out, call, limits, request_fields);
    out.summary = summary_of(call, summary_text);
  }
  if (call.told.seen) {
    set_response(out, call, response_fields);
    if (out.is_error) out.error = error_of(call, error_text);
    if (!call.asked.seen) out.summary = out.is_error ? out.error : opcode_name(call.told.header.opcode);
  } else {
    out.error = no_answer_text(out.reason);
    out.is_error = !out.error.empty();
  }
  sink.emit(out);
}

}  // namespace spanlight::cassandra
