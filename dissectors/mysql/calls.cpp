// What becomes of calls: memory, holes, ends, timeouts. Every call leaves through emit() exactly once.

#include <new>

#include "mysql/connection.h"

namespace spanlight::mysql {
namespace {

bool changes_session(const Call& call) {
  switch (call.command) {
    case kChangeUser:
    case kInitDb:
    case kPrepare:
    case kResetConnection:
      return true;
    case kQuery:
      return !used_database(as_text(call.text.bytes())).empty();
    default:
      return false;
  }
}

}  // namespace

Reason Connection::lost() const {
  return reason_of(queue_.cause());
}

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
    if (way(Direction::c2s).call == &oldest) way(Direction::c2s).call = nullptr;
    settle(oldest, Reason::evicted, 0, sink);
    block = workshop_.state.take(sizeof(Call));
  }
  return new (block.data()) Call;
}

void Connection::release(Call& call) {
  for (Way& w : ways_)
    if (w.call == &call) w.call = nullptr;
  call.text.release(workshop_.state);
  call.said.release(workshop_.state);
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&call), sizeof(Call)});
}

void Connection::emit(Call& call, Reason reason, Sink& sink) {
  queue_.remove(call);
  if (call.asked &&
      (forgot_ || unknown_user_ || (call.command == kLogin && memory_.session().server_version.empty())))
    call.flags |= kFlagGap;
  if (call.asked || call.answered) emit_call(call, memory_.session(), workshop_.limits, reason, sink);
  // Whether it was done is not known, nor what it did.
  const bool unknown = call.asked && !call.answered && changes_session(call);
  release(call);
  if (unknown) forget(Direction::c2s);
}

// A call whose answer will not be paired. While its request still comes, it is told at the request's end.
void Connection::settle(Call& call, Reason reason, std::uint32_t flags, Sink& sink) {
  queue_.remove(call);
  call.flags |= flags;
  if (way(Direction::c2s).call == &call) {
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

void Connection::cut(Direction from, std::uint32_t flags, Sink& sink) {
  if (from == Direction::c2s)
    cut_request(flags, sink);
  else
    cut_answer(flags, sink);
}

// A request that ends here without its end stays open for its answer: what it asks is known.
void Connection::cut_request(std::uint32_t flags, Sink& sink) {
  Call& call = *way(Direction::c2s).call;
  call.flags |= flags;
  finish_request(sink);
}

// An answer that ends here without its end is the answer all the same, once it said what it is.
void Connection::cut_answer(std::uint32_t flags, Sink& sink) {
  Way& w = way(Direction::s2c);
  Call& call = *w.call;
  call.flags |= flags;
  if (call.result != Result::none) return finish_answer(sink);
  w.call = nullptr;
  stage_ = Stage::first;
  queue_.answer_ended();
  call.answered = false;
  // It had begun: what is missing of it was lost, unless the connection ended here.
  const Reason reason = w.ended && (flags & kFlagGap) == 0 ? w.end_reason : lost();
  if (call.asked)
    settle(call, reason, 0, sink);
  else
    emit(call, reason, sink);
}

void Connection::disturb(Direction from, std::uint64_t end, GapCause cause, Sink& sink) {
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

// While an answer is coming the others wait behind it, and a command that still comes is not late.
TimeNs Connection::next_deadline() const {
  const auto* oldest = static_cast<const Call*>(queue_.front());
  if (oldest == nullptr || ways_[index_of(Direction::s2c)].call != nullptr) return kNever;
  if (ways_[index_of(Direction::c2s)].call == oldest) return kNever;
  return oldest->last_byte + workshop_.limits.answer_timeout_ns;
}

}  // namespace spanlight::mysql
