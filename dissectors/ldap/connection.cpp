// The way of the bytes: windows and holes to messages. What becomes of them: pairing.cpp.

#include "ldap/connection.h"

#include <algorithm>

namespace spanlight::ldap {

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  if (datagrams_) return read_datagram(from, window, sink);
  SizedMessages& way = ways_[index_of(from)];
  std::size_t at = 0;
  for (;;) {
    const SizedMessages::Next next = way.next(workshop_, window, at, measure, turns_);
    if (next.broken) {
      // Integrity or privacy of SASL (RFC 4511, 5.1; RFC 4422, 3.7): four bytes of length, then what we
      // cannot read.
      if (rest_.sasl && window.bytes[at] == 0) return leave(at, Answer::Want::stop, window.time, sink);
      return lose_way(from, at + 1, sink);
    }
    if (!next.come) return next.answer;
    switch (take(from, next.message, sink)) {
      case Then::go_on:
        break;
      case Then::not_understood:
        return lose_way(from, at, sink);
      case Then::begin_tls:
        return leave(at, Answer::Want::identify, window.time, sink);
    }
  }
}

Answer Connection::read_datagram(Direction from, const Window& window, Sink& sink) {
  std::size_t at = 0;
  while (at < window.bytes.size()) {
    const Bytes rest = window.bytes.subspan(at);
    const SizedMessages::Measure m = measure(rest);
    if (m.fault != Fault::none || m.size > rest.size()) {
      ++workshop_.counters.malformed;
      break;
    }
    const auto size = static_cast<std::size_t>(m.size);
    take(from, {.bytes = rest.first(size), .first_byte = window.time, .last_byte = window.time, .size = size},
         sink);
    at += size;
  }
  return {.consumed = window.bytes.size()};
}

// The rest of the flow is somebody else's: nothing stays open.
Answer Connection::leave(std::size_t consumed, Answer::Want how, TimeNs time, Sink& sink) {
  on_close(End::fin, time, sink);
  return {.consumed = consumed, .want = how};
}

Answer Connection::lose_way(Direction from, std::size_t consumed, Sink& sink) {
  ++workshop_.counters.malformed;
  on_gap(from, 0, GapCause::content, 0, sink);
  return {.consumed = consumed, .want = Answer::Want::resync};
}

void Connection::on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs) {
  ways_[index_of(from)].passed(seen, missing);
}

Answer Connection::on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) {
  if (datagrams_) return {};  // nothing of a datagram is ever missing
  SizedMessages& way = ways_[index_of(from)];
  rest_.holes.saw(from, cause);
  open_.saw_hole(from, cause);
  Arrival message;
  if (way.cut(missing, time, message)) take(from, message, sink);
  way.forget(workshop_);
  ++workshop_.counters.resyncs;
  return {.want = Answer::Want::resync};
}

void Connection::on_end(Direction from, End end, TimeNs time, Sink& sink) {
  SizedMessages& way = ways_[index_of(from)];
  Arrival message;
  if (way.cut(0, time, message)) take(from, message, sink);
  way.forget(workshop_);
  settle_all(opposite(from), end, sink);
}

void Connection::on_close(End end, TimeNs time, Sink& sink) {
  for (const Direction d : {Direction::c2s, Direction::s2c}) on_end(d, end, time, sink);
  for (const Direction d : {Direction::c2s, Direction::s2c}) settle_all(d, end, sink);
}

void Connection::on_time(TimeNs now, Sink& sink) {
  while (OpenQuestion* call = open_.overdue(workshop_.limits, now)) settle(*call, Reason::unanswered, sink);
}

bool Connection::park(const Position&, Memo& memo) const {
  if (open_.front() != nullptr || !ways_[0].rests() || !ways_[1].rests()) return false;
  memo = to_memo(rest_);
  return true;
}

void Connection::resume(const Position&, const Memo& memo) {
  rest_ = from_memo<Rest>(memo);
}

}  // namespace spanlight::ldap
