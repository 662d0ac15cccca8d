// From a call to the record's transaction: names as in the record's contract.

#include <algorithm>

#include "core/fieldset.h"
#include "core/text_room.h"
#include "mongodb/call.h"
#include "mongodb/mongodb.h"

namespace spanlight::mongodb {
namespace {

constexpr std::size_t kTextBytesMax = 512;
constexpr std::size_t kFieldsMax = 16;
using Fields = Listed<Field, kFieldsMax>;

// What a request asks for: its names.
struct Asked {
  std::string_view command, database, collection;
};

Asked asked_of(const Half& half) {
  Asked out{half.said.command.view(), half.said.database.view(), half.said.collection.view()};
  const std::string_view space = half.space.view();
  const std::size_t dot = space.find('.');
  if (!space.empty()) {
    out.database = space.substr(0, dot);
    if (!is_command(half)) {
      out.collection = dot == std::string_view::npos ? std::string_view{} : space.substr(dot + 1);
      out.command = half.opcode == kQuery ? "find" : op_name(half.opcode);
    }
  } else if (half.opcode == kKillCursors) {
    out.command = op_name(half.opcode);
  }
  return out;
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

std::string_view summary_of(const Half& half, const Asked& asked, TextRoom& out) {
  const std::size_t mark = out.mark();
  out.put(asked.command.empty() ? op_name(half.opcode) : asked.command);
  if (!asked.database.empty() || !asked.collection.empty()) out.put(' ');
  out.put(asked.database);
  if (!asked.database.empty() && !asked.collection.empty()) out.put('.');
  out.put(asked.collection);
  return out.since(mark);
}

// "26 NamespaceNotFound: ns not found"
std::string_view error_of(const Said& said, TextRoom& out) {
  const std::size_t mark = out.mark();
  if (said.has_code) {
    if (said.code < 0) out.put('-');
    out.number(
        static_cast<std::uint64_t>(said.code < 0 ? -std::int64_t{said.code} : std::int64_t{said.code}));
  }
  if (!said.code_name.empty()) {
    if (out.mark() > mark) out.put(' ');
    out.put(said.code_name.view());
  }
  if (!said.message.empty()) {
    if (out.mark() > mark) out.put(": ");
    out.put(said.message.view());
  }
  if (out.mark() == mark) out.put("failed");
  return out.since(mark);
}

void add_signed(Fields& to, std::string_view name, std::int64_t value) {
  to.add({.name = name, .kind = Field::Kind::integer, .integer = value});
}

void set_message(Message& out, const Half& half, std::uint32_t& flags) {
  out.present = true;
  out.first_byte = half.first_byte;
  out.last_byte = half.last_byte;
  out.size = half.size;
  out.body = half.json.bytes();
  out.body_size = half.json.size();
  if (half.json.size() > 0) out.content_type = "application/json";
  if (half.json_cut) out.body_size = std::max<std::uint64_t>(half.size, half.json.size() + 1);
  if (half.json_cut || half.unread) flags |= kFlagTruncatedBody;
  if (half.json_cut && half.json_shed) flags |= kFlagShedBody;
  if (half.malformed) flags |= kFlagMalformed;
  if (half.redacted) flags |= kFlagRedacted;
}

void add_common(Fields& fields, const Half& half) {
  add_number(fields, "request_id", half.header.request_id);
  add_number(fields, "opcode", half.opcode);
  add_text(fields, "op", op_name(half.opcode));
  if (half.said.has_cursor) add_signed(fields, "cursor", half.said.cursor);
  add_text(fields, "compressor", half.packing);
  if (half.unread) add_true(fields, "unread");
  if (half.opcode == kMsg && (half.bits & kMoreToCome) != 0) add_true(fields, "more_to_come");
}

void set_request(Transaction& out, const Half& half, const Asked& asked, bool silent, Fields& fields) {
  set_message(out.request, half, out.flags);
  out.method = asked.command.empty() ? op_name(half.opcode) : asked.command;
  add_common(fields, half);
  add_text(fields, "command", asked.command);
  add_text(fields, "db", asked.database);
  add_text(fields, "database", asked.database);
  add_text(fields, "collection", asked.collection);
  if (half.sent > 0) add_number(fields, "documents", half.sent);
  if (half.opcode == kMsg && (half.bits & kExhaustAllowed) != 0) add_true(fields, "exhaust");
  if (silent) add_text(fields, "direction", "c2s");
  out.request.fields = fields.all();
}

// Only answers to commands say whether they are ok: a document that was asked for may have a field of that
// name.
bool says_ok(const Call& call) {
  return call.told.said.has_ok && (call.told.opcode == kMsg || !call.asked.seen || is_command(call.asked));
}

bool failed(const Call& call) {
  const Said& said = call.told.said;
  const bool refused = call.told.opcode == kReply && (call.told.bits & kQueryFailure) != 0;
  if (refused) return true;
  if (call.asked.seen && !is_command(call.asked)) return false;
  return (said.has_ok && said.ok == 0) || said.write_errors > 0 || said.concern_error;
}

void set_response(Transaction& out, const Call& call, Fields& fields) {
  const Half& half = call.told;
  const Said& said = half.said;
  set_message(out.response, half, out.flags);
  add_common(fields, half);
  add_number(fields, "response_to", half.header.response_to);
  const bool bad = failed(call);
  if (says_ok(call)) add_signed(fields, "ok", said.ok != 0 ? 1 : 0);
  fields.add({.name = "success", .kind = Field::Kind::boolean, .integer = bad ? 0 : 1});
  if (bad && said.has_code) {
    add_signed(fields, "code", said.code);
    add_signed(fields, "error_code", said.code);
  }
  if (bad) {
    add_text(fields, "code_name", said.code_name.view());
    add_text(fields, "errmsg", said.message.view());
  }
  if (said.write_errors > 0) add_number(fields, "write_errors", said.write_errors);
  if (half.opcode == kReply) add_number(fields, "number_returned", half.returned);
  if (said.has_batch) add_number(fields, "documents", said.documents);
  if (said.has_n && is_command(half)) add_signed(fields, "n", said.n);
  out.has_status = true;
  out.status_code = bad ? said.code : 0;
  out.is_error = bad;
  out.response.fields = fields.all();
}

}  // namespace

void emit_call(const Call& call, Reason reason, bool follows, Sink& sink) {
  char room[kTextBytesMax * 2];
  TextRoom texts(room);
  Transaction out;
  out.protocol = &kDescriptor;
  out.flags = call.flags;
  Fields request_fields, response_fields;
  const Asked asked = asked_of(call.asked);
  if (follows) {
    // An answer that nobody asked for again: one-way, and what it says stands where a message's fields do.
    out.state = State::one_way;
    out.method = asked.command;
    out.summary = summary_of(call.asked, asked, texts);
    set_message(out.request, call.told, out.flags);
    add_common(request_fields, call.told);
    add_number(request_fields, "response_to", call.told.header.response_to);
    add_text(request_fields, "command", asked.command);
    add_text(request_fields, "db", asked.database);
    add_text(request_fields, "database", asked.database);
    add_text(request_fields, "collection", asked.collection);
    if (call.told.said.has_batch) add_number(request_fields, "documents", call.told.said.documents);
    add_text(request_fields, "direction", "s2c");
    out.request.fields = request_fields.all();
    out.is_error = failed(call);
    if (out.is_error) out.error = error_of(call.told.said, texts);
    return sink.emit(out);
  }
  const bool silent = call.asked.seen && !call.told.seen && !is_answered(call.asked);
  out.state = silent                              ? State::one_way
              : call.asked.seen && call.told.seen ? State::complete
              : call.asked.seen                   ? State::no_response
                                                  : State::no_request;
  out.reason = silent || out.state == State::complete ? Reason::none : reason;
  if (call.asked.seen) {
    set_request(out, call.asked, asked, silent, request_fields);
    out.summary = summary_of(call.asked, asked, texts);
  }
  if (call.told.seen) {
    set_response(out, call, response_fields);
    if (out.is_error) out.error = error_of(call.told.said, texts);
    if (!call.asked.seen) out.summary = out.is_error ? out.error : op_name(call.told.opcode);
  } else if (!silent) {
    out.error = no_answer_text(out.reason);
    out.is_error = !out.error.empty();
  }
  sink.emit(out);
}

}  // namespace spanlight::mongodb
