#include "core/ordered.h"

#include <algorithm>
#include <new>

namespace spanlight {

// ---- requests -----------------------------------------------------------------------------------

bool Ordered::complete(Direction from, Sink& sink) {
  if (from == Direction::s2c) {
    look(true, sink);
    return finish_answer(sink);
  }
  ask(track(from).message, true, sink);
  return true;
}

// What the queue knows of the client's side it is told here, and not as bytes come: a request takes its place
// by what was known when it began.
void Ordered::ask(KeptMessage& request, bool whole, Sink& sink) {
  const TimeNs heard = request.last_byte;
  take_request(request, whole, sink);
  queue_.saw(Direction::c2s, 0, 0, heard);
}

void Ordered::take_request(KeptMessage& request, bool whole, Sink& sink) {
  if (early_) {  // queued when its answer began: what it holds went with its call
    early_ = false;
    return request.release(workshop_);
  }
  const Asked asked = look_at_request(request);
  if (!asked.tellable) {
    const bool unread = request.head_closed;  // no memory: nobody knows what its answer belongs to
    request.release(workshop_);
    if (unread) lose_order(Direction::c2s, GapCause::sensor, sink);
    return;
  }
  if (!asked.answered) return tell_alone(request, {.state = State::one_way, .said_by = Direction::c2s}, sink);
  queue(request, asked, whole, sink);
}

void Ordered::queue(KeptMessage& request, const Asked& asked, bool whole, Sink& sink) {
  const RequestStart where{
      .offset = request.start, .client_acked = request.peer_acked, .time = request.first_byte};
  switch (queue_.before_push(where)) {
    case CallQueue::Fate::stay:
      break;
    case CallQueue::Fate::lost:
      settle_queued(lost(), lost_flag(), sink);
      break;
    case CallQueue::Fate::uncertain:
      settle_uncertain(sink);
      break;
  }
  if (queue_.size() >= std::max(workshop_.limits.open_calls_max, 1u)) {
    ++workshop_.counters.open_calls_exceeded;
    OrderedCall& oldest = call_of(*queue_.front());
    queue_.give_up(oldest);
    settle(oldest, Reason::evicted, 0, sink);
  }
  OrderedCall* call = take_call(sink);
  if (call == nullptr) {  // no memory: the answer that will come belongs to nobody
    tell_alone(request, {.state = State::no_response, .reason = Reason::evicted}, sink);
    return lose_order(Direction::c2s, GapCause::sensor, sink);
  }
  call->blocks = asked.blocks;
  call->request = request;
  request = {};
  const Track& server = track(Direction::s2c);
  if (!queue_.push(*call, where)) return settle(*call, lost(), lost_flag() | kFlagUncertain, sink);
  if (server.ended) return settle(*call, server.end_reason, 0, sink);
  if (whole && queue_.request_ended(*call, call->request.start + call->request.size)) settle_uncertain(sink);
}

// When the slabs are full the connection's own oldest calls make room.
OrderedCall* Ordered::take_call(Sink& sink) {
  MutableBytes block = workshop_.state.take(sizeof(OrderedCall));
  while (block.empty()) {
    ++workshop_.counters.state_exhausted;
    if (queue_.front() == nullptr) return nullptr;
    OrderedCall& oldest = call_of(*queue_.front());
    queue_.give_up(oldest);
    settle(oldest, Reason::evicted, 0, sink);
    block = workshop_.state.take(sizeof(OrderedCall));
  }
  return new (block.data()) OrderedCall;
}

const KeptMessage* Ordered::oldest() const {
  return queue_.front() == nullptr ? nullptr : &static_cast<const OrderedCall*>(queue_.front())->request;
}

// ---- answers ------------------------------------------------------------------------------------

// Decides once what the server's message under way is, and whose.
void Ordered::look(bool whole, Sink& sink) {
  if (kind_ != Kind::undecided) return;
  const KeptMessage& message = track(Direction::s2c).message;
  kind_ = kind_of(message, whole);
  if (kind_ != Kind::answer) return;
  Track& client = track(Direction::c2s);
  // An answer before its request has ended: to the one that is being read.
  if (queue_.front() == nullptr && client.open && !early_ && is_tellable(client.message) &&
      client.message.start < message.peer_acked) {
    early_ = true;
    queue_.saw(Direction::s2c, message.start, message.peer_acked, message.first_byte);
    queue(client.message, {}, false, sink);
  }
  while (queue_.front() != nullptr) {
    OrderedCall& oldest = call_of(*queue_.front());
    if (!oldest.request.began_before(message)) {  // asked when this had begun: it is to something else
      lose_order(Direction::s2c, GapCause::sensor, sink);
      unasked_ = lost();
      unasked_flags_ = lost_flag() | kFlagUncertain;
      return;
    }
    const Fit fits = fit(oldest.request, message, queue_.size() == 1);
    if (fits == Fit::yes) break;
    if (fits == Fit::unknown) {
      unasked_ = Reason::unsolicited;
      unasked_flags_ = kFlagUncertain;
      return;
    }
    queue_.remove(oldest);
    tell({.request = &oldest.request, .state = State::one_way, .flags = oldest.flags}, sink);
    release(oldest);
  }
  const bool ordered = queue_.mode() == CallQueue::Mode::ordered;
  const CallQueue::Match match = queue_.match(message.start, message.peer_acked, message.first_byte);
  if (match.verdict == CallQueue::Verdict::answer) {
    answered_ = &call_of(*match.request);
    return;
  }
  const bool uncertain = match.verdict == CallQueue::Verdict::uncertain;
  if (uncertain) settle_uncertain(sink);
  unasked_ = match.verdict == CallQueue::Verdict::given_up ? Reason::evicted
             : ordered && !uncertain                       ? Reason::unsolicited
                                                           : lost();
  unasked_flags_ =
      (!ordered || uncertain ? lost_flag() : 0) | (uncertain ? std::uint32_t{kFlagUncertain} : 0);
}

// The server's message has ended, or was cut. False: nothing more is wanted.
bool Ordered::finish_answer(Sink& sink) {
  KeptMessage& message = track(Direction::s2c).message;
  bool goes_on = true;
  if (kind_ == Kind::push) {
    tell_alone(message, {.state = State::one_way, .reason = Reason::unsolicited, .said_by = Direction::s2c},
               sink);
  } else if (answered_ != nullptr) {
    OrderedCall& call = *answered_;
    tell({.request = &call.request,
          .response = &message,
          .flags = call.flags,
          .said_by = Direction::c2s,
          .pipelined = call.pipelined},
         sink);
    goes_on = paired(call.request, message);
    release(call);
    message.release(workshop_);
  } else {
    tell_alone(message, {.state = State::no_request, .reason = unasked_, .flags = unasked_flags_}, sink);
  }
  forget_answer();
  return goes_on;
}

void Ordered::forget_answer() {
  if (kind_ == Kind::answer) queue_.answer_ended();
  kind_ = Kind::undecided;
  answered_ = nullptr;
  unasked_ = Reason::none;
  unasked_flags_ = 0;
}

void Ordered::tell_alone(KeptMessage& message, const ToldCall& as, Sink& sink) {
  ToldCall call = as;
  const bool is_response = as.state == State::no_request;
  (is_response ? call.response : call.request) = &message;
  tell(call, sink);
  message.release(workshop_);
}

// ---- calls without an answer --------------------------------------------------------------------

void Ordered::release(OrderedCall& call) {
  call.request.release(workshop_);
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&call), sizeof(OrderedCall)});
}

void Ordered::settle(OrderedCall& call, Reason reason, std::uint32_t flags, Sink& sink) {
  queue_.remove(call);
  tell({.request = &call.request,
        .state = State::no_response,
        .reason = reason,
        .flags = call.flags | flags,
        .pipelined = call.pipelined},
       sink);
  release(call);
}

// As settle(), but for a call whose answer a hole may have swallowed.
void Ordered::settle_owed(OrderedCall& call, Reason reason, Sink& sink) {
  if (call.touched)
    settle(call, lost(), lost_flag(), sink);
  else
    settle(call, reason, 0, sink);
}

void Ordered::settle_queued(Reason reason, std::uint32_t flags, Sink& sink) {
  while (queue_.front() != nullptr) {
    OrderedCall& call = call_of(*queue_.front());
    call.flags |= flags;
    settle_owed(call, reason, sink);
  }
}

void Ordered::settle_uncertain(Sink& sink) {
  settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
}

// ---- holes, ends, time --------------------------------------------------------------------------

void Ordered::broken(Direction from, std::uint32_t flags, Sink& sink) {
  Track& t = track(from);
  t.message.flags |= flags;
  if (from == Direction::c2s) {
    return ask(t.message, false, sink);
  }
  if (kind_ != Kind::undecided) {
    finish_answer(sink);
    return;
  }
  t.message.release(workshop_);
  forget_answer();
}

void Ordered::disturbed(Direction from, GapCause cause, Sink& sink) {
  order_lost(from);
  lose_order(from, cause, sink);
}

void Ordered::lose_order(Direction from, GapCause cause, Sink& sink) {
  queue_.disturb(from, track(from).end, cause);
  if (queue_.mode() == CallQueue::Mode::uncertain) settle_uncertain(sink);
}

void Ordered::saw(Direction from, const Window& window) {
  if (from == Direction::s2c) queue_.saw(from, track(from).end, window.peer_acked, window.time);
}

void Ordered::ended(Direction from, End end, Sink& sink) {
  if (end == End::shed) queue_.blame(GapCause::sensor);
  if (from == Direction::s2c)
    settle_queued(reason_of(end), end == End::shed ? std::uint32_t{kFlagGap} : 0, sink);
}

void Ordered::on_time(TimeNs now, Sink& sink) {
  while (next_deadline() <= now) {
    OrderedCall& call = call_of(*queue_.front());
    queue_.give_up(call);
    settle_owed(call, Reason::unanswered, sink);
    if (queue_.mode() == CallQueue::Mode::uncertain) settle_uncertain(sink);
  }
}

// While an answer is coming the others wait behind it.
TimeNs Ordered::next_deadline() const {
  if (queue_.front() == nullptr || answered_ != nullptr) return kNever;
  if (static_cast<const OrderedCall*>(queue_.front())->blocks) return kNever;
  return oldest()->last_byte + workshop_.limits.answer_timeout_ns;
}

bool Ordered::rests(const Position& position) const {
  return is_between(position) && !early_ && queue_.rests(position);
}

void Ordered::resume(const Position& position, const Memo& memo) {
  resume_at(position);
  queue_.resume(from_memo<CallQueue::Rest>(memo), position);
}

}  // namespace spanlight
