// The way of the bytes: windows and holes to frames. What becomes of them: calls.cpp, contents.cpp.

#include "amqp/connection.h"

#include <algorithm>

namespace spanlight::amqp {
namespace {

// Fewer bytes are not worth a detour of the pipeline's.
constexpr std::uint32_t kSkipWorthwhile = 256;

// What marks a message that its connection's end cut off.
std::uint32_t premature_end_flags(End end) {
  if (end == End::shed) return kFlagGap;
  return end == End::fin || end == End::reset ? std::uint32_t{kFlagMalformed} : 0;
}

}  // namespace

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  const std::uint64_t window_end = window.offset + window.bytes.size();
  if (from == Direction::s2c) {
    s2c_end_ = std::max(s2c_end_, window_end);
    server_acked_ = std::max(server_acked_, window.peer_acked);
  }
  Way& way = ways_[index_of(from)];
  std::size_t at = 0;
  for (;;) {
    if (way.body_open || begin_body(from, window, at)) {
      if (read_body(from, window, at, sink)) continue;
      if (at < window.bytes.size()) return lose_way(from, at, sink);
      // In this order: a preview that was asked may be closed by the asking.
      if (way.body_left >= kSkipWorthwhile &&
          (way.content == nullptr || way.content->body.full(workshop_.limits)))
        return {.consumed = at, .want = Answer::Want::skip, .n = way.body_left};
      return {.consumed = at};
    }
    const SizedMessages::Next next = way.frames.next(workshop_, window, at, measure, turns_);
    if (next.broken || (next.come && !take_frame(from, next.message, window, at, sink)))
      return lose_way(from, std::max<std::size_t>(at, 1), sink);
    if (!next.come) return next.answer;
  }
}

// A frame of a body begins here.
bool Connection::begin_body(Direction from, const Window& window, std::size_t& at) {
  Way& way = ways_[index_of(from)];
  const Bytes rest = window.bytes.subspan(at);
  if (way.frames.passes() || rest.size() < kHeadBytes || rest[0] != frame_type::kBody) return false;
  const FrameHead head = read_head(rest);
  if (head.fault != Fault::none) return false;
  way.frames.forget(workshop_);
  way.body_open = true;
  way.body_left = head.payload_bytes;
  way.content = find_content(from, head.channel);
  if (way.content != nullptr && !way.content->has_header) way.content = nullptr;
  if (way.content != nullptr) way.content->size += kAroundBytes;
  at += kHeadBytes;
  return true;
}

// True: up to the frame's end. False with bytes left: that is not where it should be.
bool Connection::read_body(Direction from, const Window& window, std::size_t& at, Sink& sink) {
  Way& way = ways_[index_of(from)];
  const Bytes rest = window.bytes.subspan(at);
  const Bytes body = rest.first(std::min<std::size_t>(way.body_left, rest.size()));
  at += body.size();
  way.body_left -= static_cast<std::uint32_t>(body.size());
  Content* content = way.content;
  if (content != nullptr) {
    content->body.append(workshop_, body);
    content->body_seen += body.size();
    content->size += body.size();
    content->last_byte = window.time;
  }
  if (way.body_left > 0 || at == window.bytes.size() || window.bytes[at] != kFrameEnd) return false;
  ++at;
  way.body_open = false;
  way.content = nullptr;
  if (content != nullptr && content->body_seen >= content->body_bytes)
    finish(*content, content->body_seen > content->body_bytes ? std::uint32_t{kFlagMalformed} : 0, sink);
  return true;
}

bool Connection::take_frame(Direction from, const Arrival& frame, const Window& window, std::size_t end,
                            Sink& sink) {
  if (frame.bytes.size() < kHeadBytes) return true;  // there was no memory for it
  const Greeting greeting = greeting_of(frame.bytes);
  if (greeting != Greeting::none) {
    // The server's own: that is how it refuses the client's.
    if (from == Direction::s2c) tell_alone(from, "protocol-header", frame, "version refused", sink);
    return true;
  }
  if (frame.whole() && !is_closed(frame.bytes)) return false;
  switch (read_head(frame.bytes).type) {
    case frame_type::kHeartbeat:
      tell_alone(from, "heartbeat", frame, {}, sink);
      return true;
    case frame_type::kHeader:
      take_header(from, frame, sink);
      return true;
    default:
      break;
  }
  const Half half = Half::of(frame);
  if (half.method == nullptr) {
    ++workshop_.counters.malformed;
    return true;
  }
  take_method(from, half, is_turn(window, window.offset + end - frame.size), sink);
  return true;
}

// Neither side is still being heard: the client has all that the server said, and the server all of the
// client.
bool Connection::is_turn(const Window& window, std::uint64_t start) const {
  return window.peer_acked >= s2c_end_ && server_acked_ >= start;
}

// What stands here is no frame; or, behind a hole, nobody knows where one begins.
Answer Connection::lose_way(Direction from, std::size_t consumed, Sink& sink) {
  ++workshop_.counters.malformed;
  on_gap(from, 0, GapCause::content, 0, sink);
  return {.consumed = consumed, .want = Answer::Want::resync};
}

void Connection::on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) {
  Way& way = ways_[index_of(from)];
  if (from == Direction::s2c) s2c_end_ += seen + missing;
  if (!way.body_open) return way.frames.passed(seen, missing);
  way.body_left -= static_cast<std::uint32_t>(std::min<std::uint64_t>(way.body_left, seen + missing));
  if (way.content == nullptr) return;
  way.content->body_seen += seen + missing;
  way.content->size += seen + missing;
  if (last_byte != 0) way.content->last_byte = last_byte;
  if (missing == 0) return;
  way.content->flags |= kFlagGap;
  way.content->body.close();
}

Answer Connection::on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) {
  Way& way = ways_[index_of(from)];
  if (from == Direction::s2c) s2c_end_ += missing;
  if (way.body_open && missing > 0) {
    const std::uint64_t within = std::min<std::uint64_t>(missing, way.body_left);
    way.body_left -= static_cast<std::uint32_t>(within);
    if (way.content != nullptr) {
      way.content->body_seen += within;
      way.content->size += within;
      way.content->flags |= flag_of(cause);
      way.content->body.close();
    }
    if (within == missing) return {};
  }
  rest_.holes.saw(from, cause);
  open_.saw_hole(from, cause);
  if (from == Direction::c2s) rest_.in_doubt = true;
  Arrival frame;
  if (way.frames.cut(missing, time, frame)) take_frame(from, frame, {}, 0, sink);
  way.frames.forget(workshop_);
  drop_contents(from, flag_of(cause), sink);
  way.body_open = false;
  way.body_left = 0;
  ++workshop_.counters.resyncs;
  return {.want = Answer::Want::resync};
}

void Connection::on_end(Direction from, End end, TimeNs time, Sink& sink) {
  Way& way = ways_[index_of(from)];
  Arrival frame;
  if (way.frames.cut(0, time, frame)) take_frame(from, frame, {}, 0, sink);
  way.frames.forget(workshop_);
  drop_contents(from, premature_end_flags(end), sink);
  way.body_open = false;
  way.body_left = 0;
  settle_all(opposite(from), end, sink);
}

void Connection::on_close(End end, TimeNs time, Sink& sink) {
  for (const Direction d : {Direction::c2s, Direction::s2c}) on_end(d, end, time, sink);
  for (const Direction d : {Direction::c2s, Direction::s2c}) settle_all(d, end, sink);
}

void Connection::on_time(TimeNs now, Sink& sink) {
  while (OpenQuestion* call = open_.overdue(workshop_.limits, now))
    settle(*call, Reason::unanswered, nullptr, sink);
}

bool Connection::park(const Position& position, Memo& memo) const {
  for (const Way& way : ways_)
    if (!way.frames.rests() || way.body_open) return false;
  if (open_.front() != nullptr || contents_ != nullptr) return false;
  Rest rest = rest_;
  const std::uint64_t unacked = position.end[index_of(Direction::c2s)] - server_acked_;
  rest.unacked = static_cast<std::uint32_t>(std::min<std::uint64_t>(unacked, ~std::uint32_t{0}));
  memo = to_memo(rest);
  return true;
}

void Connection::resume(const Position& position, const Memo& memo) {
  rest_ = from_memo<Rest>(memo);
  server_acked_ = position.end[index_of(Direction::c2s)] - rest_.unacked;
  s2c_end_ = position.end[index_of(Direction::s2c)];
}

}  // namespace spanlight::amqp
