// From a call to the record's transaction: names as in the record's contract.

#include <array>
#include <cstring>

#include "core/fieldset.h"
#include "core/listed.h"
#include "core/secret.h"
#include "core/text_room.h"
#include "postgresql/connection.h"
#include "postgresql/postgresql.h"
#include "postgresql/statement.h"

namespace spanlight::postgresql {
namespace {

constexpr std::size_t kQueryFieldBytesMax = 4'096;  // the body preview has all that is kept
constexpr std::size_t kSummaryBytesMax = 200;
constexpr std::size_t kRoomBytes = 2'048;

constexpr std::string_view kKinds[] = {"answer",   "startup",  "ssl",          "ssl",   "cancel",
                                       "simple",   "function", "execute",      "parse", "bind",
                                       "describe", "close",    "notification", "notice"};
constexpr std::string_view kMethods[] = {
    "",        "Startup", "SSLRequest", "GSSENCRequest", "CancelRequest", "Query",        "FunctionCall",
    "Execute", "Parse",   "Bind",       "Describe",      "Close",         "Notification", "Notice"};

std::size_t number_of(Kind kind) {
  return static_cast<std::size_t>(kind);
}

std::string_view reason_text(Reason reason) {
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

// Builds one transaction; all that its views point to.
class Record {
 public:
  Record(const Call& call, const Who& who, const Limits& limits)
      : call_(call), who_(who), limits_(limits), text_(call.asked.words.text(call.asked.statement)) {}

  void emit(State state, Reason reason, Sink& sink) {
    out_.protocol = &kDescriptor;
    out_.version = "3";
    out_.state = state;
    out_.reason = reason;
    out_.flags = call_.flags;
    set_summary();
    if (state != State::no_request) set_request();
    if (state == State::complete || state == State::no_request)
      set_response();
    else if (state == State::no_response)
      set_missing(reason);
    sink.emit(out_);
  }

 private:
  bool has_statement() const { return call_.kind >= Kind::simple && call_.kind <= Kind::describe; }

  template <typename Write>
  std::string_view write(Write put) {
    const std::size_t mark = room_.mark();
    put();
    return room_.since(mark);
  }

  void set_summary();
  void set_request();
  void set_parameters();
  void set_response();
  void set_error();
  void set_missing(Reason reason);
  void list(Piece piece, unsigned count, std::span<const std::string_view>& to);

  const Call& call_;
  const Who& who_;
  const Limits& limits_;
  const std::string_view text_;
  Transaction out_;
  std::array<char, kRoomBytes> bytes_;
  TextRoom room_{bytes_};
  std::string_view command_;
  Listed<Field, 28> asked_;
  Listed<Field, 28> answered_;
  Listed<std::string_view, kParametersMax> parameters_;
  Listed<std::string_view, kTagsMax> tags_;
  Listed<std::string_view, kColumnsShown> columns_;
};

void Record::set_summary() {
  const Asked& asked = call_.asked;
  command_ =
      has_statement() && !text_.empty() ? write([&] { write_command(room_, text_); }) : std::string_view{};
  const std::string_view method = kMethods[number_of(call_.kind)];
  const bool runs = call_.kind == Kind::simple || call_.kind == Kind::execute;
  out_.method = runs && !command_.empty() ? command_ : method;
  out_.summary = write([&] {
    if (!runs || text_.empty()) room_.put(method);
    if (has_statement() && !text_.empty()) {
      if (!runs) room_.put(' ');
      return write_line(room_, text_, kSummaryBytesMax);
    }
    const auto named = [&](std::string_view name) {
      if (name.empty()) return;
      room_.put(' ');
      write_line(room_, name, kSummaryBytesMax);
    };
    switch (call_.kind) {
      case Kind::startup:
        named(asked.words.text(asked.user));
        room_.put('@');
        return write_line(room_, asked.words.text(asked.database), kSummaryBytesMax);
      case Kind::cancel:
      case Kind::function:
        room_.put(' ');
        return room_.number(asked.number);
      case Kind::notice:
        return named(text_);
      case Kind::stray:
        room_.put("answer");
        return named(call_.answered.words.text(call_.answered.message));
      default:
        named(asked.words.text(asked.name));
        return named(asked.words.text(asked.portal));
    }
  });
}

void Record::set_request() {
  const Asked& asked = call_.asked;
  Message& to = out_.request;
  to.present = true;
  to.first_byte = asked.first_byte;
  to.last_byte = asked.last_byte;
  to.size = asked.size;
  if (!text_.empty()) {
    // A text without its secrets has another size than on the wire, and is all there is to show unless cut.
    const bool shortened = (call_.flags & (kFlagRedacted | kFlagTruncatedBody)) == kFlagRedacted;
    to.body_size = shortened ? text_.size() : asked.statement_bytes;
    const std::size_t shown = std::min<std::size_t>(text_.size(), limits_.body_preview_bytes);
    to.body = as_bytes(text_.substr(0, shown));
    if (to.body_size < shown) to.body_size = shown;
    if (shown < text_.size()) out_.flags |= kFlagTruncatedBody;
  }
  add_text(asked_, "kind", kKinds[number_of(call_.kind)]);
  if (has_statement()) {
    const std::string_view query = text_.substr(0, kQueryFieldBytesMax);
    add_text(asked_, "command", command_);
    add_text(asked_, "query", query);
    add_text(asked_, "sql", query);
  }
  add_text(asked_, call_.kind == Kind::notification ? "channel" : "statement", asked.words.text(asked.name));
  add_text(asked_, "portal", asked.words.text(asked.portal));
  set_parameters();
  const bool says_who = call_.kind == Kind::startup;
  add_text(asked_, "user", says_who ? asked.words.text(asked.user) : who_.user);
  add_text(asked_, "database", says_who ? asked.words.text(asked.database) : who_.database);
  add_text(asked_, "application_name", asked.words.text(asked.application));
  if (asked.has_secret)
    add_text(asked_, "password", limits_.credentials_shown ? asked.words.text(asked.secret) : kRedacted);
  if (call_.kind == Kind::gss) add_true(asked_, "gss");
  if (call_.kind == Kind::cancel || call_.kind == Kind::notification)
    add_number(asked_, "process_id", asked.number);
  if (call_.kind == Kind::function) add_number(asked_, "function_id", asked.number);
  if (call_.kind == Kind::execute && asked.number > 0) add_number(asked_, "max_rows", asked.number);
  if (asked.copy_rows > 0) {
    add_number(asked_, "copy_bytes", asked.copy_bytes);
    add_number(asked_, "copy_messages", asked.copy_rows);
  }
  if (call_.kind >= Kind::notification) {
    add_text(asked_, "message", text_.substr(0, kQueryFieldBytesMax));
    add_text(asked_, "direction", "s2c");
  }
  if (call_.pipelined) add_true(asked_, "pipelined");
  to.fields = asked_.all();
}

void Record::set_parameters() {
  const Asked& asked = call_.asked;
  if (asked.parameter_count == 0) return;
  add_number(asked_, "parameter_count", asked.parameter_count);
  std::string_view rest = asked.words.text(asked.parameters);
  for (unsigned i = 0; i < asked.parameters_shown; ++i) {
    std::uint16_t size = 0;
    if (rest.size() < sizeof(size)) break;
    std::memcpy(&size, rest.data(), sizeof(size));
    rest.remove_prefix(sizeof(size));
    parameters_.add(size == kNull ? std::string_view("NULL") : rest.substr(0, size));
    if (size != kNull) rest.remove_prefix(std::min<std::size_t>(size, rest.size()));
  }
  if (asked.parameters_shown > 0)
    asked_.add({.name = "parameters", .kind = Field::Kind::list, .list = parameters_.all()});
}

template <std::size_t kMax>
std::span<const std::string_view> split(Listed<std::string_view, kMax>& to, std::string_view texts,
                                        unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const std::size_t end = texts.find('\0');
    if (end == std::string_view::npos) break;
    to.add(texts.substr(0, end));
    texts.remove_prefix(end + 1);
  }
  return to.all();
}

void Record::set_response() {
  const Answered& answer = call_.answered;
  Message& to = out_.response;
  to.present = true;
  to.first_byte = answer.first_byte;
  to.last_byte = answer.last_byte;
  to.size = answer.size;
  const bool refused = answer.one_byte == 'N';
  const bool login = call_.kind == Kind::startup;
  const bool known = !login || answer.authenticated || answer.has_error;
  if (known) {
    const bool success = !answer.has_error && !refused;
    answered_.add({.name = "success", .kind = Field::Kind::boolean, .integer = success ? 1 : 0});
    answered_.add({.name = "ok", .kind = Field::Kind::boolean, .integer = success ? 1 : 0});
  }
  if (answer.tag_count > 0)
    answered_.add({.name = "tags",
                   .kind = Field::Kind::list,
                   .list = split(tags_, answer.words.text(answer.tags), answer.tag_count)});
  const bool only_prepared = call_.kind >= Kind::parse && call_.kind <= Kind::close;
  if ((answer.has_columns && !only_prepared) || answer.rows > 0) add_number(answered_, "rows", answer.rows);
  if (answer.has_columns) add_number(answered_, "columns", answer.column_count);
  if (answer.columns_shown > 0)
    answered_.add({.name = "column_names",
                   .kind = Field::Kind::list,
                   .list = split(columns_, answer.words.text(answer.columns), answer.columns_shown)});
  if (answer.copy != 0)
    add_text(answered_, "copy",
             answer.copy == answered::kCopyIn    ? "in"
             : answer.copy == answered::kCopyOut ? "out"
                                                 : "both");
  if (answer.copy_rows > 0) {
    add_number(answered_, "copy_bytes", answer.copy_bytes);
    add_number(answered_, "copy_messages", answer.copy_rows);
  }
  if (answer.notice_count > 0) {
    add_number(answered_, "notice_count", answer.notice_count);
    add_text(answered_, "notice", answer.words.text(answer.notice));
  }
  if (answer.one_byte != 0)
    answered_.add({.name = "accepted", .kind = Field::Kind::boolean, .integer = refused ? 0 : 1});
  add_text(answered_, "auth", answer.words.text(answer.method));
  add_text(answered_, "server_version", answer.words.text(answer.version));
  if (answer.process != 0) add_number(answered_, "process_id", answer.process);
  if (answer.transaction != 0)
    add_text(answered_, "transaction",
             answer.transaction == 'I'   ? "idle"
             : answer.transaction == 'T' ? "open"
                                         : "failed");
  if (answer.has_error) set_error();
  to.fields = answered_.all();
}

void Record::set_error() {
  const Answered& answer = call_.answered;
  const std::string_view code{answer.code, strnlen(answer.code, sizeof(answer.code))};
  const std::string_view message = answer.words.text(answer.message);
  add_text(answered_, "error", code);
  add_text(answered_, "error_code", code);
  add_text(answered_, "error_message", message);
  add_text(answered_, "severity", answer.words.text(answer.severity));
  add_text(answered_, "detail", answer.words.text(answer.detail));
  add_text(answered_, "hint", answer.words.text(answer.hint));
  out_.is_error = true;
  out_.error = write([&] {
    room_.put(code);
    room_.put(": ");
    room_.put(message);
  });
}

void Record::set_missing(Reason reason) {
  out_.error = call_.skipped ? "skipped: an earlier error in the same batch" : reason_text(reason);
  out_.is_error = !out_.error.empty();
}

}  // namespace

void emit_call(const Call& call, State state, Reason reason, const Who& who, const Limits& limits,
               Sink& sink) {
  Record record(call, who, limits);
  record.emit(state, reason, sink);
}

}  // namespace spanlight::postgresql
