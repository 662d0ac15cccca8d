// Groups and their calls: when they begin, which answer is theirs, and what becomes of those without one.
// Every call leaves through tell() exactly once.

#include <algorithm>
#include <new>

#include "postgresql/connection.h"

namespace spanlight::postgresql {

Piece Words::add(SlabPool& pool, std::string_view text, std::size_t bytes_max, bool& cut) {
  const std::size_t room = SlabBuffer::kBytesMax - bytes.size();
  const std::string_view kept = text.substr(0, std::min(bytes_max, room));
  if (kept.size() < text.size()) cut = true;
  const auto at = static_cast<std::uint32_t>(bytes.size());
  if (kept.empty()) return {at, 0};
  if (bytes.append(pool, as_bytes(kept))) return {at, static_cast<std::uint32_t>(kept.size())};
  cut = true;
  return {at, 0};
}

Reason Connection::lost() const {
  return reason_of(queue_.cause());
}

std::uint32_t Connection::lost_flag() const {
  return flag_of(queue_.cause());
}

// When the slabs are full the connection's own oldest groups make room.
MutableBytes Connection::take_block(std::size_t bytes, Sink& sink) {
  MutableBytes block = workshop_.state.take(bytes);
  while (block.empty()) {
    ++workshop_.counters.state_exhausted;
    if (queue_.front() == nullptr) return {};
    Group& oldest = group_of(*queue_.front());
    queue_.give_up(oldest);
    settle_group(oldest, Reason::evicted, 0, sink);
    block = workshop_.state.take(bytes);
  }
  return block;
}

// The group that a message belongs to: the one under way, or a new one.
Group* Connection::group_for(const Message& m, Sink& sink) {
  // Behind a hole the client had received more than when it began: it asks anew.
  if (asking_ != nullptr && asking_->fate != Reason::none && m.peer_acked > asking_->client_acked)
    end_group(m.start, sink);
  if (asking_ == nullptr) return begin_group(m, sink);
  asking_->last_byte = m.last_byte;
  return asking_;
}

Group* Connection::begin_group(const Message& m, Sink& sink) {
  const RequestStart where{.offset = m.start, .client_acked = m.peer_acked, .time = m.first_byte};
  // The answer under way lost bytes, and the client asks again: with one request at a time it has all of it.
  const bool over = answering_ != nullptr && (answering_->holed || answering_->stray) &&
                    m.peer_acked >= way(Direction::s2c).end;
  if (over)
    finish_answer(answering_->stray ? answering_->fate : lost(), answering_->stray ? 0 : lost_flag(), sink);
  switch (queue_.before_push(where)) {
    case CallQueue::Fate::stay:
      break;
    case CallQueue::Fate::lost:
      settle_queued(lost(), lost_flag(), sink);
      break;
    case CallQueue::Fate::uncertain:
      settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
      break;
  }
  if (answering_ != nullptr && (answering_->holed || queue_.mode() == CallQueue::Mode::uncertain))
    finish_answer(lost(), lost_flag(), sink);
  if (queue_.size() >= std::max(workshop_.limits.open_calls_max, 1u)) {
    ++workshop_.counters.open_calls_exceeded;
    Group& oldest = group_of(*queue_.front());
    queue_.give_up(oldest);
    settle_group(oldest, Reason::evicted, 0, sink);
  }
  const MutableBytes block = take_block(sizeof(Group), sink);
  if (block.empty()) {
    queue_.disturb(Direction::c2s, m.end, GapCause::sensor);
    return nullptr;
  }
  auto* group = new (block.data()) Group;
  group->last_byte = m.last_byte;
  group->unproven = unproven_;
  asking_ = group;
  if (!queue_.push(*group, where)) {
    group->fate = lost();
    group->flags = lost_flag() | kFlagUncertain;
    group->start = where.offset;
    group->client_acked = where.client_acked;
  } else if (way(Direction::s2c).ended) {
    queue_.remove(*group);
    group->fate = way(Direction::s2c).end_reason;
  }
  return group;
}

// The client asked all of it.
void Connection::end_group(std::uint64_t end, Sink& sink) {
  Group& group = *asking_;
  compose_no_more(group, sink);
  group.ended = true;
  const bool pipelined = queue_.request_ended(group, end);
  asking_ = nullptr;
  release_if_over(group, sink);
  if (pipelined) settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
}

// Behind it is no room for another one: this one's answer, and those that follow in its group, are not told.
Call* Connection::take_call(Kind kind, const Message& m, Sink& sink) {
  if (open_calls_ >= std::max(workshop_.limits.open_calls_max, 1u)) {
    ++workshop_.counters.open_calls_exceeded;
    OpenRequest* const oldest = queue_.front();
    if (oldest != nullptr && oldest != asking_) {
      queue_.give_up(*oldest);
      settle_group(group_of(*oldest), Reason::evicted, 0, sink);
    } else if (asking_ != nullptr && asking_->fate == Reason::none) {
      asking_->fate = Reason::evicted;
    }
  }
  const MutableBytes block = take_block(sizeof(Call), sink);
  if (block.empty()) {
    if (asking_ != nullptr && asking_->fate == Reason::none) asking_->fate = Reason::evicted;
    return nullptr;
  }
  auto* call = new (block.data()) Call;
  call->kind = kind;
  call->asked.first_byte = m.first_byte;
  call->asked.last_byte = m.last_byte;
  call->asked.turn = m.turn;
  ++open_calls_;
  return call;
}

// A call was asked in full, and waits for its answer.
void Connection::append_call(Group& group, Call& call, Sink& sink) {
  if (group.fate != Reason::none) {
    const bool lost = group.fate != Reason::evicted && (group.flags & (kFlagGap | kFlagMalformed)) != 0;
    return tell(call, group.fate, group.flags | (lost ? std::uint32_t{kFlagUncertain} : 0), sink);
  }
  call.pipelined = group.pipelined;
  (group.back != nullptr ? group.back->next : group.front) = &call;
  group.back = &call;
  tell_answered(group, sink);
}

void Connection::compose_no_more(Group& group, Sink& sink) {
  Call* call = group.composing;
  if (call == nullptr) return;
  group.composing = nullptr;
  append_call(group, *call, sink);
}

// A hole in what is being asked. What was asked in full before it keeps its answer; of the rest nobody knows
// whose answers come.
void Connection::cut_asking(std::uint32_t flags, Sink& sink) {
  Group& group = *asking_;
  Call* call = group.composing;
  group.composing = nullptr;
  if (group.fate == Reason::none) group.fate = lost();
  group.flags |= flags;
  if (call != nullptr) tell(*call, group.fate, group.flags | kFlagUncertain, sink);
}

// Calls whose answer has ended, as long as another one follows: the last one waits for ReadyForQuery.
void Connection::tell_answered(Group& group, Sink& sink) {
  while (group.front != nullptr && group.front->done && group.front->next != nullptr) {
    Call* call = group.front;
    group.front = call->next;
    tell(*call, Reason::none, 0, sink);
  }
}

// The answer under way has ended, or is cut here: `reason` is for calls that it did not get to.
void Connection::finish_answer(Reason reason, std::uint32_t flags, Sink& sink) {
  Group& group = *answering_;
  answering_ = nullptr;
  queue_.answer_ended();
  if (&group == asking_) {
    if (group.fate == Reason::none) group.fate = reason == Reason::none ? lost() : reason;
    group.flags |= flags;
  }
  for (Call* call = group.front; group.failed && call != nullptr; call = call->next)
    call->skipped = !call->answered.begun();
  settle_calls(group, reason == Reason::none ? Reason::unanswered : reason, flags, sink);
  release_if_over(group, sink);
}

void Connection::settle_calls(Group& group, Reason reason, std::uint32_t flags, Sink& sink) {
  while (group.front != nullptr) {
    Call* call = group.front;
    group.front = call->next;
    if (group.front == nullptr) group.back = nullptr;
    tell(*call, reason, flags, sink);
  }
  Call* composing = group.composing;
  group.composing = nullptr;
  if (composing != nullptr) tell(*composing, reason, flags, sink);
}

// A group that left the queue without an answer.
void Connection::settle_group(Group& group, Reason reason, std::uint32_t flags, Sink& sink) {
  if (group.touched) {
    reason = lost();
    flags |= lost_flag();
  }
  if (group.queued && group.unproven) flags |= lost_flag();  // found behind a hole, perhaps too late
  queue_.remove(group);
  group.fate = reason;
  group.flags |= flags;
  settle_calls(group, reason, flags, sink);
  release_if_over(group, sink);
}

void Connection::settle_queued(Reason reason, std::uint32_t flags, Sink& sink) {
  while (queue_.front() != nullptr) settle_group(group_of(*queue_.front()), reason, flags, sink);
}

void Connection::release_if_over(Group& group, Sink& sink) {
  if (&group == asking_ || &group == answering_ || group.queued) return;
  settle_calls(group, group.fate == Reason::none ? lost() : group.fate, group.flags, sink);
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&group), sizeof(Group)});
}

void Connection::release(Call& call) {
  call.asked.words.bytes.release(workshop_.state);
  call.answered.words.bytes.release(workshop_.state);
  --open_calls_;
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&call), sizeof(Call)});
}

void Connection::tell(Call& call, Reason reason, std::uint32_t flags, Sink& sink) {
  const bool answered = call.answered.begun();
  const bool alone =
      call.kind == Kind::cancel || call.kind == Kind::notice || call.kind == Kind::notification;
  const State state = alone                      ? State::one_way
                      : call.kind == Kind::stray ? State::no_request
                      : answered                 ? State::complete
                                                 : State::no_response;
  // An answer that was whole before its group broke off is whole.
  if (!call.done || !answered) call.flags |= flags;
  if (call.skipped && !answered) reason = Reason::unanswered;  // whatever became of ReadyForQuery
  if (state == State::complete) {
    reason = Reason::none;
    call.flags &= ~std::uint32_t{kFlagUncertain};
  }
  if (state != State::no_request || answered) {
    Who who;
    if (session_ != nullptr) who = {session_->user(), session_->database()};
    const bool unknown =
        call.kind >= Kind::execute && call.kind <= Kind::bind && call.asked.statement.size == 0;
    if (holed_ && (who.user.empty() || unknown)) call.flags |= lost_flag();
    emit_call(call, state, reason, who, workshop_.limits, sink);
  }
  release(call);
}

Session* Connection::session() {
  if (session_ != nullptr) return session_;
  const MutableBytes block = workshop_.state.take(sizeof(Session));
  if (block.empty()) {
    ++workshop_.counters.state_exhausted;
    return nullptr;
  }
  session_ = new (block.data()) Session;
  return session_;
}

void Connection::release_session() {
  if (session_ == nullptr) return;
  session_->release(workshop_.state);
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(session_), sizeof(Session)});
  session_ = nullptr;
}

}  // namespace spanlight::postgresql
