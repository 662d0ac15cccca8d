// The way of the bytes: windows and holes to messages. What becomes of calls: calls.cpp.

#include "mongodb/connection.h"

#include <algorithm>

namespace spanlight::mongodb {
namespace {

constexpr std::uint64_t kSkipWorthwhile = 256;  // fewer bytes are not worth a detour of the pipeline's

std::uint32_t premature_end_flags(End end) {
  if (end == End::shed) return kFlagGap | kFlagTruncatedBody;
  return end == End::fin || end == End::reset ? kFlagMalformed | kFlagTruncatedBody : kFlagTruncatedBody;
}

}  // namespace

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  Way& w = way(from);
  w.shown = 0;
  std::size_t at = 0;
  while (at < window.bytes.size()) {
    Bytes rest = window.bytes.subspan(at);
    if (w.left > 0) {
      if (rest.size() > w.left) rest = rest.first(static_cast<std::size_t>(w.left));
      Half& half = half_of(from);
      const std::size_t n = w.documents.done() ? rest.size() : w.documents.feed(rest, half.said);
      if (n == 0) {
        const std::uint64_t wanted = std::min<std::uint64_t>(w.left, Walk::kElementBytesMax);
        if (rest.size() < wanted) {
          w.shown = rest.size();
          return {.consumed = at, .want = Answer::Want::wait, .n = static_cast<std::size_t>(wanted)};
        }
        w.documents.pass(w.left, true);  // an element that is none
        continue;
      }
      at += n;
      w.left -= n;
      half.last_byte = window.time;
      if (w.left == 0) end_message(from, sink);
      continue;
    }
    if (w.began == 0) {
      w.began = window.time;
      w.turn = ++turn_;
    }
    if (rest.size() < kHeaderBytes) return {.consumed = at, .want = Answer::Want::wait, .n = kHeaderBytes};
    const Header header = header_of(rest);
    if (!header.understood()) {
      ++workshop_.counters.malformed;
      return lose_way(from, GapCause::content, sink, at + 1);
    }
    const std::size_t shown =
        header.opcode == kCompressed && header.length <= kPackedBytesMax ? kPackedBytesMax : kHeadBytes;
    const std::size_t wanted = std::min<std::size_t>(header.length, shown);
    if (rest.size() < wanted) return {.consumed = at, .want = Answer::Want::wait, .n = wanted};
    if (!begin_message(from, header, rest.first(wanted), window.time, sink))
      return lose_way(from, GapCause::sensor, sink, at + kHeaderBytes);
    at += header.length - w.left;
    if (w.left == 0) end_message(from, sink);
  }
  return after_window(from, at);
}

// What nobody looks at passes by counter; a message's last byte is left for on_data, since on_skipped has no
// sink.
Answer Connection::after_window(Direction from, std::size_t consumed) const {
  const Way& w = ways_[index_of(from)];
  if (w.left == 0) return {.consumed = consumed};
  const std::uint64_t passing = w.documents.done() ? w.left : std::min(w.documents.passing(), w.left);
  if (passing <= kSkipWorthwhile) return {.consumed = consumed};
  return {.consumed = consumed, .want = Answer::Want::skip, .n = passing - 1};
}

void Connection::on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) {
  Way& w = way(from);
  if (w.call == nullptr) return;
  const std::uint64_t n = std::min(seen + missing, w.left);
  w.left -= n;
  w.documents.pass(n, false);
  if (last_byte != 0) half_of(from).last_byte = last_byte;
  if (missing > 0) w.call->flags |= kFlagGap;
}

Answer Connection::on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs, Sink& sink) {
  Way& w = way(from);
  // A message's end is known: what is missing of it is missing of it alone.
  // What was left of a window is gone with the hole.
  if (w.left > 0 && missing > 0) {
    missing += w.shown;
    w.shown = 0;
    const std::uint64_t absorbed = std::min(w.left, missing);
    w.call->flags |= kFlagGap | kFlagTruncatedBody;
    w.documents.pass(absorbed, true);
    w.left -= absorbed;
    if (w.left == 0) end_message(from, sink);
    if (absorbed == missing) return after_window(from, 0);
  }
  return lose_way(from, cause, sink, 0);
}

Answer Connection::lose_way(Direction from, GapCause cause, Sink& sink, std::size_t consumed) {
  const auto bit = static_cast<std::uint8_t>(1u << index_of(from));
  rest_.holes |= bit;
  if (cause == GapCause::sensor) rest_.blamed |= bit;
  if (way(from).call != nullptr) cut(from, flag_of(cause), sink);
  way(from).left = 0;
  way(from).began = 0;
  way(from).lost = true;
  if (from == Direction::s2c) {
    for (OpenCall* open = open_.front(); open != nullptr; open = open->next) {
      call_of(*open).hole = true;
      call_of(*open).cause = cause;
    }
  }
  ++workshop_.counters.resyncs;
  return {.consumed = consumed, .want = Answer::Want::resync};
}

void Connection::on_end(Direction from, End end, TimeNs, Sink& sink) {
  Way& w = way(from);
  if (w.ended) return;
  w.ended = true;
  w.end_reason = reason_of(end);
  if (w.call != nullptr) cut(from, premature_end_flags(end), sink);
  if (from == Direction::c2s) return;
  for (OpenCall* open = open_.front(); open != nullptr;) {
    OpenCall* const next = open->next;
    settle(call_of(*open), w.end_reason, sink);
    open = next;
  }
}

void Connection::on_close(End end, TimeNs time, Sink& sink) {
  on_end(Direction::c2s, end, time, sink);
  on_end(Direction::s2c, end, time, sink);
}

bool Connection::park(const Position&, Memo& memo) const {
  if (open_.size() > 0) return false;
  for (const Way& w : ways_)
    if (w.call != nullptr || w.left > 0 || w.began != 0 || w.lost || w.ended) return false;
  memo = to_memo(rest_);
  return true;
}

void Connection::resume(const Position&, const Memo& memo) {
  rest_ = from_memo<Rest>(memo);
}

}  // namespace spanlight::mongodb
