// The way of the bytes: windows, holes and ends, to packets. What they say: client.cpp, server.cpp; what
// becomes of calls: calls.cpp.

#include "mysql/connection.h"

#include <algorithm>

namespace spanlight::mysql {
namespace {

constexpr std::uint64_t kSkipWorthwhile = 256;  // fewer bytes are not worth a detour of the pipeline's

std::uint32_t premature_end_flags(End end) {
  // The peers broke off, or the sensor saw no more of it.
  if (end == End::shed) return kFlagGap | kFlagTruncatedBody;
  return end == End::fin || end == End::reset ? kFlagMalformed | kFlagTruncatedBody : kFlagTruncatedBody;
}

// What a resting connection has to know, in the queue's rest.
constexpr unsigned kEofShift = 30;
constexpr std::uint32_t kForgot = 1u << 29;
constexpr std::uint32_t kUnreadMask = kForgot - 1;

}  // namespace

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  Way& w = way(from);
  w.end = window.offset + window.bytes.size();
  if (from == Direction::c2s && w.call != nullptr && queue_.is_over(*w.call, window.peer_acked)) {
    cut_request(kFlagGap, sink);
    w.left = 0;
    w.continued = false;
  }
  std::size_t consumed = 0;
  if (!compressed_.on()) {
    const Answer answer = read(from, window, sink);
    if (answer.want != Answer::Want::data) return answer;
    consumed = answer.consumed;
    if (!compressed_.on()) return after_window(from, consumed);
    if (consumed == window.bytes.size()) return answer;
  }
  const Window rest{.bytes = window.bytes.subspan(consumed),
                    .offset = window.offset + consumed,
                    .time = window.time,
                    .peer_acked = window.peer_acked};
  Answer answer = compressed_.on_data(
      workshop_, from, rest, [&](const Window& within) { return read(from, within, sink); },
      [&](std::uint64_t end) { give_up_order(from, end, GapCause::content, sink); },
      [&](std::uint64_t end) { queue_.saw(from, end, window.peer_acked, window.time); });
  answer.consumed += consumed;
  return answer;
}

// Whole packets, and what has come of the payload of another; never asks for a skip.
Answer Connection::read(Direction from, const Window& window, Sink& sink) {
  Way& w = way(from);
  std::size_t at = 0;
  const bool compressed = compressed_.on();
  while (at < window.bytes.size()) {
    if (compressed != compressed_.on()) break;  // from here on it is
    const Bytes rest = window.bytes.subspan(at);
    Next next = Next::go_on;
    if (w.left > 0) {
      const std::uint64_t n = std::min<std::uint64_t>(w.left, rest.size());
      at += static_cast<std::size_t>(n);
      if (!compressed) queue_.saw(from, window.offset + at, window.peer_acked, window.time);
      pass(from, n, window.time, sink);
      continue;
    }
    if (w.began == 0) {
      w.began = window.time;
      w.acked = window.peer_acked;
      w.turn = ++turn_;
    }
    if (rest.size() < kHeaderBytes) return {.consumed = at, .want = Answer::Want::wait, .n = kHeaderBytes};
    const Header header = header_of(rest);
    const std::size_t wanted = kHeaderBytes + head_bytes(from, header, rest);
    if (rest.size() < wanted) return {.consumed = at, .want = Answer::Want::wait, .n = wanted};
    const std::uint64_t start = window.offset + (compressed ? 0 : at);
    if (!compressed) queue_.saw(from, start + kHeaderBytes, window.peer_acked, window.time);
    next = take(from,
                {.header = header,
                 .head = rest.subspan(kHeaderBytes, wanted - kHeaderBytes),
                 .start = start,
                 .time = window.time,
                 .first_byte = w.began,
                 .acked = w.acked,
                 .turn = w.turn},
                sink);
    w.began = 0;
    if (next == Next::resync) {
      ++workshop_.counters.resyncs;
      return {.consumed = at + kHeaderBytes, .want = Answer::Want::resync};
    }
    at += kHeaderBytes;
    if (next == Next::identify) return {.consumed = at + header.length, .want = Answer::Want::identify};
  }
  return {.consumed = at};
}

std::size_t Connection::statement_bytes_max() const {
  const std::size_t wanted = workshop_.limits.previews_shed ? 0 : workshop_.limits.body_preview_bytes;
  return std::clamp(wanted, kStatementBytesMin, kStatementBytesMax);
}

// How much of a packet's payload has to be there at once.
std::size_t Connection::head_bytes(Direction from, Header header, Bytes rest) const {
  if (header.length == 0 || ways_[index_of(from)].continued) return 0;
  const auto up_to = [&](std::size_t n) { return std::min<std::size_t>(header.length, n); };
  if (from == Direction::c2s) {
    if (header.sequence == 0 && !ways_[index_of(from)].wraps) return up_to(1 + statement_bytes_max());
    return phase_ == Phase::start ? up_to(kLoginBytesMax) : 0;
  }
  const bool rows =
      stage_ == Stage::rows || stage_ == Stage::fields || stage_ == Stage::columns || stage_ == Stage::events;
  if (!rows || ways_[index_of(from)].call == nullptr) return up_to(kAnswerBytesMax);
  if (rest.size() <= kHeaderBytes) return 1;
  return rest[kHeaderBytes] >= 0xfe ? up_to(kAnswerBytesMax) : 1;
}

Connection::Next Connection::take(Direction from, const Packet& packet, Sink& sink) {
  Way& w = way(from);
  w.lost = false;
  const bool goes_on = w.continued;
  w.continued = packet.header.length == kPayloadMax;
  Next next = Next::go_on;
  if (!goes_on) {
    w.last = from == Direction::c2s;
    next = from == Direction::c2s ? take_client(packet, sink) : take_server(packet, sink);
    if (next == Next::identify) return next;
  }
  if (next == Next::resync) return next;
  // Numbers have one byte: those of a file go round, until the empty packet that ends it.
  constexpr std::uint8_t kSequenceMax = 0xff;
  w.wraps = from == Direction::c2s && packet.header.sequence == kSequenceMax &&
            (goes_on || packet.header.length > 0);
  if (w.call != nullptr) (from == Direction::c2s ? w.call->size : w.call->answer_size) += kHeaderBytes;
  w.left = packet.header.length;
  if (w.left == 0) {
    if (w.call != nullptr) (from == Direction::c2s ? w.call->last_byte : w.call->answer_last) = packet.time;
    end_packet(from, sink);
  }
  return Next::go_on;
}

void Connection::pass(Direction from, std::uint64_t n, TimeNs time, Sink& sink) {
  Way& w = way(from);
  w.left -= n;
  if (w.call != nullptr) {
    (from == Direction::c2s ? w.call->size : w.call->answer_size) += n;
    if (time != 0) (from == Direction::c2s ? w.call->last_byte : w.call->answer_last) = time;
  }
  if (w.left == 0) end_packet(from, sink);
}

void Connection::end_packet(Direction from, Sink& sink) {
  const Way& w = way(from);
  if (w.continued || !w.last || w.call == nullptr) return;
  if (from == Direction::c2s)
    finish_request(sink);
  else
    finish_answer(sink);
}

// A payload that nobody looks at passes by counter; its last byte is left for on_data, since on_skipped has
// no sink.
Answer Connection::after_window(Direction from, std::size_t consumed) const {
  const Way& w = ways_[index_of(from)];
  // Of an answer whose command was not seen every byte counts: what the client had of it says what comes
  // next.
  const bool known = from == Direction::c2s || (w.call != nullptr && w.call->asked);
  if (known && w.left > kSkipWorthwhile)
    return {.consumed = consumed, .want = Answer::Want::skip, .n = w.left - 1};
  return {.consumed = consumed};
}

void Connection::on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) {
  Way& w = way(from);
  w.end += seen + missing;
  queue_.saw_hole(from, w.end);
  const std::uint64_t n = std::min(seen + missing, w.left);
  w.left -= n;
  if (w.call == nullptr) return;
  (from == Direction::c2s ? w.call->size : w.call->answer_size) += n;
  if (last_byte != 0) (from == Direction::c2s ? w.call->last_byte : w.call->answer_last) = last_byte;
  if (missing > 0) w.call->flags |= kFlagGap;
}

Answer Connection::on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs, Sink& sink) {
  Way& w = way(from);
  w.end += missing;
  queue_.saw_hole(from, w.end);
  if (!compressed_.on() && w.left > 0 && missing > 0) {
    const std::uint64_t absorbed = std::min(w.left, missing);
    if (w.call != nullptr) w.call->flags |= kFlagGap;
    pass(from, absorbed, 0, sink);
    if (absorbed == missing) return after_window(from, 0);
  }
  const bool compressed = compressed_.on();
  give_up_order(from, w.end, cause, sink);
  if (compressed) {
    compressed_.gap(from, missing);
    return {};
  }
  return {.want = Answer::Want::resync};
}

// Bytes are missing, or were not understood, up to `end`.
Connection::Next Connection::give_up_order(Direction from, std::uint64_t end, GapCause cause, Sink& sink) {
  Way& w = way(from);
  queue_.blame(cause);
  if (w.call != nullptr) cut(from, flag_of(cause), sink);
  // Of its file some is missing.
  if (from == Direction::c2s && file_call() != nullptr) file_call()->flags |= flag_of(cause);
  w.left = 0;
  w.began = 0;
  w.continued = w.last = w.wraps = false;
  w.lost = true;
  forget(from);
  if (compressed_.on()) {
    compressed_.lose(workshop_, from);
    ++workshop_.counters.resyncs;
  }
  disturb(from, end, cause, sink);
  return Next::resync;
}

// The client may have done anything in a hole: used another database, prepared a statement. That it became
// another user is not expected.
void Connection::forget(Direction from) {
  if (from == Direction::s2c) return;
  unknown_user_ = unknown_user_ || (phase_ == Phase::start && !memory_.empty());
  if (phase_ == Phase::start) phase_ = Phase::commands;
  forgot_ = forgot_ || memory_.knows_more_than_user();
  memory_.forget_all_but_user(workshop_);
}

void Connection::on_end(Direction from, End end, TimeNs, Sink& sink) {
  Way& w = way(from);
  if (w.ended) return;
  w.end_reason = reason_of(end);
  if (end == End::shed) queue_.blame(GapCause::sensor);
  w.ended = true;
  // Events come for as long as the connection lives: between two of them its end is theirs.
  const bool ends_events = from == Direction::s2c && end == End::fin && stage_ == Stage::events &&
                           w.left == 0 && w.began == 0 && !w.continued;
  if (w.call != nullptr) cut(from, ends_events ? 0 : premature_end_flags(end), sink);
  if (from == Direction::s2c)
    settle_queued(w.end_reason, end == End::shed ? std::uint32_t{kFlagGap} : 0, sink);
}

void Connection::on_close(End end, TimeNs time, Sink& sink) {
  on_end(Direction::c2s, end, time, sink);
  on_end(Direction::s2c, end, time, sink);
  memory_.release(workshop_);
  compressed_.release(workshop_);
}

// Who has logged in, and what was prepared, has to be kept; without that the queue alone remembers something.
bool Connection::park(const Position& position, Memo& memo) const {
  for (const Direction d : {Direction::c2s, Direction::s2c}) {
    const Way& w = ways_[index_of(d)];
    if (w.call != nullptr || w.left > 0 || w.began != 0 || w.continued || w.wraps || w.lost || w.ended)
      return false;
    if (w.end != position.end[index_of(d)]) return false;
  }
  if (phase_ != Phase::commands || compressed_.on() || capabilities_ != 0 || !memory_.empty()) return false;
  if (!queue_.rests(position)) return false;
  CallQueue::Rest rest = queue_.rest();
  if (rest.unread > kUnreadMask) return false;
  rest.unread |= static_cast<std::uint32_t>(eof_) << kEofShift;
  if (forgot_) rest.unread |= kForgot;
  memo = to_memo(rest);
  return true;
}

void Connection::resume(const Position& position, const Memo& memo) {
  for (const Direction d : {Direction::c2s, Direction::s2c}) way(d).end = position.end[index_of(d)];
  auto rest = from_memo<CallQueue::Rest>(memo);
  eof_ = static_cast<Eof>(rest.unread >> kEofShift);
  forgot_ = (rest.unread & kForgot) != 0;
  rest.unread &= kUnreadMask;
  phase_ = Phase::commands;
  queue_.resume(rest, position);
}

}  // namespace spanlight::mysql
