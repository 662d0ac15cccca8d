#include "kafka/connection.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "kafka/kafka.h"
#include "kafka/recognise.h"
#include "kafka/walk.h"

namespace spanlight::kafka {
namespace {

// Behind the last value of an answer's layout: nothing but tagged fields. Short layouts are the heads of
// their answers, and of a version that is not known nobody knows the end.
bool may_end(const Request& as, Bytes behind) {
  constexpr std::size_t kHeadSlots = 3;
  if (as.version > as.api->version_max || as.api->response.size() <= kHeadSlots) return true;
  Reader r{behind};
  if (as.flexible) skip_tags(r);
  return r.ok() && r.at() == behind.size();
}

}  // namespace

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  Way& way = ways_[index_of(from)];
  std::size_t at = 0;
  while (at < window.bytes.size()) {
    std::uint64_t wanted = 0;
    if (way.lost && !search(window.bytes, at, wanted)) {
      if (wanted == 0) return {.consumed = at};
      return {.consumed = at, .want = Answer::Want::wait, .n = wanted};
    }
    const Bytes rest = window.bytes.subspan(at);
    if (!way.waits) {
      way.began = window.time;
      way.turn = ++turns_;
    }
    way.waits = true;
    if (rest.size() < kLengthBytes) return {.consumed = at, .want = Answer::Want::wait, .n = kLengthBytes};
    Reader r{rest};
    const auto length = r.be<std::uint32_t>();
    const std::uint64_t size = kLengthBytes + std::uint64_t{length};
    if (length > kFrameBytesMax || (length < kIdBytes && !rest_.tokens)) {
      ++workshop_.counters.malformed;
      return lose_way(from, GapCause::content, at + 1);
    }
    const std::size_t looked = static_cast<std::size_t>(std::min<std::uint64_t>(size, kLookedAtBytesMax));
    if (rest.size() < looked) return {.consumed = at, .want = Answer::Want::wait, .n = looked};
    way.waits = false;
    if (!take_frame(from, {rest.first(looked), size, way.began, window.time, way.turn}, sink)) {
      ++workshop_.counters.malformed;
      return lose_way(from, GapCause::content, at + 1);
    }
    if (rest.size() < size)
      return {.consumed = window.bytes.size(), .want = Answer::Want::skip, .n = size - rest.size()};
    at += size;
  }
  return {.consumed = at};
}

// The client's frames are found by their look. A server's say nothing but an id: one that is waited for.
Answer Connection::lose_way(Direction from, GapCause cause, std::size_t consumed) {
  Way& way = ways_[index_of(from)];
  way.waits = false;
  ++workshop_.counters.resyncs;
  if (from == Direction::c2s) return {.consumed = consumed, .want = Answer::Want::resync};
  way.lost = true;
  way.cause = cause;
  return {.consumed = consumed};
}

// True: a frame starts at `at`. False: not yet; `wanted` says how many bytes are, if it may start there. Ids
// are small numbers and stand in bodies too: of several places the one counts that is decided by the fewest
// bytes, so that what may become an answer does not hide one that is, however the bytes were cut.
bool Connection::search(Bytes window, std::size_t& at, std::uint64_t& wanted) {
  Way& way = ways_[index_of(Direction::s2c)];
  // Nothing is waited for: two answers whose ids follow one another.
  if (front_ == nullptr) {
    const Sync found = kDescriptor.find(Direction::s2c, window.subspan(at));
    at += found.skip;
    if (!found.found && at < window.size()) wanted = window.size() - at + 1;
    way.lost = !found.found;
    return found.found;
  }
  std::size_t maybe = window.size(), found = window.size(), decided = window.size() + 1;
  for (std::size_t i = at; i < decided && i < window.size(); ++i) {
    std::size_t needed = 0;
    const Look look = look_answer(window.subspan(i), needed);
    if (look == Look::more && maybe == window.size()) maybe = i;
    if (look != Look::yes || i + needed >= decided) continue;
    found = i;
    decided = i + needed;
  }
  way.lost = found == window.size();
  at = way.lost ? maybe : found;
  if (way.lost && maybe < window.size()) wanted = window.size() - maybe + 1;
  return !way.lost;
}

// An id that is waited for, and a body that is that request's answer to its last byte; of a long one as much
// as is looked at. `needed`: by so many bytes it is decided.
Look Connection::look_answer(Bytes rest, std::size_t& needed) {
  constexpr std::size_t kJudgedBytes = 512;
  const Response response = parse_response(rest);
  if (response.fault == Fault::short_input) return Look::more;
  if (response.fault != Fault::none) return Look::no;
  const Call* call = find(response.id, kLookedForMax);  // each byte may look like an id
  if (call == nullptr) return Look::no;
  const Request request = parse_request(call->bytes());
  if (request.fault != Fault::none) return Look::no;
  needed = static_cast<std::size_t>(std::min<std::uint64_t>(response.size, kJudgedBytes));
  const Bytes frame = rest.first(std::min(rest.size(), needed));
  const Bytes body = frame.subspan(response_body_at(request, frame));
  const Request as = read_as(request, body);
  Walk walk(as.api->response, static_cast<std::uint8_t>(as.version), as.flexible, body);
  for (Walk::Value value; walk.next(value);) {
  }
  const bool goes_on = walk.fault() == Fault::short_input && frame.size() < response.size;
  if (walk.fault() != Fault::none && !goes_on) return Look::no;
  if (frame.size() < needed) return Look::more;
  return goes_on || may_end(as, body.subspan(walk.at())) ? Look::yes : Look::no;
}

void Connection::on_skipped(Direction from, std::uint64_t, std::uint64_t missing, TimeNs) {
  if (missing > 0) rest_.holes |= static_cast<std::uint8_t>(1u << index_of(from));
}

Answer Connection::on_gap(Direction from, std::uint64_t, GapCause cause, TimeNs, Sink&) {
  const auto bit = static_cast<std::uint8_t>(1u << index_of(from));
  rest_.holes |= bit;
  if (cause == GapCause::sensor) rest_.blamed |= bit;
  for (Call* call = front_; call != nullptr && from == Direction::s2c; call = call->next) {
    call->hole = true;
    call->cause = cause;
  }
  const Answer answer = lose_way(from, cause, 0);
  return from == Direction::c2s ? answer : Answer{};  // answers are looked for here
}

void Connection::on_end(Direction from, End end, TimeNs, Sink& sink) {
  ways_[index_of(from)].waits = false;
  if (from == Direction::s2c) settle_all(reason_of(end), sink);
}

void Connection::on_close(End end, TimeNs, Sink& sink) {
  settle_all(reason_of(end), sink);
}

void Connection::on_time(TimeNs now, Sink& sink) {
  while (front_ != nullptr && next_deadline() <= now) {
    ++rest_.given_up;
    settle(*front_, Reason::unanswered, sink);
  }
}

TimeNs Connection::next_deadline() const {
  return front_ == nullptr ? kNever : front_->last_byte + workshop_.limits.answer_timeout_ns;
}

bool Connection::park(const Position&, Memo& memo) const {
  if (front_ != nullptr || ways_[0].waits || ways_[1].waits || ways_[1].lost) return false;
  memo = to_memo(rest_);
  return true;
}

void Connection::resume(const Position&, const Memo& memo) {
  rest_ = from_memo<Rest>(memo);
}

}  // namespace spanlight::kafka
