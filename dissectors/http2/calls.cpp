// What becomes of calls: who a frame belongs to, how streams end, timeouts; every call leaves through emit()
// exactly once.

#include <algorithm>
#include <new>

#include "http2/connection.h"

namespace spanlight::http2 {
namespace {

constexpr bool is_of_client(std::uint32_t stream) {
  return (stream & 1) != 0;
}

constexpr Direction opener(std::uint32_t stream) {
  return is_of_client(stream) ? Direction::c2s : Direction::s2c;
}

// What marks calls of a connection whose bytes broke off.
std::uint32_t premature_end_flags(End end) {
  if (end == End::shed) return kFlagGap | kFlagTruncatedBody;
  return end == End::fin || end == End::reset ? kFlagMalformed : kFlagTruncatedBody;
}

}  // namespace

Reason Connection::lost(const Call& call) const {
  const Direction where = call.request.begun && call.response.doubtful ? Direction::s2c : Direction::c2s;
  return reason_of(track(where).cause);
}

// Frames of its opener are missing.
bool Connection::may_have_begun_unseen(std::uint32_t stream) const {
  return track(opener(stream)).disturbed && !recent_.has(stream);
}

// A call of which the beginning is missing.
Call* Connection::begun_unseen(Call* call) {
  if (call == nullptr) return nullptr;
  const GapCause cause = track(opener(call->stream)).cause;
  call->fate = reason_of(cause);
  call->flags |= flag_of(cause);
  call->request.doubtful = true;
  return call;
}

// Nothing but late frames come on streams that nobody opened; behind a hole, those of one whose beginning is
// missing.
Call* Connection::call_of_data(Direction from, std::uint32_t stream, Sink& sink) {
  Call* call = calls_.find(stream);
  if (call == nullptr) {
    if (!may_have_begun_unseen(stream)) return nullptr;
    call = begun_unseen(open_call(stream, sink));
    if (call == nullptr) return nullptr;
    call->half(from).fields.miss();
    call->response.doubtful = true;
  }
  return call->half(from).ended ? nullptr : call;
}

Call* Connection::call_of_request(std::uint32_t stream, TimeNs time, Sink& sink) {
  Call* call = calls_.find(stream);
  if (call != nullptr) return call->request.ended ? nullptr : call;
  if (stream <= newest_stream_ && !may_have_begun_unseen(stream)) return nullptr;  // closed, and answered
  newest_stream_ = std::max(newest_stream_, stream);
  opened_first_ = opened_first_ || stream == 1;
  call = open_call(stream, sink);
  const Track& server = track(Direction::s2c);
  if (call != nullptr && server.searching) {  // the answer may pass before frames are found
    call->response.doubtful = true;
    call->doubtful_since = time;
    call->flags |= flag_of(server.cause);
  }
  return call;
}

Call* Connection::call_of_response(std::uint32_t stream, Sink& sink) {
  Call* call = calls_.find(stream);
  if (call != nullptr) return call->response.ended ? nullptr : call;
  if (recent_.has(stream)) return nullptr;
  const bool unseen = may_have_begun_unseen(stream);
  call = open_call(stream, sink);
  if (call == nullptr || unseen) return begun_unseen(call);
  if (stream == 1 && !opened_first_) {
    // RFC 7540, 3.2: stream 1 is the request that was upgraded, half closed for the client.
    call->upgraded = true;
    call->fate = Reason::unsolicited;
  } else {
    call->fate = is_of_client(stream) && stream <= newest_stream_ ? Reason::evicted : Reason::unsolicited;
  }
  return call;
}

// Where the limit or the slabs are reached the connection's own oldest calls make room.
Call* Connection::open_call(std::uint32_t stream, Sink& sink) {
  if (calls_.size() >= std::max(workshop_.limits.open_calls_max, 1u)) {
    ++workshop_.counters.open_calls_exceeded;
    emit(*calls_.oldest(), Reason::evicted, sink);
  }
  MutableBytes block = workshop_.state.take(sizeof(Call));
  while (block.empty()) {
    ++workshop_.counters.state_exhausted;
    if (calls_.oldest() == nullptr) return nullptr;
    emit(*calls_.oldest(), Reason::evicted, sink);
    block = workshop_.state.take(sizeof(Call));
  }
  if (is_of_client(stream)) newest_opened_ = std::max(newest_opened_, stream);
  Call* call = new (block.data()) Call(stream);
  calls_.add(workshop_, *call);
  return call;
}

// A header block of the call has ended: a request, an interim or the final response, trailers.
void Connection::headed(Direction from, Call& call, Sink& sink) {
  const Track& t = track(from);
  Half& half = t.block.promise ? call.request : call.half(from);
  const bool interim = from == Direction::s2c && !t.block.promise && !half.headed &&
                       half.fields.status() / 100 == 1 && !t.block.ends_stream;
  if (interim) {
    if (call.interim_count < kInterimMax) call.interim[call.interim_count++] = half.fields.status();
    half.release(workshop_);
    half = Half{};
    return;
  }
  half.headed = true;
  if (from == Direction::s2c && !t.block.promise && half.fields.status() / 100 == 2 &&
      call.socket == nullptr && call.request.fields.protocol() == "websocket")
    open_socket(call);
  if (call.grpc_kind == grpc::Kind::none)
    learn_grpc(call, grpc::kind_of(half.fields.lifted(http::Known::content_type)));
  if (t.block.promise)
    half.ended = true;
  else if (t.block.ends_stream)
    end_half(from, call, sink);
  else if (refused_at_ != 0)
    refuse(call, sink);
}

// Of bytes that came before that was known no message was counted.
void Connection::learn_grpc(Call& call, grpc::Kind kind) {
  call.grpc_kind = kind;
  if (kind == grpc::Kind::none) return;
  for (Half* half : {&call.request, &call.response})
    if (half->body_size > 0) half->messages.lose();
}

// The server does not speak HTTP/2, and said so in HTTP/1.
void Connection::refuse(Call& call, Sink& sink) {
  Half& response = call.response;
  response.begun = response.headed = response.ended = true;
  response.first_byte = response.last_byte = refused_at_;
  response.fields.add(workshop_, ":status", {refusal_.data(), refusal_.size()});
  response.fields.miss();
  call.flags |= kFlagMalformed;
  refused_at_ = 0;
  settle_if_done(call, sink);
}

void Connection::end_half(Direction from, Call& call, Sink& sink) {
  call.half(from).ended = true;
  end_socket(from, call, kFlagMalformed | kFlagTruncatedBody, sink);
  if (from == Direction::s2c && call.web_trailers.size() > 0) read_web_trailers(call);
  if (refused_at_ != 0) return refuse(call, sink);
  settle_if_done(call, sink);
}

void Connection::read_web_trailers(Call& call) {
  std::string_view text = as_text(call.web_trailers.bytes());
  while (!text.empty()) {
    const grpc::Trailer trailer = grpc::next_trailer(text);
    if (!trailer.name.empty()) call.response.fields.add(workshop_, trailer.name, trailer.value);
  }
}

// A response that has ended waits for its request a while: it may have been early.
void Connection::settle_if_done(Call& call, Sink& sink) {
  const Half& request = call.request;
  const bool awaited = request.begun && !request.ended && !request.doubtful && !track(Direction::c2s).ended;
  if (call.response.ended && !awaited) return emit(call, Reason::none, sink);
  note_deadline(call);
}

void Connection::reset_stream(Direction from, std::uint32_t stream, std::uint32_t error_code, Sink& sink) {
  Call* call = calls_.find(stream);
  if (call == nullptr) return;
  // RFC 9113, 8.1: a server that has answered may ask so not to be sent the rest of the request.
  if (!call->response.ended) {
    call->cut = from == Direction::c2s ? Call::Cut::client : Call::Cut::server;
    call->error_code = error_code;
  }
  emit(*call, Reason::reset, sink);
}

// Streams beyond the last one that the server took were not looked at.
void Connection::go_away(Direction from, const Goaway& goaway, Sink& sink) {
  if (from == Direction::c2s || goaway.last_stream >= newest_opened_ || goaways_ == kGoawaysMax) return;
  ++goaways_;
  for (Call* call = calls_.oldest(); call != nullptr;) {
    Call& here = *call;
    call = here.newer;
    if (!is_of_client(here.stream) || here.stream <= goaway.last_stream || here.response.begun) continue;
    here.cut = Call::Cut::goaway;
    here.error_code = goaway.error_code;
    emit(here, Reason::closed, sink);
  }
}

void Connection::emit(Call& call, Reason reason, Sink& sink) {
  calls_.remove(call);
  for (Track& t : tracks_)
    if (t.call == &call) t.call = nullptr;
  const bool over = call.request.ended && call.response.ended;
  close_socket(call, sink);
  // Clients that have read them may reset the stream before it ends.
  if (!call.response.ended && call.response.messages.has_all_trailers()) read_web_trailers(call);
  if (!over) call.flags |= call.flags_if_cut;
  if (!over && reason != Reason::unanswered && reason != Reason::evicted) recent_.add(call.stream);
  if (call.request.begun || call.response.begun)
    emit_call(call, call.request.begun ? reason : call.fate, workshop_, sink);
  call.request.release(workshop_);
  call.response.release(workshop_);
  call.web_trailers.release(workshop_.state);
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&call), sizeof(Call)});
}

void Connection::on_end(Direction from, End end, TimeNs, Sink& sink) {
  Track& t = track(from);
  if (t.ended) return;
  t.ended = true;
  t.end_reason = reason_of(end);
  t.block = {};
  t.call = nullptr;
  for (Call* call = calls_.oldest(); call != nullptr;) {
    Call& here = *call;
    call = here.newer;
    Half& half = here.half(from);
    if (half.begun && !half.ended) here.flags |= premature_end_flags(end);
    if (end == End::shed) here.flags |= kFlagGap;
    const bool doubtful = here.response.doubtful && !here.response.begun;
    if (from == Direction::s2c)
      emit(here, doubtful ? lost(here) : t.end_reason, sink);
    else
      settle_if_done(here, sink);
  }
}

void Connection::on_close(End end, TimeNs time, Sink& sink) {
  on_end(Direction::c2s, end, time, sink);
  on_end(Direction::s2c, end, time, sink);
  while (calls_.oldest() != nullptr)  // asked when the server had said its last
    emit(*calls_.oldest(), track(Direction::s2c).end_reason, sink);
  calls_.release(workshop_);
  for (Track& t : tracks_) t.hpack.release();
}

TimeNs Connection::deadline_of(const Call& call) const {
  const DurationNs timeout = workshop_.limits.answer_timeout_ns;
  if (call.response.ended) return std::max(call.response.last_byte, call.request.last_byte) + kLingerNs;
  const TimeNs last = std::max({call.request.last_byte, call.response.last_byte, call.doubtful_since});
  if (call.response.doubtful) return last + timeout;
  if (call.response.begun || call.interim_count > 0) return kNever;
  if (!call.request.ended && !call.request.doubtful) return kNever;
  if (!call.is_grpc()) return last + timeout;
  // A stream of events may be silent for hours before the first one: gRPC says how long it waits, or waits.
  const auto deadline = grpc::timeout_of(call.request.fields.grpc(GrpcHeader::timeout));
  return deadline ? last + std::max(timeout, std::min(*deadline, kGrpcTimeoutMax)) : kNever;
}

void Connection::note_deadline(const Call& call) {
  earliest_ = std::min(earliest_, deadline_of(call));
}

void Connection::on_time(TimeNs now, Sink& sink) {
  if (now < earliest_) return;
  earliest_ = kNever;
  for (Call* call = calls_.oldest(); call != nullptr;) {
    Call& here = *call;
    call = here.newer;
    const TimeNs deadline = deadline_of(here);
    if (deadline > now) {
      earliest_ = std::min(earliest_, deadline);
      continue;
    }
    const bool doubtful = here.response.doubtful || here.request.doubtful;
    emit(here, doubtful ? lost(here) : Reason::unanswered, sink);
  }
}

}  // namespace spanlight::http2
