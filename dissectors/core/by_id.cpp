#include "core/by_id.h"

#include <algorithm>
#include <new>

namespace spanlight {
namespace {

std::uint8_t bit_of(Direction d) {
  return static_cast<std::uint8_t>(1u << index_of(d));
}

}  // namespace

bool ById::complete(Direction from, Sink& sink) {
  take(from, track(from).message, sink);
  return true;
}

void ById::take(Direction from, KeptMessage& message, Sink& sink) {
  const Mark of = mark(from, message);
  switch (of.role) {
    case Role::nothing:
      return message.release(workshop_);
    case Role::alone:
      return tell_alone(from, message, {.state = State::one_way}, sink);
    case Role::asks:
      return ask(from, message, of, sink);
    case Role::answers:
      return answer(from, message, of, sink);
  }
}

// What was cut off is told, where it can be told what it was; a request of which a part is missing waits as
// any.
void ById::broken(Direction from, std::uint32_t flags, Sink& sink) {
  track(from).message.flags |= flags;
  take(from, track(from).message, sink);
}

// ---- requests -----------------------------------------------------------------------------------

void ById::ask(Direction from, KeptMessage& request, const Mark& mark, Sink& sink) {
  known_.asked |= bit_of(from);
  for (Call* call = are_unique() ? front_ : nullptr; call != nullptr; call = call->next) {
    if (call->from != from || call->id != mark.id) continue;
    if (mark.repeated) {
      ++workshop_.counters.repeats;
      return request.release(workshop_);
    }
    settle(*call, Reason::unanswered, sink);
    break;
  }
  if (size_ >= std::max(workshop_.limits.open_calls_max, 1u)) {
    ++workshop_.counters.open_calls_exceeded;
    settle(*front_, Reason::evicted, sink);
  }
  const Track& other = track(opposite(from));
  if (other.ended) {
    const State state = mark.quiet ? State::one_way : State::no_response;
    return tell_alone(from, request, {.state = state, .reason = mark.quiet ? Reason::none : other.end_reason},
                      sink);
  }
  Call* call = take_call(sink);
  if (call == nullptr)
    return tell_alone(from, request, {.state = State::no_response, .reason = Reason::evicted}, sink);
  call->id = mark.id;
  call->quiet = mark.quiet;
  call->from = from;
  call->request = request;
  request = {};
  push(*call);
}

void ById::push(Call& call) {
  (back_ != nullptr ? back_->next : front_) = &call;
  back_ = &call;
  ++size_;
}

// When the slabs are full the connection's own oldest calls make room.
ById::Call* ById::take_call(Sink& sink) {
  MutableBytes block = workshop_.state.take(sizeof(Call));
  while (block.empty()) {
    ++workshop_.counters.state_exhausted;
    if (front_ == nullptr) return nullptr;
    settle(*front_, Reason::evicted, sink);
    block = workshop_.state.take(sizeof(Call));
  }
  return new (block.data()) Call;
}

// ---- answers ------------------------------------------------------------------------------------

// The oldest with this id. `several`: others have it too.
ById::Call* ById::find_call(Direction from, const KeptMessage& response, std::uint64_t id, bool& several) {
  Call* found = nullptr;
  for (Call* call = front_; call != nullptr; call = call->next) {
    if (call->from == from || call->id != id || !answers(call->request, response)) continue;
    if (!call->request.began_before(response)) continue;
    several = found != nullptr;
    if (several) return found;
    found = call;
  }
  return found;
}

void ById::answer(Direction from, KeptMessage& response, const Mark& mark, Sink& sink) {
  bool several = false;
  Call* call = find_call(from, response, mark.id, several);
  if (call != nullptr && several && call->touched) {  // whose answer is in the hole, nobody can say
    const GapCause cause = call->cause;
    while ((call = find_call(from, response, mark.id, several)) != nullptr) {
      call->flags |= flag_of(cause) | kFlagUncertain;
      settle(*call, reason_of(cause), sink);
    }
    return tell_alone(
        from, response,
        {.state = State::no_request, .reason = reason_of(cause), .flags = flag_of(cause) | kFlagUncertain},
        sink);
  }
  const Direction asker = opposite(from);
  if (call == nullptr) {
    const bool missing = (known_.holes & bit_of(asker)) != 0;
    const bool never =
        (known_.asked & bit_of(asker)) == 0;  // joined midstream, or the mirror shows one side alone
    return tell_alone(from, response,
                      {.state = State::no_request,
                       .reason = missing || never ? lost(asker) : Reason::unsolicited,
                       .flags = missing ? std::uint32_t{kFlagGap} : 0},
                      sink);
  }
  // An id may be answered more than once: the first answer may lie in the hole.
  if (call->touched) call->flags |= flag_of(call->cause);
  if (in_order()) settle_quiet_before(*call, sink);
  tell({.request = &call->request, .response = &response, .flags = call->flags, .said_by = call->from}, sink);
  response.release(workshop_);
  release(*call);
}

void ById::settle_quiet_before(const Call& call, Sink& sink) {
  while (front_ != &call && front_->quiet) settle(*front_, Reason::none, sink);
}

// ---- without an answer --------------------------------------------------------------------------

void ById::settle(Call& call, Reason reason, Sink& sink) {
  ToldCall told{.request = &call.request,
                .state = State::no_response,
                .reason = reason,
                .flags = call.flags,
                .said_by = call.from};
  if (call.touched) {
    told.reason = reason_of(call.cause);
    told.flags |= flag_of(call.cause);
  } else if (track(opposite(call.from)).lost) {  // it may have come, where nothing was understood yet
    told.reason = lost(opposite(call.from));
    told.flags |= kFlagGap;
  } else if (reason == Reason::lost_in_sensor) {
    told.flags |= kFlagGap;
  }
  if (call.quiet) {
    told.state = State::one_way;
    if ((told.flags & (kFlagGap | kFlagMalformed)) == 0) told.reason = Reason::none;
  }
  tell(told, sink);
  release(call);
}

void ById::release(Call& call) {
  Call* before = nullptr;
  for (Call* at = front_; at != &call; at = at->next) before = at;
  (before != nullptr ? before->next : front_) = call.next;
  if (back_ == &call) back_ = before;
  --size_;
  call.request.release(workshop_);
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&call), sizeof(Call)});
}

void ById::tell_alone(Direction from, KeptMessage& message, const ToldCall& as, Sink& sink) {
  ToldCall call = as;
  const bool is_response = as.state == State::no_request;
  (is_response ? call.response : call.request) = &message;
  call.said_by = is_response ? opposite(from) : from;
  tell(call, sink);
  message.release(workshop_);
}

Reason ById::lost(Direction from) const {
  return (known_.blamed & bit_of(from)) != 0 ? Reason::lost_in_sensor : Reason::lost_in_mirror;
}

// ---- holes, ends, time --------------------------------------------------------------------------

void ById::disturbed(Direction from, GapCause cause, Sink&) {
  known_.holes |= bit_of(from);
  if (cause == GapCause::sensor) known_.blamed |= bit_of(from);
  for (Call* call = front_; call != nullptr; call = call->next) {
    if (call->from == from) continue;
    call->touched = true;
    call->cause = cause;
  }
}

// Nobody is left to answer what the other side asked.
void ById::ended(Direction from, End end, Sink& sink) {
  for (Call* call = front_; call != nullptr;) {
    Call* const next = call->next;
    if (call->from != from) settle(*call, reason_of(end), sink);
    call = next;
  }
}

void ById::on_time(TimeNs now, Sink& sink) {
  while (next_deadline() <= now) settle(*front_, Reason::unanswered, sink);
}

TimeNs ById::next_deadline() const {
  return front_ == nullptr ? kNever : front_->request.last_byte + workshop_.limits.answer_timeout_ns;
}

}  // namespace spanlight
