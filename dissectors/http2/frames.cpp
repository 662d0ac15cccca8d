// The way of the bytes: windows, holes and ends, to frames. What becomes of the calls: calls.cpp.

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "http2/connection.h"

namespace spanlight::http2 {
namespace {

// Fewer bytes are not worth a detour of the pipeline's.
constexpr std::uint32_t kSkipWorthwhile = 256;

// A frame of that half. A stream has one answer: it is the request's also where it began first, against the
// rules.
void begin(Call& call, Half& half, TimeNs time) {
  half.last_byte = time;
  if (half.begun) return;
  half.begun = true;
  half.first_byte = time;
  if (&half != &call.request || !call.response.begun || half.doubtful) return;
  call.flags |= kFlagMalformed;
  call.upgraded = false;
}

}  // namespace

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  std::size_t at = 0;
  track(from).searching = false;
  while (at < window.bytes.size()) {
    const Window rest{window.bytes.subspan(at), window.offset + at, window.time, window.peer_acked};
    const Step done = step(from, rest, sink);
    at += done.consumed;
    switch (done.next) {
      case Next::go_on:
        break;
      case Next::wait:
        return {.consumed = at, .want = Answer::Want::wait, .n = done.wait_bytes};
      case Next::resync:
        ++workshop_.counters.resyncs;
        return {.consumed = at, .want = Answer::Want::resync};
      case Next::identify:
        return {.consumed = at, .want = Answer::Want::identify};
    }
  }
  return after_window(from, at);
}

// Content that nobody will look at passes by counter. The last byte of DATA is left for on_data: on_skipped
// has no sink, and a call is to be told when it ends.
Answer Connection::after_window(Direction from, std::size_t consumed) {
  Track& t = track(from);
  std::uint64_t n = 0;
  if (t.phase == Phase::pass) {
    n = t.left;
  } else if (t.phase == Phase::data && t.left > 0) {
    n = t.left - 1;
    if (t.call != nullptr) {
      Half& half = t.call->half(from);
      const bool shown = !t.call->is_socket && !half.preview.full(workshop_.limits);
      if (shown || t.call->grpc_kind == grpc::Kind::web_text) n = 0;
      if (t.call->is_grpc() && !half.messages.lost()) n = std::min(n, half.messages.unread());
      const bool frames = t.call->socket != nullptr && !t.call->socket->lost[index_of(from)];
      if (frames) n = std::min(n, t.call->socket->tracks[index_of(from)].unread(workshop_.limits));
    }
  }
  if (n >= kSkipWorthwhile) return {.consumed = consumed, .want = Answer::Want::skip, .n = n};
  return {.consumed = consumed};
}

Connection::Step Connection::step(Direction from, const Window& window, Sink& sink) {
  Track& t = track(from);
  switch (t.phase) {
    case Phase::head:
      return step_head(from, window, sink);
    case Phase::data:
      return step_data(from, window, sink);
    case Phase::block:
      return step_block(from, window, sink);
    case Phase::pass:
      break;
  }
  const std::size_t n = std::min<std::size_t>(t.left, window.bytes.size());
  t.left -= static_cast<std::uint32_t>(n);
  if (t.left == 0) t.phase = Phase::head;
  return {.consumed = n};
}

Connection::Step Connection::step_head(Direction from, const Window& window, Sink& sink) {
  const Bytes in = window.bytes;
  if (from == Direction::c2s) {
    const std::string_view head = as_text(in.first(std::min(in.size(), kPreface.size())));
    if (head == kPreface) {
      track(from).begun = true;
      return {.consumed = kPreface.size()};
    }
    // The next byte may show that it is a frame after all.
    if (kPreface.starts_with(head)) return {.next = Next::wait, .wait_bytes = head.size() + 1};
  }
  if (in.size() < kFrameHeadBytes) return {.next = Next::wait, .wait_bytes = kFrameHeadBytes};
  if (answers_in_http1(from, in)) return read_refusal(window, sink);
  Track& t = track(from);
  t.frame = parse_frame_head(in);
  if (speaks_otherwise(from)) return {.next = Next::identify};
  if (from == Direction::s2c && !t.begun && !track(Direction::c2s).begun)
    greeted_ = t.frame.type == FrameType::settings && !t.frame.has(kEndStream);
  t.begun = true;
  const bool continues = t.frame.type == FrameType::continuation;
  // RFC 9113, 6.10: between the pieces of a header block nothing else may stand.
  if (check_frame(t.frame) != Fault::none || continues != t.block.open ||
      (continues && t.frame.stream != t.block.stream))
    return malformed(from, window.time, sink);
  switch (t.frame.type) {
    case FrameType::data:
    case FrameType::headers:
    case FrameType::push_promise:
    case FrameType::continuation:
      return begin_content(from, window, sink);
    case FrameType::rst_stream:
    case FrameType::goaway:
      return read_control(from, in, sink);
    default:
      break;
  }
  t.left = t.frame.length;
  t.phase = t.left > 0 ? Phase::pass : Phase::head;
  return {.consumed = kFrameHeadBytes};
}

// A server that speaks first, as those of gRPC do, has said nothing of its client: that one may take it for
// another's, and what it asks is to be told. Its first words are neither the preface nor a frame of HTTP/2.
bool Connection::speaks_otherwise(Direction from) const {
  const Track& t = track(from);
  if (from == Direction::s2c || !greeted_ || t.begun || t.disturbed) return false;
  return t.frame.type > FrameType::continuation || check_frame(t.frame) != Fault::none;
}

// As a frame this would be of a type that nobody defined, on a stream that nobody opened.
bool Connection::answers_in_http1(Direction from, Bytes in) const {
  const Track& t = track(from);
  return from == Direction::s2c && !t.begun && !t.disturbed && as_text(in).starts_with("HTTP/1.");
}

// A server of HTTP/1 takes the preface for a request that it does not know, says so, and closes. Its status
// is the answer to the first call, which may still be under way; what comes behind is not read.
Connection::Step Connection::read_refusal(const Window& window, Sink& sink) {
  constexpr std::string_view kLine = "HTTP/1.1 400";
  if (window.bytes.size() < kLine.size()) return {.next = Next::wait, .wait_bytes = kLine.size()};
  // Behind 101 comes HTTP/2 (RFC 7540, 3.2): the request that asked for it was not seen.
  if (window.bytes[kLine.size() - refusal_.size()] == '1')
    return malformed(Direction::s2c, window.time, sink);
  std::copy_n(as_text(window.bytes).data() + kLine.size() - refusal_.size(), refusal_.size(),
              refusal_.data());
  refused_at_ = window.time;
  Track& t = track(Direction::s2c);
  t.begun = true;
  t.left = std::numeric_limits<std::uint32_t>::max();
  t.phase = Phase::pass;
  if (calls_.oldest() != nullptr && calls_.oldest()->request.headed) refuse(*calls_.oldest(), sink);
  return {.consumed = kLine.size()};
}

Connection::Step Connection::read_control(Direction from, Bytes bytes, Sink& sink) {
  Track& t = track(from);
  const bool goes_away = t.frame.type == FrameType::goaway;
  const std::size_t needed = kFrameHeadBytes + (goes_away ? 8u : 4u);  // debug data may follow in GOAWAY
  if (bytes.size() < needed) return {.next = Next::wait, .wait_bytes = needed};
  const Bytes payload = bytes.subspan(kFrameHeadBytes);
  t.left = t.frame.length - static_cast<std::uint32_t>(needed - kFrameHeadBytes);
  t.phase = t.left > 0 ? Phase::pass : Phase::head;
  if (goes_away)
    go_away(from, parse_goaway(payload), sink);
  else
    reset_stream(from, t.frame.stream, parse_error_code(payload), sink);
  return {.consumed = needed};
}

// DATA, and all that holds a piece of a header block.
Connection::Step Connection::begin_content(Direction from, const Window& window, Sink& sink) {
  Track& t = track(from);
  const std::size_t needed = kFrameHeadBytes + t.frame.prefix_bytes();
  if (window.bytes.size() < needed) return {.next = Next::wait, .wait_bytes = needed};
  const FramePrefix prefix = parse_prefix(t.frame, window.bytes.subspan(kFrameHeadBytes));
  const bool promise = t.frame.type == FrameType::push_promise;
  if (prefix.fault != Fault::none || (promise && (from == Direction::c2s || prefix.promised == 0)))
    return malformed(from, window.time, sink);
  t.left = prefix.content;
  t.padding = prefix.padding;
  if (t.frame.type == FrameType::data) {
    begin_data(from, window.time, sink);
    t.phase = Phase::data;
    if (t.left == 0) end_data(from, sink);
    return {.consumed = needed};
  }
  t.phase = Phase::block;
  if (t.frame.type == FrameType::continuation) {
    if (++t.block.continuations > kContinuationsMax) abandon_block(from, GapCause::sensor);
  } else if (!begin_block(from, prefix.promised, window, sink)) {
    abandon_block(from, t.disturbed ? t.cause : GapCause::sensor);  // undisturbed: no memory
  }
  if (t.left == 0) {
    read_block(from, {}, t.frame.has(kEndHeaders));
    end_block(from, sink);
  }
  return {.consumed = needed};
}

// What follows is looked for. One byte at least, so that the same place is not offered again.
Connection::Step Connection::malformed(Direction from, TimeNs time, Sink& sink) {
  ++workshop_.counters.malformed;
  lose(from, GapCause::content, time, sink);
  return {.consumed = 1, .next = Next::resync};
}

void Connection::begin_data(Direction from, TimeNs time, Sink& sink) {
  Track& t = track(from);
  t.call = call_of_data(from, t.frame.stream, sink);
  if (t.call == nullptr) return;
  Half& half = t.call->half(from);
  begin(*t.call, half, time);
  // A frame that was begun is sent: its bytes count at once, whoever sees them.
  half.body_size += t.left;
  half.size += t.left;
}

Connection::Step Connection::step_data(Direction from, const Window& window, Sink& sink) {
  Track& t = track(from);
  const Bytes data = window.bytes.first(std::min<std::size_t>(t.left, window.bytes.size()));
  t.left -= static_cast<std::uint32_t>(data.size());
  if (t.call != nullptr) {
    Half& half = t.call->half(from);
    half.last_byte = window.time;
    if (t.call->socket != nullptr)
      read_socket(from, *t.call, data, window.time, sink);
    else
      half.preview.append(workshop_, data);
    if (t.call->is_grpc()) count_messages(from, *t.call, data);
  }
  if (t.left == 0) end_data(from, sink);
  return {.consumed = data.size()};
}

void Connection::count_messages(Direction from, Call& call, Bytes data) {
  Half& half = call.half(from);
  constexpr std::size_t kDecodedAtOnce = 384;
  std::array<std::uint8_t, kDecodedAtOnce> room;
  while (!data.empty()) {
    Bytes decoded = data;
    if (call.grpc_kind == grpc::Kind::web_text)
      decoded = half.base64.read(data, room);
    else
      data = {};
    const Bytes trailers = half.messages.read(decoded);
    if (from == Direction::s2c && call.web_trailers.size() + trailers.size() <= kWebTrailersMax)
      call.web_trailers.append(workshop_.state, trailers);
  }
}

void Connection::end_data(Direction from, Sink& sink) {
  Track& t = track(from);
  Call* call = t.call;
  end_content(from);
  if (call != nullptr && t.frame.has(kEndStream)) end_half(from, *call, sink);
}

// The frame's content is over; its padding may not be.
void Connection::end_content(Direction from) {
  Track& t = track(from);
  if (!t.block.open) t.call = nullptr;
  t.left = t.padding;
  t.padding = 0;
  t.phase = t.left > 0 ? Phase::pass : Phase::head;
}

// False: the block cannot be read; whose it is is known all the same.
bool Connection::begin_block(Direction from, std::uint32_t promised, const Window& window, Sink& sink) {
  Track& t = track(from);
  t.block = {.stream = t.frame.stream,
             .open = true,
             .ends_stream = promised == 0 && t.frame.has(kEndStream),
             .promise = promised != 0};
  if (promised != 0)
    t.call = calls_.find(promised) == nullptr ? open_call(promised, sink) : nullptr;
  else
    t.call = from == Direction::c2s ? call_of_request(t.frame.stream, window.time, sink)
                                    : call_of_response(t.frame.stream, sink);
  if (t.call != nullptr) {
    if (promised != 0) t.call->pushed = true;
    Half& half = promised != 0 ? t.call->request : t.call->half(from);
    const bool whole = !half.begun;
    begin(*t.call, half, window.time);
    if (whole) half.doubtful = false;  // nothing of it is missing after all
  }
  t.block.readable = t.hpack.begin(window.offset, window.time);
  return t.block.readable;
}

Connection::Step Connection::step_block(Direction from, const Window& window, Sink& sink) {
  Track& t = track(from);
  const Bytes piece = window.bytes.first(std::min<std::size_t>(t.left, window.bytes.size()));
  t.left -= static_cast<std::uint32_t>(piece.size());
  t.block.bytes += static_cast<std::uint32_t>(piece.size());
  if (t.block.bytes > kBlockBytesMax) abandon_block(from, GapCause::sensor);
  if (t.call != nullptr) {
    Half& half = t.block.promise ? t.call->request : t.call->half(from);
    half.size += piece.size();
    half.last_byte = window.time;
  }
  read_block(from, piece, t.left == 0 && t.frame.has(kEndHeaders));
  if (t.left == 0) end_block(from, sink);
  return {.consumed = piece.size()};
}

void Connection::read_block(Direction from, Bytes piece, bool last) {
  Track& t = track(from);
  while (t.block.readable) {
    const Hpack::Step field = t.hpack.next(piece, last);
    if (field.failed) {
      ++workshop_.counters.malformed;
      return abandon_block(from, t.hpack.guesses() ? t.cause : GapCause::content);
    }
    piece = piece.subspan(field.consumed);
    if (!field.field) return;
    if (++t.block.fields > kBlockFieldsMax) return abandon_block(from, GapCause::sensor);
    if (t.call == nullptr) continue;
    Fields& fields = t.block.promise ? t.call->request.fields : t.call->half(from).fields;
    if (!field.unknown) {
      fields.add(workshop_, field.name, field.value);
      continue;
    }
    fields.miss();
    t.call->flags |= flag_of(t.cause);
  }
}

// The rest of the block is not read: what it adds to the table is not known from here on.
void Connection::abandon_block(Direction from, GapCause cause) {
  Track& t = track(from);
  if (t.block.readable && cause == GapCause::sensor) ++workshop_.counters.blocks_exceeded;
  t.block.readable = false;
  t.cause = cause;
  t.hpack.lose();
  if (t.call == nullptr) return;
  (t.block.promise ? t.call->request : t.call->half(from)).fields.miss();
  t.call->flags |= flag_of(cause);
}

// The frame's piece of the block is over, and with END_HEADERS the block.
void Connection::end_block(Direction from, Sink& sink) {
  Track& t = track(from);
  if (t.frame.has(kEndHeaders)) t.block.open = false;
  Call* call = t.call;
  end_content(from);
  if (t.block.open || call == nullptr) return;
  headed(from, *call, sink);
}

void Connection::on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) {
  Track& t = track(from);
  const auto passed = static_cast<std::uint32_t>(std::min<std::uint64_t>(seen + missing, t.left));
  t.left -= passed;
  if (t.phase == Phase::pass && t.left == 0) t.phase = Phase::head;
  if (t.phase != Phase::data || t.call == nullptr) return;
  Half& half = t.call->half(from);
  if (t.call->is_grpc()) half.messages.pass(passed);
  if (t.call->socket != nullptr && !t.call->socket->lost[index_of(from)])
    t.call->socket->tracks[index_of(from)].pass(workshop_, passed, missing > 0, last_byte);
  if (last_byte != 0) half.last_byte = last_byte;
  if (missing > 0) t.call->flags |= kFlagGap;
}

// A hole in a frame whose head was seen, and whose content is no header block, changes nothing but that.
Answer Connection::on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) {
  Track& t = track(from);
  std::uint64_t left = missing;
  if (t.phase == Phase::data) {
    const auto inside = static_cast<std::uint32_t>(std::min<std::uint64_t>(t.left, left));
    t.left -= inside;
    left -= inside;
    if (t.call != nullptr) {
      Half& half = t.call->half(from);
      half.preview.close();
      if (t.call->is_grpc()) half.messages.pass(inside);
      if (t.call->grpc_kind == grpc::Kind::web_text) half.messages.lose();
      t.call->flags |= flag_of(cause);
      if (t.call->socket != nullptr && !t.call->socket->lost[index_of(from)]) {
        const ws::Track::Around here = around(from, *t.call, sink);
        const std::uint64_t beyond = t.call->socket->tracks[index_of(from)].gap(here, inside, time);
        if (beyond > 0) lose_socket(from, *t.call, flag_of(cause), sink);
      }
    }
    if (t.left == 0) end_data(from, sink);
  }
  if (t.phase == Phase::pass) {
    const auto inside = static_cast<std::uint32_t>(std::min<std::uint64_t>(t.left, left));
    t.left -= inside;
    left -= inside;
    if (t.left == 0) t.phase = Phase::head;
  }
  if (left == 0 && missing > 0) return after_window(from, 0);
  lose(from, cause, time, sink);
  ++workshop_.counters.resyncs;
  return {.want = Answer::Want::resync};
}

// Frames are missing, nobody knows which: where the next one begins, what the decompressor's table holds, and
// whether streams have ended.
void Connection::lose(Direction from, GapCause cause, TimeNs time, Sink& sink) {
  Track& t = track(from);
  t.disturbed = t.searching = true;
  t.cause = cause;
  t.hpack.lose();
  if (t.block.open && t.call != nullptr)
    (t.block.promise ? t.call->request : t.call->half(from)).fields.miss();
  t.block = {};
  t.call = nullptr;
  t.left = t.padding = 0;
  t.phase = Phase::head;
  for (Call* call = calls_.oldest(); call != nullptr;) {
    Call& here = *call;
    call = here.newer;
    Half& half = here.half(from);
    here.flags_if_cut |= flag_of(cause);
    if (half.ended) continue;
    half.doubtful = true;
    here.flags |= flag_of(cause);
    lose_socket(from, here, flag_of(cause), sink);
    if (from == Direction::s2c) here.doubtful_since = time;
    settle_if_done(here, sink);
  }
}

}  // namespace spanlight::http2
