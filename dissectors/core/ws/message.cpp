#include "core/ws/message.h"

#include <algorithm>
#include <array>

#include "core/fieldset.h"
#include "core/gql/gql.h"
#include "core/shown_text.h"

namespace spanlight::ws {
namespace {

constexpr std::size_t kTextMax = 2'000;
constexpr std::size_t kFieldsMax = 15;
constexpr std::size_t kLookedAtMax = 2'048;
using Fieldset = Listed<Field, kFieldsMax>;

void add_truth(Fieldset& to, std::string_view name, bool value) {
  to.add({.name = name, .kind = Field::Kind::boolean, .integer = value ? 1 : 0});
}

// What a body in JSON says is shown as a body, where the rules for its keys apply.
bool begins_as_json(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && (text[at] == '{' || text[at] == '[');
}

struct Close {
  bool has_code = false;
  std::uint16_t code = 0;
  std::string_view reason;
};

// code: u16 | reason; or nothing.
Close parse_close(Bytes payload) {
  Reader r(payload);
  Close close;
  close.code = r.be<std::uint16_t>();
  close.has_code = r.ok();
  close.reason = as_text(r.rest());
  return close;
}

bool speaks_graphql(const Terms& terms) {
  return terms.subprotocol() == "graphql-transport-ws" || terms.subprotocol() == "graphql-ws";
}

std::uint32_t flags_of(const Message& message) {
  std::uint32_t flags = message.flags;
  const bool read = !message.deflated || message.inflated;
  if (!read || message.length > message.payload.size()) flags |= kFlagTruncatedBody;
  if (message.shed) flags |= kFlagShedBody;
  return flags;
}

}  // namespace

void emit_message(const Message& message, const Terms& terms, const Descriptor& protocol,
                  bool credentials_shown, Sink& sink) {
  Transaction out;
  Fieldset fields;
  out.protocol = &protocol;
  out.version = "13";  // Sec-WebSocket-Version; there is no other in use
  out.state = State::one_way;
  out.reason = Reason::none;
  out.flags = flags_of(message);
  const bool exact = !message.deflated || message.inflated;
  out.request = {.present = true,
                 .first_byte = message.first_byte,
                 .last_byte = message.last_byte,
                 .size = message.size,
                 .body_size = exact ? message.length : message.payload_length,
                 .body = message.payload};
  add_number(fields, "opcode", static_cast<std::uint8_t>(message.opcode));
  fields.add({.name = "type", .text = opcode_name(message.opcode)});
  fields.add({.name = "direction", .text = message.from == Direction::c2s ? "c2s" : "s2c"});
  add_truth(fields, "fin", message.fin);
  add_number(fields, "payload_length", message.payload_length);
  if (exact) add_number(fields, "length", message.length);
  if (message.fragments > 1) add_number(fields, "fragments", message.fragments);
  if (message.deflated) {
    add_truth(fields, "compressed", true);
    if (!message.inflated) add_truth(fields, "inflated", false);
  }
  if (message.stream_id != 0) add_number(fields, "stream_id", message.stream_id);
  if (!terms.subprotocol().empty()) fields.add({.name = "subprotocol", .text = terms.subprotocol()});
  out.summary = opcode_name(message.opcode);

  std::array<std::uint8_t, kLookedAtMax> room;
  const Bytes head = message.payload.head(room);
  if (message.opcode == Opcode::close) {
    const Close close = parse_close(head);
    if (close.has_code) {
      add_number(fields, "close_code", close.code);
      if (!close.reason.empty()) fields.add({.name = "close_reason", .text = close.reason});
      // What an application calls an error is its own; GraphQL's codes of this range all are.
      constexpr std::uint16_t kGraphqlFirst = 4'400, kGraphqlLast = 4'599;
      const bool of_graphql =
          speaks_graphql(terms) && close.code >= kGraphqlFirst && close.code <= kGraphqlLast;
      out.is_error = is_close_error(close.code) || of_graphql;
      if (out.is_error) out.error = close.reason.empty() ? close_name(close.code) : close.reason;
    }
  } else if (message.opcode == Opcode::text) {
    if (begins_as_json(as_text(head))) {
      out.request.content_type = "application/json";
      out.request.fields = fields.all();
      const bool may_be_gql = speaks_graphql(terms) || !terms.known;
      if (may_be_gql && gql::emit_message(out, speaks_graphql(terms), credentials_shown, sink)) return;
    } else {
      out.request.content_type = "text/plain";
      const std::string_view text = whole_characters(as_text(head), kTextMax);
      if (!text.empty() && !holds_keys(text)) fields.add({.name = "text", .text = text});
    }
  }
  out.request.fields = fields.all();
  sink.emit(out);
}

}  // namespace spanlight::ws
