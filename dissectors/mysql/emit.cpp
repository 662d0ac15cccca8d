// From a call to the record's transaction: names as in the record's contract.

#include <algorithm>

#include "core/fieldset.h"
#include "core/text_room.h"
#include "mysql/call.h"
#include "mysql/mysql.h"
#include "mysql/parse.h"

namespace spanlight::mysql {
namespace {

constexpr std::size_t kFieldBytesMax = 4'096;  // of a statement; more of it is in the body
constexpr std::size_t kSummaryBytesMax = 256;
constexpr std::size_t kErrorBytesMax = 600;

struct Texts {
  char error_room[kErrorBytesMax];
  char summary_room[kSummaryBytesMax];
};

bool has_statement(const Call& call) {
  return call.command == kQuery || call.command == kPrepare || call.command == kExecute ||
         call.command == kBulkExecute || call.command == kFetch || call.command == kLongData;
}

std::string_view text_of(const Call& call) {
  return as_text(call.text.bytes());
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

// One line: the statement, or the command with what it is about.
std::string_view summary_of(const Call& call, std::span<char> room) {
  std::string_view text = text_of(call);
  if (has_statement(call) && !text.empty()) return text.substr(0, kSummaryBytesMax);
  TextRoom out(room);
  out.put(command_name(call.command));
  if (is_login(call)) text = text.substr(0, call.user_bytes);
  if (!text.empty() && text.size() + 1 < room.size() - out.mark()) {
    out.put(' ');
    out.put(text);
  } else if (call.has_statement_id) {
    out.put(' ');
    out.number(call.statement_id);
  }
  return out.since(0);
}

std::string_view error_of(const Call& call, std::span<char> room) {
  TextRoom out(room);
  const std::string_view state(call.state.data(), call.state[0] == 0 ? 0 : call.state.size());
  if (!state.empty()) {
    out.put(state);
    out.put(' ');
  }
  const std::string_view message = as_text(call.said.bytes());
  out.put(message.substr(0, std::min(message.size(), room.size() - out.mark())));
  return out.since(0);
}

constexpr std::size_t kRequestFieldsMax = 12;
constexpr std::size_t kResponseFieldsMax = 14;

void set_request(Transaction& out, const Call& call, const Session& session, const Limits& limits,
                 Listed<Field, kRequestFieldsMax>& fields) {
  const std::string_view text = text_of(call);
  out.method = command_name(call.command);
  Message& request = out.request;
  request.present = true;
  request.first_byte = call.first_byte;
  request.last_byte = call.last_byte;
  request.size = call.size;
  add_text(fields, "command", short_name(call.command));
  if (call.command != kLogin) add_number(fields, "command_code", call.command);
  std::string_view user = session.user, database = session.database;
  if (has_statement(call)) {
    add_text(fields, "sql", text.substr(0, kFieldBytesMax));
    add_text(fields, "query", text.substr(0, kFieldBytesMax));
    request.body = call.text.bytes().first(std::min<std::size_t>(text.size(), limits.body_preview_bytes));
    request.body_size = call.body_size;
  } else if (is_login(call)) {
    user = text.substr(0, call.user_bytes);
    database = text.substr(call.user_bytes, call.database_bytes);
    add_text(fields, "schema", database);
    const std::size_t plugin_at = call.user_bytes + call.database_bytes;
    add_text(fields, "auth_plugin", text.substr(plugin_at, call.plugin_bytes));
    add_text(fields, "program", text.substr(plugin_at + call.plugin_bytes));
  } else if (call.command == kFieldList) {
    add_text(fields, "table", text);
  } else {
    add_text(fields, "schema", text);
    if (call.command == kInitDb) database = text;
  }
  add_text(fields, "database", database);
  add_text(fields, "user", user);
  if (call.has_statement_id) {
    add_number(fields, "statement_id", call.statement_id);
    add_number(fields, "stmt_id", call.statement_id);
  }
  if (call.command != kLogin && answering(call.command) == Answering::nothing)
    add_text(fields, "direction", "c2s");
  if (call.pipelined) add_true(fields, "pipelined");
  request.fields = fields.all();
}

std::string_view result_name(Result result) {
  switch (result) {
    case Result::ok:
      return "ok";
    case Result::error:
      return "error";
    case Result::rows:
      return "resultset";
    case Result::text:
      return "text";
    default:
      return "unknown";
  }
}

void set_response(Transaction& out, const Call& call, const Session& session,
                  Listed<Field, kResponseFieldsMax>& fields) {
  Message& response = out.response;
  response.present = true;
  response.first_byte = call.answer_first;
  response.last_byte = call.answer_last;
  response.size = call.answer_size;
  const bool failed = call.result == Result::error;
  out.has_status = true;
  out.status_code = call.error_code;
  add_text(fields, "result", result_name(call.result));
  fields.add({.name = "success", .kind = Field::Kind::boolean, .integer = failed ? 0 : 1});
  if (failed) {
    add_number(fields, "error_code", call.error_code);
    if (call.state[0] != 0) add_text(fields, "sqlstate", {call.state.data(), call.state.size()});
    add_text(fields, "error_message", as_text(call.said.bytes()));
  } else if (call.command == kPrepare) {
    add_number(fields, "stmt_id", call.made_id);
    add_number(fields, "columns", call.columns);
    add_number(fields, "params", call.params);
  } else {
    if (call.result == Result::ok) add_number(fields, "affected_rows", call.affected_rows);
    if (call.columns > 0 || call.result == Result::rows) add_number(fields, "columns", call.columns);
    if (call.result == Result::rows || call.rows > 0) add_number(fields, "rows", call.rows);
    if (call.insert_id > 0) add_number(fields, "insert_id", call.insert_id);
    if (call.results > 1) add_number(fields, "results", call.results);
  }
  if (call.warnings > 0) add_number(fields, "warnings", call.warnings);
  if (call.asks_for_file) {
    if (!failed) add_text(fields, "file", as_text(call.said.bytes()));
    add_number(fields, "file_bytes", call.file_bytes);
  }
  if (call.result == Result::text) {
    response.body = call.said.bytes();
    response.body_size = call.said.size();
  }
  if (call.command == kLogin) add_text(fields, "server_version", session.server_version);
  response.fields = fields.all();
}

}  // namespace

void emit_call(const Call& call, const Session& session, const Limits& limits, Reason reason, Sink& sink) {
  Texts texts;
  Transaction out;
  out.protocol = &kDescriptor;
  const bool silent = call.asked && call.command != kLogin && answering(call.command) == Answering::nothing;
  out.state = silent                        ? State::one_way
              : call.asked && call.answered ? State::complete
              : call.asked                  ? State::no_response
                                            : State::no_request;
  out.reason = out.state == State::complete || silent ? Reason::none : reason;
  out.flags = call.flags;
  Listed<Field, kRequestFieldsMax> request_fields;
  Listed<Field, kResponseFieldsMax> response_fields;
  if (call.asked) {
    set_request(out, call, session, limits, request_fields);
    out.summary = summary_of(call, texts.summary_room);
    if (out.request.body_size > out.request.body.size()) out.flags |= kFlagTruncatedBody;
  }
  if (call.answered) {
    set_response(out, call, session, response_fields);
    out.is_error = call.result == Result::error;
    if (out.is_error) out.error = error_of(call, texts.error_room);
    if (!call.asked) out.summary = out.is_error ? out.error : result_name(call.result);
  } else if (!silent) {
    out.error = no_answer_text(out.reason);
    out.is_error = !out.error.empty();
  }
  sink.emit(out);
}

}  // namespace spanlight::mysql
