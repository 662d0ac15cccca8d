// From a call to the record's transaction: names as in the record's contract. Nothing is copied: every view
// points into the call or is a constant.

#include <array>
#include <string_view>

#include "core/gql/gql.h"
#include "core/grpc/protocol.h"
#include "core/http/semantics.h"
#include "core/listed.h"
#include "http/connection.h"
#include "http/http.h"

namespace spanlight::http {
namespace {

constexpr std::array<std::string_view, 10> kVersions = {"1.0", "1.1", "1.2", "1.3", "1.4",
                                                        "1.5", "1.6", "1.7", "1.8", "1.9"};

std::string_view trace_id_of(const Head& head) {
  return http::trace_id_of(head.lifted(Known::traceparent), head.lifted(Known::b3),
                           head.lifted(Known::x_b3_traceid));
}

void set_message(Message& out, const MessageState& in, Preview::Room& room) {
  out.present = true;
  out.first_byte = in.first_byte;
  out.last_byte = in.last_byte;
  out.size = in.size;
  out.headers = in.head.headers();
  out.body_size = in.body_size;
  out.body = in.preview.bytes(room);
  out.content_type = in.head.lifted(Known::content_type);
  out.content_encoding = in.head.lifted(Known::content_encoding);
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

// "404 Not Found", a view of the status line.
std::string_view status_text(const Head& head) {
  constexpr std::size_t kStatusDigits = 3;
  const StartLine& line = head.start_line();
  const std::string_view text = head.text({0, line.reason.offset + line.reason.length});
  const std::size_t space = text.find(' ');
  const std::size_t at = text.find_first_not_of(' ', space);
  const std::string_view out = text.substr(at);
  return line.reason.length == 0 ? out.substr(0, kStatusDigits) : out;
}

std::uint32_t flags_of(const Call& call) {
  std::uint32_t flags = call.flags;
  for (const MessageState* m : {&call.request, &call.response}) {
    if (m->head.truncated()) flags |= kFlagTruncatedHeaders;
    if (!m->begun || m->body_size <= m->preview.size()) continue;
    flags |= kFlagTruncatedBody;
    if (m->preview.shed()) flags |= kFlagShedBody;
  }
  return flags;
}

constexpr std::array<std::string_view, 3> kInterimNames = {"100", "102", "103"};
std::string_view interim_name(std::uint16_t status) {
  for (const std::string_view name : kInterimNames)
    if (status % 100 == name[2] - '0' && status / 100 == 1) return name;
  return "1xx";
}

// What the transaction's views point to beside the call itself.
struct RequestFields : Listed<Field, 4> {
  Preview::Room body;
};
struct ResponseFields : Listed<Field, 2> {
  Preview::Room body;
};

void set_request(Transaction& out, const Call& call, RequestFields& extra) {
  const Head& head = call.request.head;
  const StartLine& line = head.start_line();
  out.version = kVersions[line.minor];
  out.method = head.text(line.method);
  set_target(out, head.text(line.target));
  // One space between them (else the line was read leniently): a view of "GET /path", without the query.
  const std::size_t path_end =
      static_cast<std::size_t>(out.path.data() - out.method.data()) + out.path.size();
  const bool in_line =
      out.path.data() >= out.url.data() && out.path.data() <= out.url.data() + out.url.size();
  out.summary = head.text(
      {0, static_cast<std::uint32_t>(in_line ? path_end : line.target.offset + line.target.length)});
  out.trace_id = trace_id_of(head);
  out.request_id = head.lifted(Known::x_request_id);
  set_message(out.request, call.request, extra.body);
  extra.add({.name = "http_version", .text = out.version});
  extra.add({.name = "host", .text = head.lifted(Known::host)});
  if (const std::string_view agent = head.lifted(Known::user_agent); !agent.empty())
    extra.add({.name = "user_agent", .text = agent});
  if (call.pipelined) extra.add({.name = "pipelined", .kind = Field::Kind::boolean, .integer = 1});
  out.request.fields = extra.all();
}

}  // namespace

void emit_call(const Call& call, Reason reason, Workshop& workshop, Sink& sink) {
  Transaction out;
  out.protocol = &kDescriptor;
  const bool asked = call.request.begun;
  const bool answered = call.response.begun;
  out.state = asked && answered ? State::complete : asked ? State::no_response : State::no_request;
  out.reason = out.state == State::complete ? Reason::none : reason;
  out.flags = flags_of(call);

  RequestFields request_fields;
  if (asked) set_request(out, call, request_fields);

  ResponseFields response_fields;
  Listed<std::string_view, kInterimMax> interim;
  for (std::size_t i = 0; i < call.interim_count; ++i) interim.add(interim_name(call.interim[i]));
  if (answered) {
    const Head& head = call.response.head;
    const StartLine& line = head.start_line();
    if (!asked) {
      out.version = kVersions[line.minor];
      out.summary = status_text(head);
      out.trace_id = trace_id_of(head);
    }
    if (out.request_id.empty()) out.request_id = head.lifted(Known::x_request_id);
    out.has_status = true;
    out.status_code = line.status;
    out.is_error = line.status >= 400;
    if (out.is_error) out.error = status_text(head);
    set_message(out.response, call.response, response_fields.body);
    if (line.reason.length > 0) response_fields.add({.name = "reason", .text = head.text(line.reason)});
    if (call.interim_count > 0)
      response_fields.add({.name = "interim", .kind = Field::Kind::list, .list = interim.all()});
    out.response.fields = response_fields.all();
  } else {
    out.error = reason_text(reason);
    out.is_error = !out.error.empty();
  }
  if (grpc::is_web(out)) return grpc::emit_web(out, sink);
  gql::emit_call(out, workshop, sink);
}

}  // namespace spanlight::http
