// The way of the bytes: windows, holes and ends, to messages. What becomes of them: asked.cpp, answered.cpp,
// groups.cpp.

#include "postgresql/connection.h"

#include <algorithm>

namespace spanlight::postgresql {
namespace {

constexpr std::uint8_t kTlsHandshake = 0x16;

std::uint32_t premature_end_flags(End end) {
  // The peers broke off, or the sensor saw no more of it.
  if (end == End::shed) return kFlagGap | kFlagTruncatedBody;
  return end == End::fin || end == End::reset ? kFlagMalformed : kFlagTruncatedBody;
}

// How much of a body is looked at. Rows and copied data are counted by their headers alone.
std::size_t looked_at(Direction from, const Header& header) {
  const bool copied = header.type == asked::kCopyData;  // the same letter in both directions
  const bool row = from == Direction::s2c && header.type == answered::kDataRow;
  if (copied || row) return 0;
  return std::min<std::size_t>(header.body_bytes, Connection::kLookedAtBytesMax);
}

}  // namespace

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  way(from).end = window.offset + window.bytes.size();
  if (from == Direction::c2s) holding_ = false;
  std::size_t at = 0;
  while (at < window.bytes.size()) {
    std::uint64_t wanted = 0;
    const Next next = step(from, window, at, wanted, sink);
    // What passes counts when it has passed, however much of it is in this window.
    const std::uint64_t passing = next == Next::skip ? passing_ : 0;
    // What waits was not read yet, and breaks no silence before itself.
    if (next != Next::wait && next != Next::hold)
      queue_.saw(from, window.offset + at - passing, window.peer_acked, window.time);
    switch (next) {
      case Next::go_on:
        break;
      case Next::wait:
        return {.consumed = at, .want = Answer::Want::wait, .n = wanted};
      case Next::skip:
        return {.consumed = at, .want = Answer::Want::skip, .n = wanted};
      case Next::hold:
        holding_ = true;
        return {.consumed = at, .want = Answer::Want::hold};
      case Next::resync:
        ++workshop_.counters.resyncs;
        return {.consumed = at, .want = Answer::Want::resync};
      case Next::identify:
        return {.consumed = at, .want = Answer::Want::identify};
      case Next::stop:
        return {.consumed = at, .want = Answer::Want::stop};
    }
  }
  return {.consumed = at};
}

// The answer to SSLRequest and GSSENCRequest is one byte without a length.
bool Connection::awaits_one_byte() const {
  if (queue_.front() == nullptr || answering_ != nullptr) return false;
  const Call* call = static_cast<const Group*>(queue_.front())->front;
  return call != nullptr && (call->kind == Kind::ssl || call->kind == Kind::gss);
}

Connection::Next Connection::step(Direction from, const Window& window, std::size_t& at,
                                  std::uint64_t& wanted, Sink& sink) {
  Way& w = way(from);
  const std::uint8_t first = window.bytes[at];
  if (!w.waits) {
    if (from == Direction::s2c && awaits_one_byte() && (first != answered::kError || holding_))
      return step_one_byte(window, at, sink);
    if (from == Direction::s2c && holding_) return leave(Next::identify, sink);
    if (from == Direction::c2s && first == kTlsHandshake && encryption_asked_) {
      // Else the answer was lost, and the client took it for a yes.
      const bool answer_comes = awaits_one_byte() && !way(Direction::s2c).ended;
      if (answer_comes && queue_.mode() == CallQueue::Mode::ordered) return Next::hold;
      return leave(Next::identify, sink);
    }
    w.waits = true;
    w.began = window.time;
    w.began_acked = window.peer_acked;
    w.turn = ++turns_;
    if (from == Direction::s2c) sight(first, window, window.offset + at, sink);
  }
  if (from == Direction::c2s && is_opening(first)) return step_opening(window, at, wanted, sink);
  return step_message(from, window, at, wanted, sink);
}

Connection::Message Connection::message_at(Direction from, const Window& window, std::size_t at,
                                           std::size_t head, std::size_t looked_at, std::uint64_t size) {
  const Way& w = way(from);
  return {.type = window.bytes[at],
          .body = window.bytes.subspan(at + head, looked_at),
          .whole = head + looked_at == size,
          .size = size,
          .start = window.offset + at,
          .end = window.offset + at + size,
          .peer_acked = w.began_acked,
          .first_byte = w.began,
          .last_byte = window.time,
          .turn = w.turn};
}

// What of a message is in the window was read, or is not looked at.
Connection::Next Connection::pass(const Window& window, std::size_t& at, std::size_t looked_at,
                                  std::uint64_t size, std::uint64_t& wanted) {
  const std::size_t there = window.bytes.size() - at;
  if (there >= size) {
    at += size;
    return Next::go_on;
  }
  wanted = size - there;
  passing_ = there - looked_at;
  at += there;
  return Next::skip;
}

Connection::Next Connection::step_message(Direction from, const Window& window, std::size_t& at,
                                          std::uint64_t& wanted, Sink& sink) {
  const Bytes rest = window.bytes.subspan(at);
  const Header header = parse_header(from, rest);
  if (header.fault == Fault::short_input) {
    wanted = kHeaderBytes;
    return Next::wait;
  }
  if (header.fault != Fault::none) return lose_way(from, window, at, sink);
  const std::size_t looked = looked_at(from, header);
  if (rest.size() < kHeaderBytes + looked) {
    wanted = kHeaderBytes + looked;
    return Next::wait;
  }
  way(from).waits = false;
  const Message m = message_at(from, window, at, kHeaderBytes, looked, header.size());
  if (from == Direction::c2s)
    take_asked(m, sink);
  else
    take_answered(m, sink);
  return pass(window, at, kHeaderBytes + looked, header.size(), wanted);
}

Connection::Next Connection::step_opening(const Window& window, std::size_t& at, std::uint64_t& wanted,
                                          Sink& sink) {
  constexpr std::size_t kFixed = 8;
  const Bytes rest = window.bytes.subspan(at);
  const Opening opened = parse_opening(rest);
  if (opened.fault == Fault::short_input || (opened.fault == Fault::none && rest.size() < opened.size)) {
    wanted = opened.fault == Fault::none ? opened.size : kFixed;
    return Next::wait;
  }
  if (opened.fault != Fault::none) return lose_way(Direction::c2s, window, at, sink);
  way(Direction::c2s).waits = false;
  const Message m = message_at(Direction::c2s, window, at, kFixed, opened.size - kFixed, opened.size);
  take_opening(m, opened.code, sink);
  at += opened.size;
  return Next::go_on;
}

// Accepted, the rest of the flow is TLS; or encrypted by GSSAPI, which nobody reads.
Connection::Next Connection::step_one_byte(const Window& window, std::size_t& at, Sink& sink) {
  begin_answer(window, window.offset + at, sink);
  const std::uint8_t said = window.bytes[at++];
  if (answering_ == nullptr || answering_->front == nullptr || answering_->stray) {
    if (answering_ != nullptr) finish_answer(answering_->fate, 0, sink);
    settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
    return holding_ ? leave(Next::identify, sink) : Next::go_on;
  }
  Call& call = *answering_->front;
  const bool tls = call.kind == Kind::ssl && said == 'S';
  const bool gss = call.kind == Kind::gss && said == 'G';
  call.answered.first_byte = call.answered.last_byte = window.time;
  call.answered.size = 1;
  call.answered.one_byte = said;
  call.done = true;
  if (!tls && !gss && said != 'N') {
    ++workshop_.counters.malformed;
    call.flags |= kFlagMalformed;
  }
  finish_answer(Reason::none, 0, sink);
  if (gss) return leave(Next::stop, sink);
  return tls || holding_ ? leave(Next::identify, sink) : Next::go_on;
}

// Nothing of this protocol follows.
Connection::Next Connection::leave(Next next, Sink& sink) {
  if (asking_ != nullptr) end_group(way(Direction::c2s).end, sink);
  if (answering_ != nullptr) finish_answer(lost(), lost_flag(), sink);
  settle_queued(Reason::closed, 0, sink);
  release_session();
  return next;
}

// A message that is not understood costs the order behind it.
Connection::Next Connection::lose_way(Direction from, const Window& window, std::size_t& at, Sink& sink) {
  ++workshop_.counters.malformed;
  way(from).waits = false;
  ++at;  // progress, whatever begins() thinks of it
  disturb(from, window.offset + at, GapCause::content, sink);
  return Next::resync;
}

// One answer under way goes on behind a hole: the client asks for nothing more before it has all of it. What
// cannot be told apart from that is cut.
void Connection::disturb(Direction from, std::uint64_t end, GapCause cause, Sink& sink) {
  const bool again = queue_.mode() != CallQueue::Mode::ordered;
  queue_.blame(cause);
  if (from == Direction::c2s) {
    unproven_ = true;
    holed_ = holed_ || end > 0;
    if (asking_ != nullptr) cut_asking(lost_flag(), sink);
    Call* copies = answering_ != nullptr ? current_call(*answering_) : nullptr;
    if (copies != nullptr && copies->answered.copy != 0) copies->flags |= lost_flag();
    if (answering_ != nullptr && answering_->holed) finish_answer(lost(), lost_flag(), sink);
  } else if (answering_ != nullptr) {
    Group& group = *answering_;
    const bool alone = group.front != nullptr && group.front->next == nullptr && group.composing == nullptr &&
                       group.ended && !group.stray;
    if (again || !alone) {
      finish_answer(lost(), lost_flag(), sink);
    } else {
      group.holed = true;
      group.front->flags |= lost_flag();
    }
  }
  queue_.disturb(from, end, cause);
  if (queue_.mode() != CallQueue::Mode::uncertain) return;
  if (answering_ != nullptr) finish_answer(lost(), lost_flag(), sink);
  settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
}

void Connection::on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) {
  Way& w = way(from);
  w.end += seen + missing;
  if (missing == 0) return queue_.saw(from, w.end, 0, last_byte);
  queue_.saw_hole(from, w.end);
  Group* group = from == Direction::c2s && asking_ != nullptr ? asking_ : answering_;
  if (group == nullptr) return;
  Call* call = current_call(*group);
  if (call != nullptr) call->flags |= kFlagGap;
}

Answer Connection::on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs, Sink& sink) {
  Way& w = way(from);
  w.end += missing;
  w.waits = false;
  if (from == Direction::c2s) holding_ = false;
  queue_.saw_hole(from, w.end);
  disturb(from, w.end, cause, sink);
  ++workshop_.counters.resyncs;
  return {.want = Answer::Want::resync};
}

void Connection::on_end(Direction from, End end, TimeNs, Sink& sink) {
  Way& w = way(from);
  if (!w.ended) w.end_reason = reason_of(end);
  if (end == End::shed) queue_.blame(GapCause::sensor);
  w.ended = true;
  w.waits = false;
  if (from == Direction::c2s) {
    if (asking_ == nullptr) return;
    if (asking_->composing != nullptr) asking_->composing->flags |= premature_end_flags(end);
    return end_group(w.end, sink);
  }
  if (answering_ != nullptr) {
    const Call* call = answering_->front;
    // Who logs in may be refused, or give up, at any point.
    const bool proper = call != nullptr && (call->answered.has_error || call->kind == Kind::startup);
    finish_answer(w.end_reason, proper ? 0 : premature_end_flags(end), sink);
  }
  settle_queued(w.end_reason, end == End::shed ? std::uint32_t{kFlagGap} : 0, sink);
  if (asking_ != nullptr) asking_->fate = w.end_reason;
}

void Connection::on_close(End end, TimeNs time, Sink& sink) {
  on_end(Direction::c2s, end, time, sink);
  on_end(Direction::s2c, end, time, sink);
  release_session();
}

void Connection::on_time(TimeNs now, Sink& sink) {
  while (next_deadline() <= now) {
    Group& group = group_of(*queue_.front());
    queue_.give_up(group);
    settle_group(group, Reason::unanswered, 0, sink);
    if (queue_.mode() == CallQueue::Mode::uncertain)
      settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
  }
}

// While an answer is coming the others wait behind it.
TimeNs Connection::next_deadline() const {
  if (queue_.front() == nullptr || answering_ != nullptr) return kNever;
  return static_cast<const Group*>(queue_.front())->last_byte + workshop_.limits.answer_timeout_ns;
}

// Who is logged in, and what was prepared, has no room in a memo: such connections keep their slot.
bool Connection::park(const Position& position, Memo& memo) const {
  if (session_ != nullptr || asking_ != nullptr || answering_ != nullptr) return false;
  if (encryption_asked_ || holding_ || unproven_) return false;
  for (const Direction d : {Direction::c2s, Direction::s2c}) {
    const Way& w = ways_[index_of(d)];
    if (w.waits || w.ended || w.end != position.end[index_of(d)]) return false;
  }
  if (!queue_.rests(position)) return false;
  memo = to_memo(queue_.rest());
  return true;
}

void Connection::resume(const Position& position, const Memo& memo) {
  for (const Direction d : {Direction::c2s, Direction::s2c}) way(d).end = position.end[index_of(d)];
  const auto rest = from_memo<CallQueue::Rest>(memo);
  queue_.resume(rest, position);
  holed_ = rest.had_hole != 0;
}

}  // namespace spanlight::postgresql
