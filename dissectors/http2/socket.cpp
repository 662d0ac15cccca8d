// WebSocket on a stream of HTTP/2 (RFC 8441): what DATA of an extended CONNECT holds are its frames.

#include <new>

#include "http2/connection.h"
#include "http2/http2.h"

namespace spanlight::http2 {

ws::Track::Around Connection::around(Direction from, Call& call, Sink& sink) {
  return {.workshop = workshop_,
          .protocol = kWebSocket,
          .terms = call.socket->terms,
          .from = from,
          .sink = sink,
          .stream_id = call.stream};
}

// The server has agreed. Without memory it stays a call whose body is not read.
void Connection::open_socket(Call& call) {
  const MutableBytes block = workshop_.state.take(sizeof(Socket));
  if (block.empty()) {
    ++workshop_.counters.state_exhausted;
    return;
  }
  call.socket = new (block.data()) Socket;
  call.is_socket = true;
  ws::Terms& terms = call.socket->terms;
  const Headers headers = call.response.fields.headers();
  for (const HeaderSpan& span : headers.spans) {
    if (headers.name(span) == ws::kExtensionsHeader) terms.add_extensions(headers.value(span));
    if (headers.name(span) == ws::kSubprotocolHeader) terms.set_subprotocol(headers.value(span));
  }
  terms.known = !call.response.fields.missing();
  // What the client said before it had the answer has passed.
  call.socket->lost[index_of(Direction::c2s)] = call.request.body_size > 0 || call.request.doubtful;
}

void Connection::read_socket(Direction from, Call& call, Bytes data, TimeNs time, Sink& sink) {
  if (call.socket->lost[index_of(from)]) return;
  if (!call.socket->tracks[index_of(from)].read(around(from, call, sink), data, time))
    call.socket->lost[index_of(from)] = true;
}

void Connection::lose_socket(Direction from, Call& call, std::uint32_t flag, Sink& sink) {
  if (call.socket == nullptr || call.socket->lost[index_of(from)]) return;
  call.socket->tracks[index_of(from)].lose(around(from, call, sink), flag);
  call.socket->lost[index_of(from)] = true;
}

void Connection::end_socket(Direction from, Call& call, std::uint32_t flags, Sink& sink) {
  if (call.socket != nullptr) call.socket->tracks[index_of(from)].end(around(from, call, sink), flags);
}

void Connection::close_socket(Call& call, Sink& sink) {
  if (call.socket == nullptr) return;
  for (const Direction d : {Direction::c2s, Direction::s2c}) {
    end_socket(d, call, (call.flags & (kFlagGap | kFlagMalformed)) | kFlagTruncatedBody, sink);
    call.socket->tracks[index_of(d)].release(workshop_);
  }
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(call.socket), sizeof(Socket)});
  call.socket = nullptr;
}

}  // namespace spanlight::http2
