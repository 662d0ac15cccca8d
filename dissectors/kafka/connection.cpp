#include "kafka/connection.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "kafka/recognise.h"
#include "kafka/walk.h"

namespace spanlight::kafka {
namespace {

// Behind the last value of an answer's layout: nothing but tagged fields, as far as they are there. Short
// layouts are the heads of their answers, and of a version that is not known nobody knows the end.
bool may_end(const Request& as, Bytes behind, bool cut) {
  constexpr std::size_t kHeadSlots = 3;
  if (as.version > as.api->version_max || as.api->response.size() <= kHeadSlots) return true;
  Reader r{behind};
  if (as.flexible) skip_tags(r);
  if (cut && r.fault() == Fault::short_input) return true;
  return r.ok() && r.at() == behind.size();
}

}  // namespace

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  Way& way = ways_[index_of(from)];
  std::size_t at = 0;
  while (at < window.bytes.size()) {
    if (way.lost && !search(window, at)) {
      if (at == window.bytes.size()) return {.consumed = at};
      return {.consumed = at, .want = Answer::Want::wait, .n = window.bytes.size() - at + 1};
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
    const bool is_frame = length <= kFrameBytesMax && (length >= kIdBytes || rest_.tokens);
    const auto looked = static_cast<std::size_t>(std::min<std::uint64_t>(size, kLookedAtBytesMax));
    if (is_frame && rest.size() < looked) return {.consumed = at, .want = Answer::Want::wait, .n = looked};
    if (!is_frame || !take_frame(from, {rest.first(looked), size, way.began, window.time, way.turn}, sink)) {
      ++workshop_.counters.malformed;
      const Answer answer = lose_way(from, GapCause::content, ++at);
      if (from == Direction::c2s) return answer;
      continue;
    }
    way.waits = false;
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
  way.place_waits = false;
  return {.consumed = consumed};
}

// True: a frame starts at `at`. False: not yet; what is left of the window waits. Each place is judged once:
// ids are small numbers and stand in bodies too, so a place that may begin an answer is not waited at for
// long.
bool Connection::search(const Window& window, std::size_t& at) {
  constexpr DurationNs kPatience = 20 * kMillisecondNs;
  Way& way = ways_[index_of(Direction::s2c)];
  const std::size_t waited_at = std::exchange(way.place_waits, false) ? at : window.bytes.size();
  Look look = Look::no;
  if (front_ == nullptr) {  // nothing is waited for: two answers whose ids follow one another
    const Sync found = first_of(window.bytes.subspan(at), signs(Direction::s2c),
                                [](Bytes rest) { return begins(Direction::s2c, rest); });
    at += found.skip;
    look = found.found ? Look::yes : Look::more;
  } else {
    if (at == waited_at && window.time > way.began + kPatience) ++at;
    while (at < window.bytes.size() && (look = look_answer(window.bytes.subspan(at))) == Look::no) ++at;
  }
  way.lost = at == window.bytes.size() || look != Look::yes;
  // What had come before a question was asked does not answer it. A place counts as come when its turn came
  // to be judged.
  if (at != waited_at) {
    way.turn = ++turns_;
    way.began = window.time;
  }
  way.place_waits = way.lost && at < window.bytes.size();
  way.waits = !way.lost;
  return !way.lost;
}

// An id that is waited for, and a body that is that request's answer to its last byte; of a long one as much
// as is looked at.
Look Connection::look_answer(Bytes rest) {
  constexpr std::size_t kJudgedBytes = 512;
  const Response response = parse_response(rest);
  if (response.fault == Fault::short_input) return Look::more;
  if (response.fault != Fault::none) return Look::no;
  const Call* call = find(response.id, kLookedForMax);  // each byte may look like an id
  if (call == nullptr) return Look::no;
  const Request request = parse_request(call->bytes());
  if (request.fault != Fault::none) return Look::no;
  const auto needed = static_cast<std::size_t>(std::min<std::uint64_t>(response.size, kJudgedBytes));
  const Bytes frame = rest.first(std::min(rest.size(), needed));
  const Bytes body = frame.subspan(response_body_at(request, frame));
  const bool cut = frame.size() < response.size;
  if (frame.size() == needed && body.empty()) return Look::no;  // tagged fields without an end
  const Request as = read_as(request, body);
  Walk walk(as.api->response, static_cast<std::uint8_t>(as.version), as.flexible, body);
  for (Walk::Value value; walk.next(value);) {
  }
  const bool goes_on = walk.fault() == Fault::short_input && cut;
  if (walk.fault() != Fault::none && !goes_on) return Look::no;
  if (frame.size() < needed) return Look::more;
  return goes_on || may_end(as, body.subspan(walk.at()), cut) ? Look::yes : Look::no;
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
  while (next_deadline() <= now) {
    ++rest_.given_up;
    settle(*next_due(), Reason::unanswered, sink);
  }
}

TimeNs Connection::next_deadline() const {
  const Call* call = next_due();
  return call == nullptr ? kNever : call->last_byte + workshop_.limits.answer_timeout_ns;
}

// The oldest that has a deadline.
Call* Connection::next_due() const {
  Call* call = front_;
  while (call != nullptr && call->blocks) call = call->next;
  return call;
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
