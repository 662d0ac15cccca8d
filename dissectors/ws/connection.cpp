#include "ws/connection.h"

#include "ws/ws.h"

namespace spanlight::ws {
namespace {

// Fewer bytes are not worth a detour of the pipeline's.
constexpr std::uint64_t kSkipWorthwhile = 256;

// What marks a message that its connection's end cut off.
std::uint32_t premature_end_flags(End end) {
  if (end == End::shed) return kFlagGap | kFlagTruncatedBody;
  return end == End::fin || end == End::reset ? kFlagMalformed | kFlagTruncatedBody : kFlagTruncatedBody;
}

}  // namespace

Track::Around Connection::around(Direction from, Sink& sink) {
  return {.workshop = workshop_, .protocol = kDescriptor, .terms = terms_, .from = from, .sink = sink};
}

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  Bytes rest = window.bytes;
  const bool frames = track(from).read(around(from, sink), rest, window.time);
  const std::size_t consumed = window.bytes.size() - rest.size();
  if (frames) return after_window(from, consumed);
  ++workshop_.counters.resyncs;
  return {.consumed = consumed, .want = Answer::Want::resync};
}

Answer Connection::after_window(Direction from, std::size_t consumed) {
  const std::uint64_t n = track(from).unread(workshop_.limits);
  if (n >= kSkipWorthwhile) return {.consumed = consumed, .want = Answer::Want::skip, .n = n};
  return {.consumed = consumed};
}

void Connection::on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) {
  track(from).pass(workshop_, seen + missing, missing > 0, last_byte);
}

Answer Connection::on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) {
  const Track::Around here = around(from, sink);
  const std::uint64_t beyond = missing > 0 ? track(from).gap(here, missing, time) : 0;
  if (beyond == 0 && missing > 0) return after_window(from, 0);
  track(from).lose(here, flag_of(cause));
  ++workshop_.counters.resyncs;
  return {.want = Answer::Want::resync};
}

void Connection::on_end(Direction from, End end, TimeNs, Sink& sink) {
  if (ended_[index_of(from)]) return;
  ended_[index_of(from)] = true;
  track(from).end(around(from, sink), premature_end_flags(end));
}

void Connection::on_close(End end, TimeNs time, Sink& sink) {
  for (const Direction d : {Direction::c2s, Direction::s2c}) {
    on_end(d, end, time, sink);
    track(d).release(workshop_);
  }
}

// Between two messages what was agreed on is all there is to remember, unless a window is.
bool Connection::park(const Position&, Memo& memo) const {
  for (const Direction d : {Direction::c2s, Direction::s2c})
    if (!tracks_[index_of(d)].rests() || ended_[index_of(d)]) return false;
  return terms_.to_memo(memo);
}

void Connection::resume(const Position&, const Memo& memo) {
  terms_ = Terms::from_memo(memo);
}

}  // namespace spanlight::ws
