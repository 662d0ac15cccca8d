// Messages to calls: what an opening and its documents say, which answer belongs to which request, and what
// becomes of those without one. Every call leaves through emit() exactly once; a request with several answers
// is told with the first, the others follow alone.

#include <algorithm>
#include <new>

#include "mongodb/connection.h"

namespace spanlight::mongodb {

bool is_answered(const Half& asked) {
  switch (asked.opcode) {
    case kMsg:
      return (asked.bits & kMoreToCome) == 0;
    case kInsert:
    case kUpdate:
    case kDelete:
    case kKillCursors:
      return false;
    default:
      return true;
  }
}

bool is_command(const Half& half) {
  return half.opcode == kMsg || (half.opcode == kQuery && half.space.view().ends_with(".$cmd"));
}

// False: no memory for it.
bool Connection::begin_message(Direction from, const Header& header, Bytes head, TimeNs time, Sink& sink) {
  Way& w = way(from);
  if (!(from == Direction::c2s ? begin_request(header, sink) : begin_answer(header, sink))) return false;
  Half& half = half_of(from);
  half.header = header;
  half.opcode = header.opcode;
  half.seen = true;
  half.first_byte = w.began;
  half.turn = w.turn;
  half.last_byte = time;
  half.size = header.length;
  w.began = 0;
  w.lost = false;
  w.left = header.length - kHeaderBytes;
  w.documents.begin(false, 0);
  const Bytes body = head.subspan(kHeaderBytes);
  if (header.opcode == kCompressed)
    read_packed(from, body);
  else
    w.left -= read_head(half, header.opcode, body, w.left, w.documents);
  Call& call = *w.call;
  if (from == Direction::s2c) return true;
  if (is_answered(call.asked) && !call.doomed)
    open_.push(call, header.request_id);
  else
    call.doomed = true;
  return true;
}

bool Connection::begin_request(const Header&, Sink& sink) {
  rest_.asked = true;
  if (open_.size() >= std::max(workshop_.limits.open_calls_max, 1u)) {
    ++workshop_.counters.open_calls_exceeded;
    settle(call_of(*open_.front()), Reason::evicted, sink);
  }
  Call* call = take_call(sink);
  if (call == nullptr) return false;
  way(Direction::c2s).call = call;
  const Way& server = way(Direction::s2c);
  call->hole = server.lost;  // its answer may not be found
  if (server.ended) {
    call->doomed = true;
    call->fate = server.end_reason;
  }
  return true;
}

// An answer that names a request that is open, or nobody's.
bool Connection::begin_answer(const Header& header, Sink& sink) {
  Way& w = way(Direction::s2c);
  OpenCall* open = open_.find(header.response_to);
  // What had begun before the request did does not answer it.
  if (open != nullptr && call_of(*open).asked.turn > w.turn) open = nullptr;
  if (open != nullptr && header.response_to != 0) {
    open_.remove(*open);
    w.call = &call_of(*open);
    w.call->told.said.answers_bulk = w.call->asked.said.command.view() == "bulkWrite";
    return true;
  }
  Call* call = take_call(sink);
  if (call == nullptr) return false;
  w.call = call;
  // What it names is missing: a request, or the answer before it, where a request has several.
  const Direction hole = has_hole(Direction::c2s) ? Direction::c2s : Direction::s2c;
  const bool missing = has_hole(hole);
  call->fate = missing || !rest_.asked ? lost(hole) : Reason::unsolicited;
  if (missing) call->flags |= kFlagGap;
  return true;
}

// ---- ends ---------------------------------------------------------------------------------------

void Connection::end_message(Direction from, Sink& sink) {
  Way& w = way(from);
  Half& half = half_of(from);
  half.ended = true;
  half.sent += w.documents.sent();
  if (w.documents.broken() && (w.call->flags & kFlagGap) == 0) {
    ++workshop_.counters.malformed;
    half.malformed = true;
  }
  if (from == Direction::c2s)
    end_request(sink);
  else
    end_answer(sink);
}

void Connection::end_request(Sink& sink) {
  Way& w = way(Direction::c2s);
  Call& call = *w.call;
  w.call = nullptr;
  if (call.told.ended)
    emit(call, Reason::none, sink);
  else if (call.doomed)
    emit(call, call.fate, sink);
}

void Connection::end_answer(Sink& sink) {
  Way& w = way(Direction::s2c);
  Call& call = *w.call;
  if (way(Direction::c2s).call == &call) {  // told when the request has ended
    w.call = nullptr;
    return;
  }
  const bool more =
      call.asked.seen && call.told.opcode == kMsg && (call.told.bits & kMoreToCome) != 0 && !w.ended;
  if (!more) {
    w.call = nullptr;
    return emit(call, call.fate, sink);
  }
  // The next answer names this one.
  w.call = nullptr;
  emit_call(call, Reason::none, call.answers > 0, sink);
  ++call.answers;
  call.heard = call.told.last_byte;
  const std::uint32_t id = call.told.header.request_id;
  release(call.told);
  call.told = Half{};
  call.flags &= kFlagRedacted;
  open_.push(call, id);
}

// A message that ends here without its end.
void Connection::cut(Direction from, std::uint32_t flags, Sink& sink) {
  Way& w = way(from);
  Call& call = *w.call;
  call.flags |= flags | kFlagTruncatedBody;
  half_of(from).json_cut = true;
  w.left = 0;
  half_of(from).ended = true;
  half_of(from).sent += w.documents.sent();
  if (from == Direction::c2s)
    end_request(sink);
  else
    end_answer(sink);
}

// ---- calls --------------------------------------------------------------------------------------

// When the slabs are full the connection's own oldest calls make room.
Call* Connection::take_call(Sink& sink) {
  MutableBytes block = workshop_.state.take(sizeof(Call));
  while (block.empty()) {
    ++workshop_.counters.state_exhausted;
    if (open_.front() == nullptr) return nullptr;
    Call& oldest = call_of(*open_.front());
    if (way(Direction::c2s).call == &oldest) return nullptr;
    settle(oldest, Reason::evicted, sink);
    block = workshop_.state.take(sizeof(Call));
  }
  return new (block.data()) Call;
}

void Connection::release(Half& half) {
  half.json.release(workshop_.previews);
}

void Connection::release(Call& call) {
  for (Way& w : ways_)
    if (w.call == &call) {
      w.call = nullptr;
      w.left = 0;
    }
  open_.remove(call);
  release(call.asked);
  release(call.told);
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&call), sizeof(Call)});
}

void Connection::emit(Call& call, Reason reason, Sink& sink) {
  emit_call(call, reason, call.answers > 0, sink);
  release(call);
}

// No answer will come, or none that is known. While its request still comes, it is told at the request's end.
void Connection::settle(Call& call, Reason reason, Sink& sink) {
  if (call.hole) {
    reason = call.cause == GapCause::sensor    ? Reason::lost_in_sensor
             : call.cause == GapCause::content ? Reason::malformed
                                               : Reason::lost_in_mirror;
    call.flags |= flag_of(call.cause);
  } else if (reason == Reason::lost_in_sensor) {
    call.flags |= kFlagGap;
  }
  open_.remove(call);
  if (way(Direction::c2s).call == &call) {
    call.doomed = true;
    call.fate = reason;
    return;
  }
  if (call.answers > 0) return release(call);  // it was answered, more than once perhaps
  emit(call, reason, sink);
}

Reason Connection::lost(Direction d) const {
  return (rest_.blamed >> index_of(d) & 1) != 0 ? Reason::lost_in_sensor : Reason::lost_in_mirror;
}

void Connection::on_time(TimeNs now, Sink& sink) {
  while (next_deadline() <= now) settle(call_of(*open_.front()), Reason::unanswered, sink);
}

TimeNs Connection::next_deadline() const {
  if (open_.front() == nullptr) return kNever;
  const Call& oldest = *static_cast<const Call*>(open_.front());
  return std::max(oldest.asked.last_byte, oldest.heard) + workshop_.limits.answer_timeout_ns;
}

}  // namespace spanlight::mongodb
