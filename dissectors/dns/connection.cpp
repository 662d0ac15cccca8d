// The way of the bytes: windows and holes to messages. What becomes of them: pairing.cpp.

#include "dns/connection.h"

#include <algorithm>

namespace spanlight::dns {

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  if (flavour_.datagrams) {
    take_message(from, window.bytes, window.cut, window.time, window.time, sink);
    return {.consumed = window.bytes.size()};
  }
  Way& way = ways_[index_of(from)];
  std::size_t at = 0;
  while (at < window.bytes.size()) {
    const Bytes rest = window.bytes.subspan(at);
    if (way.began == 0) way.began = window.time;
    if (way.expected == 0) {
      if (rest.size() < kLengthBytes) return {.consumed = at, .want = Answer::Want::wait, .n = kLengthBytes};
      way.expected = static_cast<std::uint32_t>(rest[0] << 8 | rest[1]);
      at += kLengthBytes;
      if (way.expected < kHeaderBytes) {
        ++workshop_.counters.malformed;
        return lose_way(way, at);
      }
      continue;
    }
    if (rest.size() < way.expected) return {.consumed = at, .want = Answer::Want::wait, .n = way.expected};
    const Bytes message = rest.first(way.expected);
    at += message.size();
    const TimeNs began = way.began;
    way = {};
    if (!take_message(from, message, 0, began, window.time, sink)) return lose_way(way, at);
  }
  return {.consumed = at};
}

// Lengths that lead to what is no message are not believed further.
Answer Connection::lose_way(Way& way, std::size_t consumed) {
  way = {};
  ++workshop_.counters.resyncs;
  return {.consumed = consumed, .want = Answer::Want::resync};
}

Answer Connection::on_gap(Direction from, std::uint64_t, GapCause cause, TimeNs, Sink&) {
  if (flavour_.datagrams) return {};  // nothing of a datagram is ever missing
  const auto bit = static_cast<std::uint8_t>(1u << index_of(from));
  rest_.holes |= bit;
  if (cause == GapCause::sensor) rest_.blamed |= bit;
  for (Query* query = front_; query != nullptr; query = query->next) {
    if (query->from == from) continue;
    query->hole = true;
    query->cause = cause;
  }
  return lose_way(ways_[index_of(from)], 0);
}

void Connection::on_end(Direction from, End end, TimeNs, Sink& sink) {
  ways_[index_of(from)] = {};
  settle_all(opposite(from), end, sink);
}

void Connection::on_close(End end, TimeNs, Sink& sink) {
  while (early_ != nullptr) tell_first_early(sink);
  for (const Direction d : {Direction::c2s, Direction::s2c}) settle_all(d, end, sink);
}

void Connection::on_time(TimeNs now, Sink& sink) {
  while (early_ != nullptr && early_deadline() <= now) tell_first_early(sink);
  while (front_ != nullptr && query_deadline() <= now) settle(*front_, Reason::unanswered, sink);
}

TimeNs Connection::next_deadline() const {
  return std::min(query_deadline(), early_deadline());
}

TimeNs Connection::query_deadline() const {
  return front_ == nullptr ? kNever : front_->first_byte + workshop_.limits.answer_timeout_ns;
}

TimeNs Connection::early_deadline() const {
  return early_ == nullptr ? kNever : early_->first_byte + kEarlyNs;
}

bool Connection::park(const Position&, Memo& memo) const {
  if (front_ != nullptr || early_ != nullptr || ways_[0].began != 0 || ways_[1].began != 0) return false;
  memo = to_memo(rest_);
  return true;
}

void Connection::resume(const Position&, const Memo& memo) {
  rest_ = from_memo<Rest>(memo);
}

}  // namespace spanlight::dns
