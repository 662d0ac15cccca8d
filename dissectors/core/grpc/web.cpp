// gRPC-Web on HTTP/1. What was kept of a body is walked through: beyond the preview messages are not counted,
// and a status that stands there is not known.

#include <algorithm>
#include <array>

#include "core/fieldset.h"
#include "core/fold.h"
#include "core/grpc/grpc.h"
#include "core/grpc/protocol.h"

namespace spanlight::grpc {
namespace {

constexpr std::size_t kFieldsMax = 16;
constexpr std::size_t kTrailersMax = 1'024;
constexpr std::size_t kMessageBytesMax = 512;
constexpr std::size_t kErrorBytesMax = kMessageBytesMax + 32;
using Fieldset = Listed<Field, kFieldsMax>;

// One direction's messages, and what the last one said if it was the trailers.
struct Walk {
  MessageWalk messages;
  Base64 base64;
  std::array<char, kTrailersMax> trailers;
  std::size_t trailer_bytes = 0;

  void keep(Bytes piece) {
    const std::size_t n = std::min(piece.size(), trailers.size() - trailer_bytes);
    std::copy_n(as_text(piece).data(), n, trailers.data() + trailer_bytes);
    trailer_bytes += n;
  }
};

void walk_through(const Message& message, bool whole, Walk& walk) {
  const Kind kind = kind_of(message.content_type);
  const bool plain = message.content_encoding.empty() || message.content_encoding == "identity";
  if (!whole || !plain || kind == Kind::none) return walk.messages.lose();
  constexpr std::size_t kDecodedAtOnce = 384;
  std::array<std::uint8_t, kDecodedAtOnce> room;
  message.body.each([&](Bytes piece) {
    while (!piece.empty()) {
      Bytes decoded = piece;
      if (kind == Kind::web_text)
        decoded = walk.base64.read(piece, room);
      else
        piece = {};
      walk.keep(walk.messages.read(decoded));
    }
  });
  const std::uint64_t unseen =
      message.body_size - std::min<std::uint64_t>(message.body_size, message.body.size());
  if (unseen > 0 && kind == Kind::web_text)
    walk.messages.lose();
  else
    walk.messages.pass(unseen);
}

std::string_view header_of(const Headers& headers, std::string_view name) {
  std::string_view found;
  for (const HeaderSpan& span : headers.spans)
    if (same_folded(headers.name(span), name)) found = headers.value(span);
  return found;
}

// Of the headers, where there were no messages, or of the trailers among them.
std::string_view said_at_the_end(const Message& response, const Walk& walk, std::string_view name) {
  std::string_view text(walk.trailers.data(), walk.trailer_bytes);
  while (!text.empty()) {
    const Trailer trailer = next_trailer(text);
    if (same_folded(trailer.name, name)) return trailer.value;
  }
  return header_of(response.headers, name);
}

void add_messages(Fieldset& to, const Message& message, const Walk& walk) {
  add_number(to, "grpc_messages", walk.messages.messages());
  add_number(to, "grpc_message_bytes", walk.messages.message_bytes());
  if (walk.messages.any_compressed()) add_true(to, "grpc_compressed");
  if (walk.messages.lost()) add_true(to, "grpc_messages_lost");
  add_text(to, "grpc_encoding", header_of(message.headers, "grpc-encoding"));
}

}  // namespace

void emit_web(Transaction& call, Sink& sink) {
  Fieldset asked, answered;
  for (const Field& field : call.request.fields) asked.add(field);
  for (const Field& field : call.response.fields) answered.add(field);
  const bool whole = (call.flags & kFlagGap) == 0;
  Walk requests, responses;
  std::array<char, kMessageBytesMax> message_room;
  std::array<char, kErrorBytesMax> error;
  if (call.response.present) {
    walk_through(call.response, whole, responses);
    add_messages(answered, call.response, responses);
    const auto status = number_of(said_at_the_end(call.response, responses, "grpc-status"));
    const std::string_view message =
        percent_decode(said_at_the_end(call.response, responses, "grpc-message"), message_room);
    if (status) answered.add({.name = "grpc_status", .kind = Field::Kind::integer, .integer = *status});
    add_text(answered, "grpc_message", message);
    if (status && *status != 0) {
      const std::string_view name = status_name(*status);
      add_text(answered, "grpc_status_name", name);
      std::size_t n = 0;
      for (const std::string_view part :
           {name.empty() ? std::string_view("gRPC error") : name,
            message.empty() ? std::string_view() : std::string_view(": "), message}) {
        const std::size_t fits = std::min(part.size(), error.size() - n);
        std::copy_n(part.data(), fits, error.data() + n);
        n += fits;
      }
      call.is_error = true;
      call.error = {error.data(), n};
    }
  }
  if (call.request.present) {
    walk_through(call.request, whole, requests);
    const Target target = target_of(call.path);
    add_text(asked, "grpc_service", target.service);
    add_text(asked, "grpc_method", target.method);
    // A browser sends one message (gRPC-Web has no streams of its side).
    asked.add({.name = "grpc_type", .text = responses.messages.messages() > 1 ? "server_stream" : "unary"});
    if (const auto timeout = timeout_of(header_of(call.request.headers, "grpc-timeout")))
      add_number(asked, "grpc_timeout_us", *timeout / kMicrosecondNs);
    add_messages(asked, call.request, requests);
    if (call.path.size() > 1) call.summary = call.path.substr(1);
  }
  call.protocol = &kDescriptor;
  call.request.fields = asked.all();
  call.response.fields = answered.all();
  sink.emit(call);
}

}  // namespace spanlight::grpc
