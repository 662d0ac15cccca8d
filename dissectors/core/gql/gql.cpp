#include "core/gql/gql.h"

#include <algorithm>
#include <array>

#include "core/fieldset.h"
#include "core/gql/request.h"
#include "core/unpack/inflater.h"

namespace spanlight::gql {
namespace {

constexpr FieldSpec kFields[] = {
    {"operation", FieldType::text, true, false, "query, mutation or subscription"},
    {"operation_name", FieldType::text, true, false, "Name of the operation that is executed"},
    {"variables", FieldType::list, true, false, "Names of the variables that were sent, the first 16"},
    {"variable_count", FieldType::integer, true, false, "How many variables were sent"},
    {"persisted_query", FieldType::text, true, false, "Hash or id of a document that the server holds"},
    {"batch", FieldType::integer, true, false, "Requests in this one"},
    {"batch_names", FieldType::list, true, false, "Names of their operations, as far as they are at hand"},
    {"truncated", FieldType::boolean, true, true,
     "The preview ends before all was said: an operation or errors may be missing here"},
    {"message_type", FieldType::text, true, false,
     "Over WebSocket: subscribe, next, error, complete and others"},
    {"id", FieldType::text, true, false, "Over WebSocket: the operation that the message belongs to"},
    {"errors", FieldType::integer, true, true, "Errors that the answer lists; over WebSocket, the message"},
    {"error_code", FieldType::text, true, true, "extensions.code of the first one"},
    // What carries it says of itself.
    {"http_version", FieldType::text, true, false, "Version of HTTP that carries it"},
    {"stream_id", FieldType::integer, true, true, "The stream of HTTP/2 that the call was on"},
    {"authority", FieldType::text, true, false, "The :authority of HTTP/2, host and port"},
    {"scheme", FieldType::text, true, false, "The :scheme of HTTP/2"},
    {"host", FieldType::text, true, false, "The Host header, or the :authority of HTTP/2"},
    {"user_agent", FieldType::text, true, false, "The User-Agent header"},
    {"pipelined", FieldType::boolean, true, false,
     "The request was sent before the answer to the previous one had ended"},
    {"reset", FieldType::text, true, true, "Error code of RST_STREAM or GOAWAY that ended the stream"},
    {"pushed", FieldType::boolean, true, false, "The server pushed it: the request is the server's promise"},
    {"reason", FieldType::text, false, true, "Reason phrase of the status line"},
    {"interim", FieldType::list, false, true, "Interim (1xx) responses before the final one"},
    {"direction", FieldType::text, true, false, "Over WebSocket: who sent it, c2s or s2c"},
    {"subprotocol", FieldType::text, true, false, "Over WebSocket: the sub-protocol that was agreed on"},
    {"opcode", FieldType::integer, true, false, "Over WebSocket: 1 for text"},
    {"type", FieldType::text, true, false, "Over WebSocket: the name of the opcode"},
    {"fin", FieldType::boolean, true, false, "Over WebSocket: the message was seen to its end"},
    {"payload_length", FieldType::integer, true, false, "Over WebSocket: bytes of payload on the wire"},
    {"length", FieldType::integer, true, false, "Over WebSocket: bytes of the message, inflated"},
    {"fragments", FieldType::integer, true, false, "Over WebSocket: frames that the message came in"},
    {"compressed", FieldType::boolean, true, false, "Over WebSocket: it was compressed (permessage-deflate)"},
};

constexpr std::size_t kFieldsMax = 32;
constexpr std::size_t kErrorBytesMax = 512;
// What a client logs in with is never shown.
constexpr std::string_view kLoginShown = R"({"type":"connection_init","payload":"[redacted]"})";
constexpr std::size_t kSummaryBytesMax = 256;
using Fieldset = Listed<Field, kFieldsMax>;

class Summary {
 public:
  Summary& operator<<(std::string_view more) {
    if (used_ > 0 && !more.empty()) put(" ");
    put(more);
    return *this;
  }
  std::string_view view() const { return {room_.data(), used_}; }

 private:
  void put(std::string_view more) {
    const std::size_t n = std::min(more.size(), room_.size() - used_);
    std::copy_n(more.data(), n, room_.data() + used_);
    used_ += n;
  }
  std::array<char, kSummaryBytesMax> room_;
  std::size_t used_ = 0;
};

void add_request(Fieldset& to, const Request& request) {
  add_text(to, "operation", operation_name(request.type));
  add_text(to, "operation_name", request.name);
  if (request.variables > 0) {
    const auto listed = std::min<std::size_t>(request.variables, kVariablesMax);
    to.add({.name = "variables",
            .kind = Field::Kind::list,
            .list = std::span(request.variable_names).first(listed)});
    add_number(to, "variable_count", request.variables);
  }
  add_text(to, "persisted_query", request.persisted);
  if (request.batch > 0) {
    const auto listed = std::min<std::size_t>(request.batch, kOperationsMax);
    add_number(to, "batch", request.batch);
    to.add({.name = "batch_names",
            .kind = Field::Kind::list,
            .list = std::span(request.batch_names).first(listed)});
  }
  if (request.cut) add_true(to, "truncated");
}

void add_errors(Fieldset& to, const Response& response) {
  if (response.errors > 0) add_number(to, "errors", response.errors);
  add_text(to, "error_code", response.code);
}

void say(Summary& summary, const Request& request) {
  const std::string_view type = operation_name(request.type);
  summary << (type.empty() ? "GraphQL" : type) << request.name;
  if (request.name.empty()) summary << request.persisted;
}

// "none" is no encoding's name: servers of events send it so that no proxy compresses them.
bool is_plain(std::string_view encoding) {
  return encoding.empty() || encoding == "identity" || encoding == "none";
}

// `body` as far as it is at hand, in one piece.
std::string_view text_of(const Message& message, Room& room) {
  const Bytes all = message.body.head(room);
  return as_text(all.first(std::min(all.size(), kLookedAtMax)));
}

bool is_whole(const Message& message, std::string_view text) {
  return text.size() == message.body_size;
}

bool is_answered_so(const Transaction& call) {
  return call.response.content_type.starts_with("application/graphql-response+json");
}

constexpr std::string_view kForm = "multipart/form-data";

// Whether a closer look is worth it: for calls that are not GraphQL's this is all that happens.
bool may_be(const Transaction& call) {
  if (is_answered_so(call)) return true;
  if (call.method == "GET") {
    // A document, or the hash of one.
    const std::string_view all = call.query_string;
    return all.starts_with("query=") || all.starts_with("extensions=") ||
           all.find("&query=") != std::string_view::npos ||
           all.find("&extensions=") != std::string_view::npos;
  }
  const std::string_view type = call.request.content_type;
  if (type.starts_with("application/graphql")) return true;
  const bool is_form = type.starts_with(kForm);
  if (!is_form && !type.starts_with("application/json") && !type.empty()) return false;
  // Bytes in which the first key stands, or the first part's name.
  const std::size_t telling = is_form ? 256 : 64;
  const Bytes front = call.request.body.front();
  if (front.size() < std::min(telling, call.request.body.size())) return true;
  return is_form ? as_text(front).find(kFormPart) != std::string_view::npos : may_be_request(as_text(front));
}

// What the request is by its own words. `body` holds what `request` points to, `room` what had escapes.
void recognise(const Transaction& call, Room& body, Room& room, Request& request) {
  if (call.method == "GET") return read_query_string(call.query_string, room, request);
  if (call.request.body.empty() || !is_plain(call.request.content_encoding)) return;
  const std::string_view type = call.request.content_type;
  if (type.starts_with("application/graphql") && !type.starts_with("application/graphql-response")) {
    const std::string_view text = text_of(call.request, body);
    if (type.starts_with("application/graphql+json"))
      return read_request(text, is_whole(call.request, text), room, request);
    return read_document(text, is_whole(call.request, text), request);
  }
  if (type.starts_with(kForm)) return read_form(text_of(call.request, body), room, request);
  if (!type.starts_with("application/json") && !type.empty()) return;
  const std::string_view text = text_of(call.request, body);
  if (may_be_request(text)) read_request(text, is_whole(call.request, text), room, request);
}

struct Text {
  std::string_view text;
  bool whole = false;
};

// The text of a message that may be compressed, as far as it is at hand and fits; nothing of what cannot be
// inflated. Only for calls that are GraphQL's: it costs.
Text unpacked(const Message& message, Workshop& workshop, Room& room) {
  using unpack::Inflater;
  const std::string_view encoding = message.content_encoding;
  if (is_plain(encoding)) {
    const std::string_view text = text_of(message, room);
    return {text, is_whole(message, text)};
  }
  const bool is_gzip = encoding == "gzip" || encoding == "x-gzip";
  if (!is_gzip && encoding != "deflate") return {};
  Room packed_room;
  const std::string_view packed = text_of(message, packed_room);
  const Inflater::Format format = is_gzip ? Inflater::Format::gzip : Inflater::Format::zlib;
  const unpack::Inflated out = unpack::inflate_at_once(workshop, format, as_bytes(packed), room);
  return {as_text(out.bytes), out.state == Inflater::State::ended && is_whole(message, packed)};
}

void read_answer(std::string_view type, const Text& answer, Response& out) {
  if (type.starts_with("multipart/mixed")) return read_parts(answer.text, answer.whole, out);
  if (type.starts_with("text/event-stream")) return read_events(answer.text, answer.whole, out);
  read_response(answer.text, answer.whole, out);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "gql",
    .title = "GraphQL",
    .transport = Transport::tcp,
    .fields = kFields,
};

void emit_if_gql(Transaction& call, Workshop& workshop, Sink& sink) {
  if (!may_be(call)) return sink.emit(call);
  Room request_body, response_body, unescaped;
  Request request;
  if (call.request.present) recognise(call, request_body, unescaped, request);
  if (!request.found && !is_answered_so(call)) return sink.emit(call);
  if (!request.found) request = {};

  Fieldset asked, answered;
  Summary summary;
  std::array<std::uint8_t, kErrorBytesMax> error;
  add_request(asked, request);
  for (const Field& field : call.request.fields) asked.add(field);
  say(summary, request);
  Response response;
  if (call.response.present) {
    const Text text = unpacked(call.response, workshop, response_body);
    read_answer(call.response.content_type, text, response);
    add_errors(answered, response);
    if (response.errors == 0 && response.cut && call.response.body_size > 0) add_true(answered, "truncated");
    for (const Field& field : call.response.fields) answered.add(field);
  }
  if (response.errors > 0) {
    call.is_error = true;
    bool whole = true;
    const std::string_view message = unescape(response.message, error, whole);
    call.error = message.empty() ? "GraphQL error" : message.substr(0, kErrorBytesMax);
  }
  call.protocol = &kDescriptor;
  call.summary = summary.view();
  call.request.fields = asked.all();
  call.response.fields = answered.all();
  sink.emit(call);
}

bool emit_message(Transaction& message, bool agreed, bool credentials_shown, Sink& sink) {
  Room body, room;
  const std::string_view text = text_of(message.request, body);
  SocketMessage said;
  read_socket_message(text, is_whole(message.request, text), room, said);
  if (said.type.empty()) return false;
  // Without the handshake only a subscription with its document is proof; a login is not shown in any case.
  if (!agreed && !said.request.found && !said.logs_in) return false;
  Fieldset fields;
  Summary summary;
  std::array<std::uint8_t, kErrorBytesMax> error;
  add_text(fields, "message_type", said.type);
  add_text(fields, "id", said.id);
  if (said.request.found) add_request(fields, said.request);
  add_errors(fields, said.response);
  for (const Field& field : message.request.fields) fields.add(field);
  summary << said.type << said.id << operation_name(said.request.type) << said.request.name;
  const bool failed = said.response.errors > 0 || said.type == "error" || said.type == "connection_error";
  if (failed) {
    bool whole = true;
    const std::string_view first = unescape(said.response.message, error, whole);
    message.is_error = true;
    message.error = first.empty() ? "GraphQL error" : first.substr(0, kErrorBytesMax);
  }
  if (said.logs_in && !credentials_shown) {
    message.request.body = as_bytes(kLoginShown);
    message.flags |= kFlagRedacted;
  }
  message.protocol = &kDescriptor;
  message.summary = summary.view();
  message.request.fields = fields.all();
  sink.emit(message);
  return true;
}

}  // namespace spanlight::gql
