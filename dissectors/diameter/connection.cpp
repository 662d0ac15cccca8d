#include "diameter/connection.h"

#include "diameter/diameter.h"

namespace spanlight::diameter {

Connection::Connection(Workshop& workshop) : workshop_(workshop), calls_(kDescriptor) {}

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  SizedMessages& way = ways_[index_of(from)];
  std::size_t at = 0;
  for (;;) {
    const SizedMessages::Next next = way.next(workshop_, window, at, measure, turns_);
    if (next.broken) {
      ++workshop_.counters.malformed;
      on_gap(from, 0, GapCause::content, window.time, sink);
      return {.consumed = at + 1, .want = Answer::Want::resync};
    }
    if (!next.come) return next.answer;
    calls_.take(workshop_, from, next.message, sink);
  }
}

void Connection::on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs) {
  ways_[index_of(from)].passed(seen, missing);
}

Answer Connection::on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) {
  SizedMessages& way = ways_[index_of(from)];
  calls_.saw_hole(from, cause);
  Arrival message;
  if (way.cut(missing, time, message)) calls_.take(workshop_, from, message, sink);
  way.forget(workshop_);
  ++workshop_.counters.resyncs;
  return {.want = Answer::Want::resync};
}

void Connection::on_end(Direction from, End end, TimeNs time, Sink& sink) {
  SizedMessages& way = ways_[index_of(from)];
  Arrival message;
  if (way.cut(0, time, message)) calls_.take(workshop_, from, message, sink);
  way.forget(workshop_);
  calls_.settle_all(workshop_, opposite(from), end, sink);
}

void Connection::on_close(End end, TimeNs time, Sink& sink) {
  for (const Direction d : {Direction::c2s, Direction::s2c}) on_end(d, end, time, sink);
  for (const Direction d : {Direction::c2s, Direction::s2c}) calls_.settle_all(workshop_, d, end, sink);
}

bool Connection::park(const Position&, Memo& memo) const {
  if (!calls_.rests() || !ways_[0].rests() || !ways_[1].rests()) return false;
  memo = to_memo(calls_.rest());
  return true;
}

void Connection::resume(const Position&, const Memo& memo) {
  calls_.resume(from_memo<Calls::Rest>(memo));
}

}  // namespace spanlight::diameter
