// The way of the bytes: windows, segments and holes to frames. What becomes of calls: calls.cpp.

#include "cassandra/connection.h"

#include <algorithm>

namespace spanlight::cassandra {
namespace {

constexpr std::uint64_t kSkipWorthwhile = 256;  // fewer bytes are not worth a detour of the pipeline's

std::uint32_t premature_end_flags(End end) {
  if (end == End::shed) return kFlagGap | kFlagTruncatedBody;
  return end == End::fin || end == End::reset ? kFlagMalformed | kFlagTruncatedBody : kFlagTruncatedBody;
}

}  // namespace

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  std::size_t consumed = 0;
  if (!in_segments()) {
    const Answer answer = read(from, window, false, sink);
    if (answer.want != Answer::Want::data) return answer;
    consumed = answer.consumed;
    if (!in_segments()) return after_window(from, consumed);
    if (consumed == window.bytes.size()) return answer;
  }
  const Window rest{.bytes = window.bytes.subspan(consumed),
                    .offset = window.offset + consumed,
                    .time = window.time,
                    .peer_acked = window.peer_acked};
  Answer answer = way(from).segments.on_data(
      workshop_, rest, rest_.framing == Framing::packed_segments,
      [&](const Window& within) { return read(from, within, true, sink); },
      [&] { lose_way(from, GapCause::content, sink); });
  answer.consumed += consumed;
  return answer;
}

// Whole frames, and what has come of another; never asks for a skip.
Answer Connection::read(Direction from, const Window& window, bool within, Sink& sink) {
  Way& w = way(from);
  std::size_t at = 0;
  while (at < window.bytes.size()) {
    if (!within && in_segments()) break;  // from here on
    const Bytes rest = window.bytes.subspan(at);
    if (w.left > 0) {
      const std::uint64_t n = std::min<std::uint64_t>(w.left, rest.size());
      at += static_cast<std::size_t>(n);
      w.left -= n;
      half_of(from).last_byte = window.time;
      if (w.left == 0) end_frame(from, sink);
      continue;
    }
    if (w.began == 0) {
      w.began = window.time;
      w.turn = ++turn_;
    }
    if (rest.size() < kHeaderBytes) return {.consumed = at, .want = Answer::Want::wait, .n = kHeaderBytes};
    if (!within && rest_.framing == Framing::unknown && find_segments(rest)) break;
    const Header header = header_of(rest);
    if (!header.understood(from == Direction::s2c)) {
      ++workshop_.counters.malformed;
      if (!within) lose_way(from, GapCause::content, sink);
      return {.consumed = at + 1, .want = Answer::Want::resync};
    }
    if (!within && header.version < kVersionMax) rest_.framing = Framing::plain;
    const bool packed = (header.flags & flag::kCompressed) != 0;
    const std::size_t shown = packed && header.length <= kPackedBytesMax ? kPackedBytesMax : kHeadBytes;
    const std::size_t wanted = kHeaderBytes + std::min<std::size_t>(header.length, shown);
    if (rest.size() < wanted) return {.consumed = at, .want = Answer::Want::wait, .n = wanted};
    at += kHeaderBytes;
    if (!begin_frame(from, header, rest.subspan(kHeaderBytes, wanted - kHeaderBytes), window.time, sink)) {
      if (!within) lose_way(from, GapCause::sensor, sink);
      return {.consumed = at, .want = Answer::Want::resync};
    }
    if (w.left == 0) end_frame(from, sink);
  }
  return {.consumed = at};
}

// Joined in the middle of a connection of version 5: its checksum tells a segment.
bool Connection::find_segments(Bytes start) {
  for (const bool packed : {false, true}) {
    if (!parse_segment(start.first(segment_header_bytes(packed)), packed).good) continue;
    rest_.framing = packed ? Framing::packed_segments : Framing::segments;
    way(Direction::c2s).began = way(Direction::s2c).began = 0;
    return true;
  }
  return false;
}

// What nobody looks at passes by counter; a frame's last byte is left for on_data, since on_skipped has no
// sink.
Answer Connection::after_window(Direction from, std::size_t consumed) const {
  const Way& w = ways_[index_of(from)];
  if (w.left <= kSkipWorthwhile) return {.consumed = consumed};
  return {.consumed = consumed, .want = Answer::Want::skip, .n = w.left - 1};
}

void Connection::on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) {
  Way& w = way(from);
  if (w.call == nullptr) return;
  w.left -= std::min(seen + missing, w.left);
  if (last_byte != 0) half_of(from).last_byte = last_byte;
  if (missing > 0) w.call->flags |= kFlagGap;
}

Answer Connection::on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs, Sink& sink) {
  Way& w = way(from);
  if (in_segments()) {
    w.segments.gap(workshop_, missing);
    lose_way(from, cause, sink);
    return {};
  }
  // A frame's end is known: what is missing of it is missing of it alone.
  if (w.left > 0 && missing > 0) {
    const std::uint64_t absorbed = std::min(w.left, missing);
    w.call->flags |= kFlagGap;
    w.left -= absorbed;
    if (w.left == 0) end_frame(from, sink);
    if (absorbed == missing) return after_window(from, 0);
  }
  lose_way(from, cause, sink);
  return {.want = Answer::Want::resync};
}

void Connection::lose_way(Direction from, GapCause cause, Sink& sink) {
  const auto bit = static_cast<std::uint8_t>(1u << index_of(from));
  rest_.holes |= bit;
  if (cause == GapCause::sensor) rest_.blamed |= bit;
  if (way(from).call != nullptr) cut(from, flag_of(cause), sink);
  way(from).left = 0;
  way(from).began = 0;
  way(from).lost = true;
  for (OpenCall* open = open_.front(); open != nullptr; open = open->next) {
    Call& call = call_of(*open);
    if (from == Direction::c2s) {
      call.unasked = true;
    } else {
      call.hole = true;
      call.cause = cause;
    }
  }
  ++workshop_.counters.resyncs;
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
  for (Way& w : ways_) w.segments.release(workshop_);
  statements_.release(workshop_);
}

// What was prepared has to be kept.
bool Connection::park(const Position&, Memo& memo) const {
  if (open_.size() > 0 || !statements_.empty()) return false;
  for (const Way& w : ways_)
    if (w.call != nullptr || w.left > 0 || w.began != 0 || w.lost || w.ended || !w.segments.rests())
      return false;
  memo = to_memo(rest_);
  return true;
}

void Connection::resume(const Position&, const Memo& memo) {
  rest_ = from_memo<Rest>(memo);
}

}  // namespace spanlight::cassandra
