#include "core/framed.h"

#include <algorithm>

namespace spanlight {
namespace {

// Fewer bytes are not worth a detour of the pipeline's.
constexpr std::uint64_t kSkipWorthwhile = 256;

// What marks a message that its direction's end cut off.
std::uint32_t premature_end_flags(End end) {
  if (end == End::shed) return kFlagGap | kFlagTruncatedBody;
  return end == End::fin || end == End::reset ? kFlagMalformed | kFlagTruncatedBody : kFlagTruncatedBody;
}

}  // namespace

Answer Framed::on_data(Direction from, const Window& window, Sink& sink) {
  Track& t = track(from);
  std::size_t at = 0;
  while (at < window.bytes.size()) {
    if (t.lost) {
      const Sync found = find(from, window.bytes.subspan(at));
      at += found.skip;
      if (!found.found || at == window.bytes.size()) break;
      t.lost = false;
      t.found = true;
    }
    const Bytes rest = window.bytes.subspan(at);
    if (t.payload_left > 0) {
      at += take_payload(t, rest, window.time);
      t.end = window.offset + at;
      if (t.payload_left == 0 && !end_token(from, sink)) return stop(at, window.time, sink);
      continue;
    }
    if (!t.waits) {
      t.began = window.time;
      t.began_acked = window.peer_acked;
      if (!t.open) t.began_turn = next_turn();
    }
    const Token next = token(from, rest);
    t.waits = next.fault == Fault::short_input;
    t.end = window.offset + (t.waits ? window.bytes.size() : at);
    if (t.waits) break;
    if (next.fault != Fault::none) {
      ++workshop_.counters.malformed;
      t.end = window.offset + ++at;
      saw(from, window);
      lose(from, GapCause::content, sink);
      continue;
    }
    const bool first = !t.open;
    if (first) begin(t, window.offset + at);
    const Bytes head = rest.first(next.head);
    keep(t, head);
    at += next.head;
    t.message.size += next.head;
    t.message.last_byte = window.time;
    t.payload = t.payload_left = next.payload;
    t.end = window.offset + at;
    t.place = accept(from, next, head, first, sink);
    if (t.payload_left == 0 && !end_token(from, sink)) return stop(at, window.time, sink);
  }
  t.end = window.offset + window.bytes.size();
  if (t.lost)
    passed(from);
  else
    saw(from, window);
  return after_window(t, at);
}

void Framed::begin(Track& t, std::uint64_t start) {
  t.message = {};
  t.message.start = start;
  t.message.peer_acked = t.began_acked;
  t.message.first_byte = t.began;
  t.message.turn = t.began_turn;
  t.message.behind_hole = t.found;
  t.found = false;
  t.open = true;
}

// The first bytes of a message; always a prefix.
void Framed::keep(Track& t, Bytes bytes) {
  KeptMessage& m = t.message;
  if (m.head_closed || m.head.size() >= KeptMessage::kHeadBytesMax) return;
  const std::size_t n = std::min(bytes.size(), KeptMessage::kHeadBytesMax - m.head.size());
  if (m.head.append(workshop_.previews, bytes.first(n))) return;
  ++workshop_.counters.preview_exhausted;
  m.head_closed = true;
}

std::size_t Framed::take_payload(Track& t, Bytes rest, TimeNs time) {
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), t.payload_left));
  const Bytes piece = rest.first(n);
  keep(t, piece);
  if (t.place.body && !t.message.body.full(workshop_.limits)) {
    const std::uint64_t at = t.payload - t.payload_left;
    const std::uint64_t body_end = t.payload - std::min<std::uint64_t>(t.place.tail, t.payload);
    const std::uint64_t from = std::max(at, t.place.lead), to = std::min<std::uint64_t>(at + n, body_end);
    if (from < to) {
      if (at <= t.place.lead) t.message.body.expect(workshop_, body_end - t.place.lead);
      t.message.body.append(
          workshop_, piece.subspan(static_cast<std::size_t>(from - at), static_cast<std::size_t>(to - from)));
    }
  }
  pass_payload(t, n);
  t.message.last_byte = time;
  return n;
}

// Counted, whoever saw them.
void Framed::pass_payload(Track& t, std::uint64_t n) {
  if (t.place.body) {
    const std::uint64_t at = t.payload - t.payload_left;
    const std::uint64_t body_end = t.payload - std::min<std::uint64_t>(t.place.tail, t.payload);
    const std::uint64_t from = std::max(at, t.place.lead), to = std::min(at + n, body_end);
    if (from < to) t.message.body_size += to - from;
  }
  t.message.size += n;
  t.payload_left -= n;
}

// The token is behind us. False: nothing more is wanted.
bool Framed::end_token(Direction from, Sink& sink) {
  Track& t = track(from);
  if (!t.place.last) return true;
  t.open = false;
  return complete(from, sink);
}

// What is open is told before.
Answer Framed::stop(std::size_t consumed, TimeNs time, Sink& sink) {
  on_close(End::fin, time, sink);
  return {.consumed = consumed, .want = Answer::Want::stop};
}

// A payload that nobody will look at passes by counter. Its last byte is left for on_data: on_skipped has no
// sink, and a message is to be told when it ends.
Answer Framed::after_window(Track& t, std::size_t consumed) {
  if (t.payload_left <= kSkipWorthwhile) return {.consumed = consumed};
  KeptMessage& m = t.message;
  const bool head_full = m.head_closed || m.head.size() >= KeptMessage::kHeadBytesMax;
  const bool body_full = !t.place.body || m.body.full(workshop_.limits);
  if (!head_full || !body_full) return {.consumed = consumed};
  return {.consumed = consumed, .want = Answer::Want::skip, .n = t.payload_left - 1};
}

void Framed::on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) {
  Track& t = track(from);
  t.end += seen + missing;
  passed(from);
  pass_payload(t, std::min(seen + missing, t.payload_left));
  if (missing > 0) t.message.flags |= kFlagGap;
  if (last_byte != 0) t.message.last_byte = last_byte;
}

Answer Framed::on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) {
  Track& t = track(from);
  t.waits = false;
  t.end += missing;
  passed(from);
  const std::uint64_t absorbed = std::min(t.payload_left, missing);
  if (absorbed > 0) {
    t.message.flags |= kFlagGap;
    t.message.head_closed = true;
    t.message.body.close();
    pass_payload(t, absorbed);
    if (t.payload_left == 0 && !end_token(from, sink)) return stop(0, time, sink);
    if (absorbed == missing) return after_window(t, 0);
  }
  lose(from, cause, sink);
  return {};
}

// What the connection speaks is known: a message's start is looked for here, with less proof than strangers
// need.
void Framed::lose(Direction from, GapCause cause, Sink& sink) {
  Track& t = track(from);
  const bool was_open = t.open;
  t.open = t.waits = false;
  t.payload_left = 0;
  if (was_open) broken(from, flag_of(cause), sink);
  disturbed(from, cause, sink);
  t.lost = true;
  ++workshop_.counters.resyncs;
}

void Framed::on_end(Direction from, End end, TimeNs, Sink& sink) {
  Track& t = track(from);
  if (t.ended) return;
  t.ended = true;
  t.end_reason = reason_of(end);
  t.payload_left = 0;
  t.waits = false;
  if (t.open) {
    t.open = false;
    broken(from, premature_end_flags(end), sink);
  }
  ended(from, end, sink);
}

void Framed::on_close(End end, TimeNs time, Sink& sink) {
  on_end(Direction::c2s, end, time, sink);
  on_end(Direction::s2c, end, time, sink);
}

bool Framed::is_between(const Position& position) const {
  for (const Direction d : {Direction::c2s, Direction::s2c}) {
    const Track& t = track(d);
    if (t.open || t.waits || t.lost || t.ended || t.end != position.end[index_of(d)]) return false;
  }
  return true;
}

void Framed::resume_at(const Position& position) {
  for (const Direction d : {Direction::c2s, Direction::s2c}) track(d).end = position.end[index_of(d)];
}

}  // namespace spanlight
