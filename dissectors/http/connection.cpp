// The way of the bytes: windows, holes and ends, to messages. What becomes of the calls: calls.cpp.

#include "http/connection.h"

#include <algorithm>
#include <cstring>

namespace spanlight::http {
namespace {

constexpr bool is_line_byte(std::uint8_t b) {
  return b == '\r' || b == '\n';
}

std::uint32_t premature_end_flags(End end) {
  // The peers broke the framing, or the sensor saw no more of it.
  if (end == End::shed) return kFlagGap | kFlagTruncatedBody;
  return end == End::fin || end == End::reset ? kFlagMalformed : kFlagTruncatedBody;
}

}  // namespace

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  Track& t = track(from);
  t.end = window.offset + window.bytes.size();
  if (from == Direction::c2s) {
    holding_ = false;
    if (t.call != nullptr && queue_.is_over(*t.call, window.peer_acked)) cut_request(kFlagGap, sink);
  }
  std::size_t at = 0;
  while (at < window.bytes.size()) {
    if (must_wait(from)) return {.consumed = at, .want = Answer::Want::hold};
    if (from == Direction::c2s && t.phase == Phase::between) {
      if (switching_ != nullptr) {
        Answer held = hold({window.bytes.subspan(at), window.offset + at, window.time, window.peer_acked});
        held.consumed += at;
        return held;
      }
      if (t.lost_held) {
        t.lost_held = false;
        disturb(from, window.offset + at, t.held_cause, sink);
        ++workshop_.counters.resyncs;
        return {.consumed = at, .want = Answer::Want::resync};
      }
    }
    const Next next = step(from, window, at, sink);
    // Only what was read counts as seen: what is dropped while lost never comes here.
    queue_.saw(from, window.offset + at, window.peer_acked, window.time);
    switch (next) {
      case Next::go_on:
        break;
      case Next::resync:
        ++workshop_.counters.resyncs;
        return {.consumed = at, .want = Answer::Want::resync};
      case Next::identify:
        return {.consumed = at, .want = Answer::Want::identify};
    }
  }
  return after_window(from, at);
}

// Content that nobody will look at passes by counter. Its last byte is left for on_data: on_skipped has no
// sink, and the message is to be told when it ends, not when the next one begins. A request that asks to
// switch is told when it is answered, ended or not: what has passed of it must be known then.
Answer Connection::after_window(Direction from, std::size_t consumed) {
  Track& t = track(from);
  if (t.phase == Phase::message && message_of(from).preview.full(workshop_.limits) && framing_known(from) &&
      !t.parser.wants_upgrade()) {
    const std::uint64_t left = t.parser.content_left();
    if (left > 1) return {.consumed = consumed, .want = Answer::Want::skip, .n = left - 1};
  }
  return {.consumed = consumed};
}

// An answer whose request was not seen may be one to HEAD: its Content-Length says nothing. It is not
// skipped, so that the next request can end it (begin_request).
bool Connection::framing_known(Direction from) {
  return from == Direction::c2s || track(from).call->request.begun;
}

Answer Connection::hold(const Window& window) {
  Track& t = track(Direction::c2s);
  if (!t.lost_held && window.bytes.size() <= kHeldBytesMax) {
    holding_ = true;
    return {.want = Answer::Want::hold};
  }
  t.lost_held = true;
  t.held_cause = GapCause::sensor;
  return {.consumed = window.bytes.size()};
}

Connection::Next Connection::step(Direction from, const Window& window, std::size_t& at, Sink& sink) {
  Track& t = track(from);
  if (t.phase == Phase::message) return step_message(from, window, at, sink);
  if (t.phase == Phase::start_line) return step_start_line(from, window, at, sink);
  // RFC 9112, 2.2: empty lines before a message are nothing.
  while (at < window.bytes.size() && is_line_byte(window.bytes[at])) ++at;
  if (at == window.bytes.size()) return Next::go_on;
  if (begin(from, window, window.offset + at, sink)) {
    if (!must_wait(from) && read_whole_head(from, window, at)) return step_message(from, window, at, sink);
    // One byte, so that beginning is progress: the other direction may have to go first now.
    Window first = window;
    first.bytes = window.bytes.first(at + 1);
    return step_start_line(from, first, at, sink);
  }
  // No memory for another call: this message, and the order with it, is lost.
  at = window.bytes.size();
  disturb(from, t.end, GapCause::sensor, sink);
  return Next::resync;
}

bool Connection::begin(Direction from, const Window& window, std::uint64_t start, Sink& sink) {
  if (!(from == Direction::c2s ? begin_request(start, window, sink) : begin_response(start, window, sink)))
    return false;
  MessageState& m = message_of(from);
  m.begun = true;
  m.start = start;
  m.first_byte = window.time;
  track(from).phase = Phase::start_line;
  return true;
}

bool Connection::begin_request(std::uint64_t start, const Window& window, Sink& sink) {
  end_unasked_response(window.peer_acked, sink);
  const RequestStart where{.offset = start, .client_acked = window.peer_acked, .time = window.time};
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
  if (queue_.size() >= std::max(workshop_.limits.open_calls_max, 1u)) {
    ++workshop_.counters.open_calls_exceeded;
    Call& oldest = call_of(*queue_.front());
    queue_.give_up(oldest);
    settle(oldest, Reason::evicted, 0, sink);
  }
  Call* call = take_call(sink);
  if (call == nullptr) return false;
  track(Direction::c2s).call = call;
  const Track& server = track(Direction::s2c);
  if (!queue_.push(*call, where)) {
    call->doomed = true;
    call->fate = lost();
    call->flags |= lost_flag() | kFlagUncertain;
  } else if (server.ended) {
    queue_.remove(*call);
    call->doomed = true;
    call->fate = server.end_reason;
  }
  return true;
}

// A client that has all that the server said, and asks again, holds the last answer for complete. When that
// one's request was not seen, so do we: it was an answer to HEAD, or no answer at all.
void Connection::end_unasked_response(std::uint64_t client_acked, Sink& sink) {
  Track& t = track(Direction::s2c);
  if (t.phase == Phase::between || framing_known(Direction::s2c)) return;
  if (t.ended || client_acked < t.end) return;
  cut_response(message_of(Direction::s2c).body_size > 0 ? std::uint32_t{kFlagGap} : 0, sink);
}

bool Connection::begin_response(std::uint64_t start, const Window& window, Sink& sink) {
  Track& t = track(Direction::s2c);
  if (t.call != nullptr) return true;  // the final response behind an interim one
  const bool ordered = queue_.mode() == CallQueue::Mode::ordered;
  const CallQueue::Match match = queue_.match(start, window.peer_acked, window.time);
  if (match.verdict == CallQueue::Verdict::answer) {
    t.call = &call_of(*match.request);
    return true;
  }
  const bool uncertain = match.verdict == CallQueue::Verdict::uncertain;
  if (uncertain) settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
  Call* call = take_call(sink);
  if (call == nullptr) return false;
  t.call = call;
  call->fate = match.verdict == CallQueue::Verdict::given_up ? Reason::evicted
               : ordered && !uncertain                       ? Reason::unsolicited
                                                             : lost();
  if (!ordered) call->flags |= lost_flag();
  if (uncertain) call->flags |= lost_flag() | kFlagUncertain;
  return true;
}

Connection::Next Connection::step_start_line(Direction from, const Window& window, std::size_t& at,
                                             Sink& sink) {
  MessageState& m = message_of(from);
  const std::size_t room = Head::line_bytes_max(workshop_.limits) - m.head.line().size();
  const Bytes rest = window.bytes.subspan(at);
  const Bytes piece = rest.first(std::min(rest.size(), room));
  const void* found = piece.empty() ? nullptr : std::memchr(piece.data(), '\n', piece.size());
  const std::size_t length =
      found == nullptr ? piece.size()
                       : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - piece.data()) + 1;
  const bool stored = m.head.append_line(workshop_, piece.first(length));
  at += length;
  m.size += length;
  m.last_byte = window.time;
  if (found == nullptr && stored && piece.size() == rest.size()) return Next::go_on;
  if (found == nullptr || !stored || !accept_start_line(from))
    return malformed(from, window.offset + at, sink);
  track(from).phase = Phase::message;
  return Next::go_on;
}

// A regular head that lies in the window needs no llhttp. False: nothing was read, and what was set here is
// set anew by the other way.
bool Connection::read_whole_head(Direction from, const Window& window, std::size_t& at) {
  if (classify_ == nullptr) return false;
  ScannedHead head;
  const Bytes rest = window.bytes.subspan(at);
  if (!scan_head(rest, workshop_.limits.headers_max, classify_, head)) return false;
  if (head.bytes > Head::line_bytes_max(workshop_.limits)) return false;
  if (from == Direction::c2s && head.body.upgrade) return false;  // Connection says whether it is meant
  const Bytes line = rest.first(head.line_bytes - 2);
  const StartLine parsed = from == Direction::c2s ? parse_request_line(line) : parse_status_line(line);
  if (parsed.fault != Fault::none || parsed.lenient) return false;
  Track& t = track(from);
  MessageState& m = message_of(from);
  const Parser::Rules rules = body_rules(from, as_text(line), parsed);
  if (!t.parser.begin_body(rules, head.body, workshop_, m)) return false;
  if (!m.head.store(workshop_, rest.first(head.bytes), head, parsed)) return false;
  t.phase = Phase::message;
  queue_.saw(from, window.offset + at + head.line_bytes, window.peer_acked, window.time);
  at += head.bytes;
  m.size += head.bytes;
  m.last_byte = window.time;
  return true;
}

// The stored line ends with LF. True: llhttp goes on behind it.
bool Connection::accept_start_line(Direction from) {
  Track& t = track(from);
  MessageState& m = message_of(from);
  Bytes line = m.head.line();
  line = line.first(line.size() - 1);
  if (!line.empty() && line.back() == '\r') line = line.first(line.size() - 1);
  const StartLine parsed = from == Direction::c2s ? parse_request_line(line) : parse_status_line(line);
  if (parsed.fault != Fault::none) return false;
  if (parsed.lenient) t.call->flags |= kFlagMalformed;
  m.head.end_line(parsed);
  t.parser.begin(body_rules(from, as_text(line), parsed), m);
  return true;
}

// What the start line, and the request that is answered, say of the body.
Parser::Rules Connection::body_rules(Direction from, std::string_view line, const StartLine& parsed) {
  Call& call = *track(from).call;
  if (from == Direction::c2s) {
    call.wants_switch = line.substr(parsed.method.offset, parsed.method.length) == "CONNECT";
    return {.from = from, .bodyless = call.wants_switch};  // RFC 9110, 9.3.6: what follows is the tunnel
  }
  const std::string_view method =
      call.request.begun ? call.request.head.text(call.request.head.start_line().method) : "";
  const bool is_success = parsed.status >= 200 && parsed.status < 300;
  const bool bodyless = parsed.status < 200 || parsed.status == 204 || parsed.status == 304 ||
                        method == "HEAD" || (is_success && method == "CONNECT");
  const bool believed = call.request.begun || queue_.mode() == CallQueue::Mode::ordered;
  return {.from = from, .bodyless = bodyless, .open_end = believed};
}

Connection::Next Connection::step_message(Direction from, const Window& window, std::size_t& at, Sink& sink) {
  Track& t = track(from);
  MessageState& m = message_of(from);
  const Parser::Step fed = t.parser.feed(workshop_, m, window.bytes.subspan(at));
  at += fed.consumed;
  m.size += fed.consumed;
  if (fed.consumed > 0) m.last_byte = window.time;
  if (t.parser.lenient()) t.call->flags |= kFlagMalformed;
  switch (fed.result) {
    case Parser::Result::more:
      return Next::go_on;
    case Parser::Result::complete:
      return finish(from, sink);
    case Parser::Result::malformed:
      break;
  }
  return malformed(from, window.offset + at, sink);
}

Connection::Next Connection::malformed(Direction from, std::uint64_t end, Sink& sink) {
  ++workshop_.counters.malformed;
  queue_.blame(GapCause::content);
  cut(from, kFlagMalformed, sink);
  disturb(from, end, GapCause::content, sink);
  return Next::resync;
}

void Connection::on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) {
  Track& t = track(from);
  t.end += seen + missing;
  queue_.saw_hole(from, t.end);
  if (t.phase != Phase::message) return;
  MessageState& m = message_of(from);
  const std::uint64_t passed = std::min(seen + missing, t.parser.content_left());
  t.parser.pass(workshop_, m, passed);
  m.size += passed;
  if (last_byte != 0) m.last_byte = last_byte;
  if (missing > 0) t.call->flags |= kFlagGap;
}

Answer Connection::on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs, Sink& sink) {
  Track& t = track(from);
  t.end += missing;
  queue_.saw_hole(from, t.end);
  if (from == Direction::c2s) holding_ = false;
  if (from == Direction::c2s && switching_ != nullptr && t.phase == Phase::between) {
    t.held_cause = cause;
    t.lost_held = true;  // what was held is gone; whether it was HTTP is not known yet
    return {};
  }
  const bool believed = t.phase == Phase::message && (framing_known(from) || message_of(from).body_size > 0);
  const std::uint64_t left = believed ? t.parser.content_left() : 0;
  const std::uint64_t absorbed = std::min(left, missing);
  if (absorbed > 0) {
    MessageState& m = message_of(from);
    t.call->flags |= kFlagGap;
    m.size += absorbed;
    // A body's end is known, so the message is finished also when the hole goes on behind it.
    if (t.parser.pass(workshop_, m, absorbed) == Parser::Result::complete) finish(from, sink);
    if (absorbed == missing) return after_window(from, 0);
  }
  queue_.blame(cause);
  if (t.call != nullptr) cut(from, flag_of(cause), sink);
  t.lost_held = false;  // what follows it is looked for behind this hole
  disturb(from, t.end, cause, sink);
  ++workshop_.counters.resyncs;
  return {.want = Answer::Want::resync};
}

void Connection::on_end(Direction from, End end, TimeNs, Sink& sink) {
  Track& t = track(from);
  // Held bytes may be read when their direction has ended already, and begin a message.
  if (t.ended && t.call == nullptr) return;
  if (!t.ended) t.end_reason = reason_of(end);
  if (end == End::shed) queue_.blame(GapCause::sensor);
  t.ended = true;
  if (t.call != nullptr) {
    const bool whole = t.phase == Phase::message && t.parser.framing() == Parser::Framing::until_close &&
                       t.parser.content_left() > 0 && end == End::fin;
    if (whole)
      finish(from, sink);
    else
      cut(from, t.phase == Phase::between ? 0 : premature_end_flags(end), sink);
  }
  if (from == Direction::s2c)
    settle_queued(t.end_reason, end == End::shed ? std::uint32_t{kFlagGap} : 0, sink);
}

void Connection::on_close(End end, TimeNs time, Sink& sink) {
  on_end(Direction::c2s, end, time, sink);
  on_end(Direction::s2c, end, time, sink);
}

// Between two calls the queue alone has something to remember.
bool Connection::park(const Position& position, Memo& memo) const {
  for (const Direction d : {Direction::c2s, Direction::s2c}) {
    const Track& t = tracks_[index_of(d)];
    const bool idle = t.call == nullptr && t.phase == Phase::between && !t.ended && !t.lost_held;
    if (!idle || t.end != position.end[index_of(d)]) return false;
  }
  if (switching_ != nullptr || holding_ || !queue_.rests(position)) return false;
  memo = to_memo(queue_.rest());
  return true;
}

void Connection::resume(const Position& position, const Memo& memo) {
  for (const Direction d : {Direction::c2s, Direction::s2c}) track(d).end = position.end[index_of(d)];
  queue_.resume(from_memo<CallQueue::Rest>(memo), position);
}

}  // namespace spanlight::http
