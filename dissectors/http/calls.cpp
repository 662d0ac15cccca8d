// What becomes of calls: their messages' ends, timeouts, holes; every call leaves through emit() exactly
// once.

#include <new>

#include "core/fold.h"
#include "core/ws/terms.h"
#include "http/connection.h"

namespace spanlight::http {

Reason Connection::lost() const {
  return reason_of(queue_.cause());
}

// What a call is marked with whose order was lost.
std::uint32_t Connection::lost_flag() const {
  return flag_of(queue_.cause());
}

// When the slabs are full the connection's own oldest calls make room.
Call* Connection::take_call(Sink& sink) {
  MutableBytes block = workshop_.state.take(sizeof(Call));
  while (block.empty()) {
    ++workshop_.counters.state_exhausted;
    if (queue_.front() == nullptr) return nullptr;
    Call& oldest = call_of(*queue_.front());
    queue_.give_up(oldest);
    settle(oldest, Reason::evicted, 0, sink);
    block = workshop_.state.take(sizeof(Call));
  }
  return new (block.data()) Call;
}

void Connection::release(Call& call) {
  if (switching_ == &call) switching_ = nullptr;
  call.request.head.release(workshop_);
  call.request.preview.release(workshop_);
  call.response.head.release(workshop_);
  call.response.preview.release(workshop_);
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&call), sizeof(Call)});
}

void Connection::emit(Call& call, Reason reason, Sink& sink) {
  queue_.remove(call);
  if (call.request.begun || call.response.begun) emit_call(call, reason, workshop_, sink);
  release(call);
}

// A call whose answer will not be paired. While its request still comes, it is told at the request's end.
void Connection::settle(Call& call, Reason reason, std::uint32_t flags, Sink& sink) {
  queue_.remove(call);
  if (switching_ == &call) switching_ = nullptr;
  call.flags |= flags;
  if (track(Direction::c2s).call == &call) {
    call.doomed = true;
    call.fate = reason;
    return;
  }
  emit(call, reason, sink);
}

// As settle(), but for a call whose answer a hole may have swallowed.
void Connection::settle_owed(Call& call, Reason reason, Sink& sink) {
  if (call.touched)
    settle(call, lost(), lost_flag(), sink);
  else
    settle(call, reason, 0, sink);
}

void Connection::settle_queued(Reason reason, std::uint32_t flags, Sink& sink) {
  while (queue_.front() != nullptr) {
    Call& call = call_of(*queue_.front());
    call.flags |= flags;
    settle_owed(call, reason, sink);
  }
}

Connection::Next Connection::finish(Direction from, Sink& sink) {
  if (from == Direction::s2c) return finish_response(sink);
  const Call& call = *track(Direction::c2s).call;
  const bool pipelined =
      queue_.request_ended(*track(Direction::c2s).call, call.request.start + call.request.size);
  finish_request(sink);
  if (pipelined) settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
  return Next::go_on;
}

void Connection::finish_request(Sink& sink) {
  Track& t = track(Direction::c2s);
  Call& call = *t.call;
  t.call = nullptr;
  t.phase = Phase::between;
  call.request.ended = true;
  if (t.parser.wants_upgrade()) call.wants_switch = true;
  if (call.doomed) return emit(call, call.fate, sink);
  if (call.response.ended) return emit(call, Reason::none, sink);  // answered before it had ended
  if (call.wants_switch) switching_ = &call;
}

Connection::Next Connection::finish_response(Sink& sink) {
  Track& t = track(Direction::s2c);
  Call& call = *t.call;
  MessageState& m = call.response;
  const std::uint16_t status = m.head.start_line().status;
  t.phase = Phase::between;
  if (status < 200 && status != 101) {  // interim: the answer is still to come
    if (call.interim_count < kInterimMax) call.interim[call.interim_count++] = status;
    m.head.release(workshop_);
    m.preview.release(workshop_);
    m = MessageState{};
    return Next::go_on;
  }
  m.ended = true;
  t.call = nullptr;
  queue_.answer_ended();
  if (switching_ == &call) switching_ = nullptr;
  const StartLine& asked = call.request.head.start_line();
  const bool tunnel = status < 300 && call.request.begun && call.request.head.text(asked.method) == "CONNECT";
  const bool switched = status == 101 || tunnel;
  const bool waits = call.request.begun && !call.request.ended && !switched;
  if (switched && !m.cut) name_successor(call);
  if (!waits) {
    if (track(Direction::c2s).call == &call) {
      track(Direction::c2s).call = nullptr;
      track(Direction::c2s).phase = Phase::between;
    }
    emit(call, call.fate, sink);
  }
  if (!switched) {
    // Declined: it was HTTP all along that could not be held.
    Track& client = track(Direction::c2s);
    if (client.lost_held) disturb(Direction::c2s, client.end, client.held_cause, sink);
    return Next::go_on;
  }
  settle_queued(Reason::closed, 0, sink);
  if (track(Direction::c2s).call != nullptr) cut_request(0, sink);
  settle_queued(Reason::closed, 0, sink);
  return Next::identify;
}

// What the answer's head says of who speaks next, while it is there.
void Connection::name_successor(const Call& call) {
  const Headers headers = call.response.head.headers();
  ws::Terms terms{.known = !call.response.head.truncated()};
  bool websocket = false;
  for (const HeaderSpan& span : headers.spans) {
    const std::string_view name = headers.name(span), value = headers.value(span);
    if (same_folded(name, "upgrade")) websocket = same_folded(value, "websocket");
    if (same_folded(name, ws::kExtensionsHeader)) terms.add_extensions(value);
    if (same_folded(name, ws::kSubprotocolHeader)) terms.set_subprotocol(value);
  }
  if (!websocket) return;
  workshop_.handover.protocol = ws::kProtocol;
  workshop_.handover.lost[index_of(Direction::c2s)] = track(Direction::c2s).lost_held;
  workshop_.handover.put(terms);
}

void Connection::cut(Direction from, std::uint32_t flags, Sink& sink) {
  if (track(from).call == nullptr) return;
  if (from == Direction::c2s)
    cut_request(flags, sink);
  else
    cut_response(flags, sink);
}

// A request that ends here without its end. With a start line it stays open for its answer.
void Connection::cut_request(std::uint32_t flags, Sink& sink) {
  Track& t = track(Direction::c2s);
  Call& call = *t.call;
  call.flags |= flags;
  call.request.head.cut_header();
  if (call.request.head.line_done()) {
    call.request.cut = true;
    finish_request(sink);
    switching_ = switching_ == &call ? nullptr : switching_;  // no order to hold anything behind
    return;
  }
  queue_.remove(call);
  t.call = nullptr;
  t.phase = Phase::between;
  call.request.begun = false;
  call.fate = lost();
  if (track(Direction::s2c).call != &call) emit(call, call.fate, sink);
}

// A response that ends here without its end. With a status line it is the answer all the same.
void Connection::cut_response(std::uint32_t flags, Sink& sink) {
  Track& t = track(Direction::s2c);
  Call& call = *t.call;
  call.flags |= flags;
  call.response.head.cut_header();
  const StartLine& line = call.response.head.start_line();
  const bool is_final = call.response.head.line_done() && (line.status >= 200 || line.status == 101);
  if (is_final) {
    call.response.cut = true;
    finish_response(sink);
    return;
  }
  t.call = nullptr;
  t.phase = Phase::between;
  queue_.answer_ended();
  if (switching_ == &call) switching_ = nullptr;
  call.response.begun = false;
  // The answer had begun: what is missing of it was lost, unless the connection ended here.
  const Reason reason = t.ended && (flags & kFlagGap) == 0 ? t.end_reason : lost();
  if (call.request.begun)
    settle(call, reason, 0, sink);
  else
    emit(call, reason, sink);
}

void Connection::disturb(Direction from, std::uint64_t end, GapCause cause, Sink& sink) {
  if (from == Direction::s2c) switching_ = nullptr;  // the answer it waits for may be in the hole
  queue_.disturb(from, end, cause);
  if (queue_.mode() == CallQueue::Mode::uncertain) settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
}

void Connection::on_time(TimeNs now, Sink& sink) {
  while (next_deadline() <= now) {
    Call& call = call_of(*queue_.front());
    queue_.give_up(call);
    settle_owed(call, Reason::unanswered, sink);
    if (queue_.mode() == CallQueue::Mode::uncertain)
      settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
  }
}

// While an answer is coming the others wait behind it, and a request that still comes is not late.
TimeNs Connection::next_deadline() const {
  const auto* oldest = static_cast<const Call*>(queue_.front());
  if (oldest == nullptr || tracks_[index_of(Direction::s2c)].call != nullptr) return kNever;
  if (tracks_[index_of(Direction::c2s)].call == oldest) return kNever;
  return oldest->request.last_byte + workshop_.limits.answer_timeout_ns;
}

}  // namespace spanlight::http
