// From a call to the record's transaction: names as in the record's contract. Views point into the call, into
// what is put together here, or are constants.

#include <algorithm>
#include <array>
#include <string_view>

#include "core/fieldset.h"
#include "core/gql/gql.h"
#include "core/grpc/protocol.h"
#include "core/http/semantics.h"
#include "http2/connection.h"
#include "http2/http2.h"

namespace spanlight::http2 {
namespace {

using http::Known;

constexpr std::string_view kVersion = "2";

// A short text made of others; what does not fit is left out.
template <std::size_t kMax>
class Text {
 public:
  Text& operator<<(std::string_view more) {
    const std::size_t n = std::min(more.size(), kMax - size_);
    std::copy_n(more.data(), n, room_.data() + size_);
    size_ += n;
    return *this;
  }
  std::string_view view() const { return {room_.data(), size_}; }

 private:
  std::array<char, kMax> room_;
  std::size_t size_ = 0;
};

constexpr std::size_t kSummaryBytesMax = 1'024;
constexpr std::size_t kGrpcMessageBytesMax = 4'096;
constexpr std::size_t kErrorBytesMax = kGrpcMessageBytesMax + 64;

// What the transaction's views point to beside the call itself.
struct Extra {
  Listed<Field, 18> request, response;
  Preview::Room request_body, response_body;
  Listed<std::string_view, kInterimMax> interim;
  Text<kSummaryBytesMax> summary;
  Text<kErrorBytesMax> error;
  std::array<char, kGrpcMessageBytesMax> message;
};

using Fieldset = Listed<Field, 18>;

std::string_view trace_id_of(const Fields& fields) {
  return http::trace_id_of(fields.lifted(Known::traceparent), fields.lifted(Known::b3),
                           fields.lifted(Known::x_b3_traceid));
}

void set_message(Message& out, const Half& in, Preview::Room& room) {
  out.present = true;
  out.first_byte = in.first_byte;
  out.last_byte = in.last_byte;
  out.size = in.size;
  out.headers = in.fields.headers();
  out.body_size = in.body_size;
  out.body = in.preview.bytes(room);
  out.content_type = in.fields.lifted(Known::content_type);
  out.content_encoding = in.fields.lifted(Known::content_encoding);
}

std::uint32_t flags_of(const Call& call) {
  std::uint32_t flags = call.flags;
  for (const Half* half : {&call.request, &call.response}) {
    if (half->fields.missing()) flags |= kFlagTruncatedHeaders;
    if (!half->begun || call.is_socket || half->body_size <= half->preview.size()) continue;
    flags |= kFlagTruncatedBody;
    if (half->preview.shed()) flags |= kFlagShedBody;
  }
  return flags;
}

constexpr std::array<std::string_view, 3> kInterimNames = {"100", "102", "103"};
std::string_view interim_name(std::uint16_t status) {
  for (const std::string_view name : kInterimNames)
    if (status % 100 == name[2] - '0') return name;
  return "1xx";
}

// Messages of a direction: how many, their bytes, and how they are compressed.
void add_messages(Fieldset& to, const Half& half) {
  add_number(to, "grpc_messages", half.messages.messages());
  add_number(to, "grpc_message_bytes", half.messages.message_bytes());
  if (half.messages.any_compressed()) add_true(to, "grpc_compressed");
  if (half.messages.lost()) add_true(to, "grpc_messages_lost");
  add_text(to, "grpc_encoding", half.fields.grpc(GrpcHeader::encoding));
}

// What the stream was used as, told by the messages that were seen on it.
std::string_view grpc_type(const Call& call) {
  const bool many_asked = call.request.messages.messages() > 1;
  const bool many_answered = call.response.messages.messages() > 1;
  return many_asked ? (many_answered ? "bidi_stream" : "client_stream")
                    : (many_answered ? "server_stream" : "unary");
}

void set_request(Transaction& out, const Call& call, Extra& extra) {
  const Half& half = call.request;
  const Fields& fields = half.fields;
  out.method = fields.method();
  if (!fields.path().empty()) http::set_target(out, fields.path());
  extra.summary << out.method << (out.method.empty() || out.path.empty() ? "" : " ") << out.path;
  out.trace_id = trace_id_of(fields);
  out.request_id = fields.lifted(Known::x_request_id);
  set_message(out.request, half, extra.request_body);
  Fieldset& to = extra.request;
  to.add({.name = "http_version", .text = kVersion});
  add_number(to, "stream_id", call.stream);
  add_text(to, "authority", fields.authority());
  add_text(to, "scheme", fields.scheme());
  const std::string_view host = fields.lifted(Known::host);
  add_text(to, "host", host.empty() ? fields.authority() : host);
  add_text(to, "user_agent", fields.lifted(Known::user_agent));
  add_text(to, "protocol", fields.protocol());
  if (call.pushed) add_true(to, "pushed");
  if (!call.is_grpc()) return;
  const grpc::Target target = grpc::target_of(fields.path());
  add_text(to, "grpc_service", target.service);
  add_text(to, "grpc_method", target.method);
  to.add({.name = "grpc_type", .text = grpc_type(call)});
  if (const auto timeout = grpc::timeout_of(fields.grpc(GrpcHeader::timeout)))
    add_number(to, "grpc_timeout_us", *timeout / kMicrosecondNs);
  add_messages(to, half);
}

// An answer that was seen whole to its end, without the status that has to stand there: clients take it for
// an error.
bool ends_without_status(const Call& call) {
  const Half& half = call.response;
  return call.grpc_kind == grpc::Kind::grpc && half.headed && half.ended && !half.doubtful &&
         call.flags == 0 && half.fields.grpc(GrpcHeader::status).empty() && half.fields.status() < 400;
}

void set_grpc_status(Transaction& out, const Call& call, Extra& extra) {
  const Fields& fields = call.response.fields;
  Fieldset& to = extra.response;
  add_messages(to, call.response);
  const auto status = grpc::number_of(fields.grpc(GrpcHeader::status));
  const std::string_view message = grpc::percent_decode(fields.grpc(GrpcHeader::message), extra.message);
  if (status) to.add({.name = "grpc_status", .kind = Field::Kind::integer, .integer = *status});
  add_text(to, "grpc_message", message);
  if (ends_without_status(call)) {
    out.is_error = true;
    extra.error << "no grpc-status";
  }
  if (!status || *status == 0) return;
  const std::string_view name = grpc::status_name(*status);
  add_text(to, "grpc_status_name", name);
  out.is_error = true;
  extra.error << (name.empty() ? fields.grpc(GrpcHeader::status) : name) << (message.empty() ? "" : ": ")
              << message;
}

void set_response(Transaction& out, const Call& call, Extra& extra) {
  const Half& half = call.response;
  const std::uint16_t status = half.fields.status();
  if (!call.request.begun) {
    extra.summary << half.fields.status_text();
    out.trace_id = trace_id_of(half.fields);
  }
  if (out.request_id.empty()) out.request_id = half.fields.lifted(Known::x_request_id);
  out.has_status = status != 0;
  out.status_code = status;
  set_message(out.response, half, extra.response_body);
  Fieldset& to = extra.response;
  if (!call.request.begun) add_number(to, "stream_id", call.stream);
  if (call.upgraded) add_true(to, "upgraded");
  for (std::size_t i = 0; i < call.interim_count; ++i) extra.interim.add(interim_name(call.interim[i]));
  if (call.interim_count > 0)
    to.add({.name = "interim", .kind = Field::Kind::list, .list = extra.interim.all()});
  if (call.is_grpc()) set_grpc_status(out, call, extra);
  if (status >= 400) out.is_error = true;
  if (status >= 400 && extra.error.view().empty()) extra.error << half.fields.status_text();
}

// RST_STREAM and GOAWAY: who, and why.
void set_cut(Transaction& out, const Call& call, Extra& extra) {
  if (call.cut == Call::Cut::none) return;
  constexpr std::array<std::string_view, 4> kBy = {
      "", "stream reset by the client: ", "stream reset by the server: ", "not taken, server goes away: "};
  const std::string_view name = error_name(call.error_code);
  add_text(call.response.begun ? extra.response : extra.request, "reset", name);
  constexpr std::uint32_t kNoError = 0, kCancel = 8;
  // Who has enough of a stream of events cancels it.
  const bool is_usual = call.error_code == kNoError || call.error_code == kCancel;
  if (call.response.begun && is_usual) return;
  out.is_error = true;
  if (extra.error.view().empty()) extra.error << kBy[static_cast<std::size_t>(call.cut)] << name;
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

}  // namespace

void emit_call(const Call& call, Reason reason, Workshop& workshop, Sink& sink) {
  Transaction out;
  Extra extra;
  out.protocol = call.is_grpc() ? &grpc::kDescriptor : &kDescriptor;
  out.version = kVersion;
  const bool asked = call.request.begun;
  const bool answered = call.response.begun;
  out.state = asked && answered ? State::complete : asked ? State::no_response : State::no_request;
  out.reason = out.state == State::complete ? Reason::none : reason;
  out.flags = flags_of(call);
  if (asked) set_request(out, call, extra);
  if (answered) set_response(out, call, extra);
  set_cut(out, call, extra);
  if (!answered && extra.error.view().empty()) extra.error << reason_text(reason);
  out.is_error = out.is_error || !extra.error.view().empty();
  out.error = extra.error.view();
  out.summary = extra.summary.view();
  if (call.is_grpc() && out.path.size() > 1) out.summary = out.path.substr(1);
  out.request.fields = extra.request.all();
  out.response.fields = extra.response.all();
  if (call.is_grpc()) return sink.emit(out);
  gql::emit_call(out, workshop, sink);
}

}  // namespace spanlight::http2
