#include "core/call_queue.h"

#include <algorithm>
#include <cassert>

namespace spanlight {

namespace {

// What stands for the proof that nothing is outstanding any more, when several requests were: see README.md
// of http, "Until the queue drains".
constexpr std::uint32_t kBatchesMin = 16;
constexpr DurationNs kQuietMinNs = kSecondNs;
constexpr DurationNs kQuietAnswers = 4;  // times the slowest answer

}  // namespace

namespace {

constexpr unsigned kTimeShift = 10;

constexpr std::uint64_t shortened(std::uint64_t ns) {
  return (ns >> kTimeShift) + ((ns & ((1u << kTimeShift) - 1)) != 0 ? 1 : 0);
}

constexpr std::uint32_t saturated(std::uint64_t n) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(n, ~std::uint32_t{0}));
}

}  // namespace

bool CallQueue::rests(const Position& position) const {
  const std::uint64_t s2c_end = position.end[index_of(Direction::s2c)];
  return size_ == 0 && mode_ == Mode::ordered && given_up_ == 0 && !answering_ && !speaking_ && !unproven_ &&
         s2c_end_ == s2c_end && s2c_seen_end_ == s2c_end && client_acked_ <= s2c_end &&
         server_acked_ == position.end[index_of(Direction::c2s)];
}

CallQueue::Rest CallQueue::rest() const {
  constexpr std::uint64_t kBatchesMax = 31;
  static_assert(kBatchesMax >= kBatchesMin);
  return {.newest_us = shortened(newest_) & ((std::uint64_t{1} << 52) - 1),
          .batches = std::min<std::uint64_t>(batches_, kBatchesMax) & kBatchesMax,
          .cause = static_cast<std::uint64_t>(cause_) & 3,
          .pipelining = pipelining_ ? 1u : 0u,
          .refills = refills_ ? 1u : 0u,
          .in_step = in_step_ ? 1u : 0u,
          .had_hole = c2s_hole_end_ > 0 ? 1u : 0u,
          .slowest_us = saturated(shortened(slowest_ns_)),
          .unread = saturated(s2c_end_ - client_acked_)};
}

// Holes lie behind the requests that come now, wherever they were.
void CallQueue::resume(const Rest& rest, const Position& position) {
  server_acked_ = position.end[index_of(Direction::c2s)];
  s2c_end_ = s2c_seen_end_ = position.end[index_of(Direction::s2c)];
  client_acked_ = s2c_end_ - rest.unread;
  newest_ = rest.newest_us << kTimeShift;
  slowest_ns_ = DurationNs{rest.slowest_us} << kTimeShift;
  batches_ = static_cast<std::uint32_t>(rest.batches);
  cause_ = static_cast<GapCause>(rest.cause);
  pipelining_ = rest.pipelining != 0;
  refills_ = rest.refills != 0;
  in_step_ = rest.in_step != 0;
  c2s_hole_end_ = rest.had_hole != 0 ? server_acked_ : 0;
}

void CallQueue::saw(Direction from, std::uint64_t end_offset, std::uint64_t peer_acked, TimeNs time) {
  newest_ = std::max(newest_, time);
  if (from == Direction::c2s) return;
  s2c_end_ = std::max(s2c_end_, end_offset);
  s2c_seen_end_ = std::max(s2c_seen_end_, end_offset);
  server_acked_ = std::max(server_acked_, peer_acked);
}

void CallQueue::saw_hole(Direction from, std::uint64_t end_offset) {
  if (from == Direction::s2c) s2c_end_ = std::max(s2c_end_, end_offset);
}

void CallQueue::disturb(Direction from, std::uint64_t end_offset, GapCause cause) {
  cause_ = cause;
  if (mode_ == Mode::ordered) mode_ = Mode::searching;
  in_step_ = false;
  if (from == Direction::c2s) {
    answered_end_ = size_ == 0 && !answering_ ? s2c_end_ : kNowhere;
    c2s_hole_end_ = std::max(c2s_hole_end_, end_offset);
    unproven_ = true;
  } else {
    s2c_end_ = std::max(s2c_end_, end_offset);
    for (OpenRequest* r = front_; r != nullptr; r = r->next) r->touched = true;
  }
  std::uint64_t owed = std::uint64_t{given_up_} + (answering_ ? 1 : 0);
  for (const OpenRequest* r = front_; r != nullptr; r = r->next) owed += r->trusted ? 1 : 0;
  if (mode_ == Mode::searching && (owed > 1 || given_up_ > 0 || pipelining_)) {
    enter_uncertain();
  }
}

// Answers cannot be counted down behind a hole, since text in a body may look like one.
void CallQueue::enter_uncertain() {
  mode_ = Mode::uncertain;
  given_up_ = 0;
}

void CallQueue::prove_pipelining() {
  pipelining_ = true;
  enter_uncertain();
}

// Both directions at rest: the client had received all that the server had said, and the server all that the
// client had said before. When the server's last bytes are missing, what it had received then is not known.
bool CallQueue::is_turn(const RequestStart& start) const {
  if (start.client_acked < s2c_end_ || start.client_acked == 0) return false;
  return start.offset == server_acked_ ||
         (start.client_acked > s2c_seen_end_ && start.offset > server_acked_);
}

// Several requests were outstanding behind a hole. A turn says that neither side is still being heard, not
// that the server has nothing left to answer: that is taken from the client's ways, or from a long silence.
bool CallQueue::is_drained(const RequestStart& start) const {
  const bool at_rest = !speaking_ && start.client_acked == s2c_end_ && s2c_end_ == s2c_seen_end_ &&
                       start.offset == server_acked_ && start.client_acked > client_acked_;
  if (!at_rest) return false;
  if (!refills_ && batches_ >= kBatchesMin) return true;
  return start.time >= newest_ + std::max(kQuietMinNs, kQuietAnswers * slowest_ns_);
}

// A request on its own says nothing of whether its client waits for a whole batch.
void CallQueue::note_batch(const RequestStart& start) {
  if (size_ == 0 && !answering_)
    batch_acked_ = start.client_acked;
  else if (start.client_acked != batch_acked_)
    refills_ = true;
  else if (size_ == 1)
    ++batches_;
}

CallQueue::Fate CallQueue::before_push(const RequestStart& start) {
  if (mode_ == Mode::ordered) return Fate::stay;
  if (mode_ == Mode::uncertain) {
    if (!is_drained(start)) return Fate::uncertain;
    mode_ = Mode::ordered;
    unproven_ = false;
    in_step_ = true;
    return Fate::stay;
  }
  if (answering_) {
    enter_uncertain();
    return Fate::uncertain;
  }
  if (size_ == 0) return Fate::stay;
  // The client had received something since it sent the last request, before it sent this one: with one
  // request at a time that was the answer, and it was not seen.
  if (start.client_acked > back_->client_acked) return Fate::lost;
  // It may be text in a body that looks like a request: request_ended() tells.
  if (unproven_) return Fate::stay;
  enter_uncertain();
  return Fate::uncertain;
}

// Behind a hole a whole request proves that the client does not wait if another one is queued, or if it
// follows a whole one that was sent without an answer to what is in the hole. One alone may be text in a
// body; but the rest of that body would follow, and not another request.
bool CallQueue::request_ended(OpenRequest& request, std::uint64_t end) {
  request.end = end;
  if (mode_ != Mode::searching) return false;
  const bool another_queued = !request.trusted && request.queued && size_ > 1;
  const bool follows = request.start == unawaited_end_;
  if (request.unawaited) unawaited_end_ = end;
  if (!another_queued && !follows) return false;
  prove_pipelining();
  return true;
}

bool CallQueue::is_over(const OpenRequest& request, std::uint64_t client_acked) const {
  return mode_ == Mode::searching && !request.trusted && client_acked > request.client_acked;
}

bool CallQueue::push(OpenRequest& request, const RequestStart& start) {
  client_acked_ = start.client_acked;
  if (mode_ == Mode::uncertain) return false;
  if (mode_ == Mode::ordered) note_batch(start);
  request.sent = start.time;
  request.start = start.offset;
  request.client_acked = start.client_acked;
  request.next = nullptr;
  // Behind a break in c2s it may be text in the body of the one before.
  request.pipelined = !unproven_ && (size_ > 0 || answering_);
  pipelining_ = pipelining_ || request.pipelined;
  request.touched = false;
  request.trusted = mode_ == Mode::ordered || !unproven_ || is_turn(start);
  request.unawaited = !request.trusted && answered_end_ != kNowhere && start.client_acked <= answered_end_;
  if (request.trusted) unproven_ = false;
  request.queued = true;
  (back_ != nullptr ? back_->next : front_) = &request;
  back_ = &request;
  ++size_;
  return true;
}

CallQueue::Match CallQueue::match(std::uint64_t start, std::uint64_t server_acked, TimeNs time) {
  speaking_ = true;
  switch (mode_) {
    case Mode::uncertain:
      return {Verdict::uncertain, nullptr};
    case Mode::searching:
      return search(start, server_acked, time);
    case Mode::ordered:
      break;
  }
  if (given_up_ > 0) {
    --given_up_;
    return {Verdict::given_up, nullptr};
  }
  return front_ == nullptr ? unasked() : answer(*front_, time);
}

CallQueue::Match CallQueue::answer(OpenRequest& request, TimeNs time) {
  remove(request);
  answering_ = true;
  if (time > request.sent) slowest_ns_ = std::max(slowest_ns_, time - request.sent);
  return {Verdict::answer, &request};
}

// The server had more than this request when it began to answer it, and what more there was is in a hole: the
// client did not wait.
bool CallQueue::pipelined_behind(const OpenRequest& request, std::uint64_t server_acked) const {
  return request.end != 0 && server_acked > request.end && c2s_hole_end_ > request.end;
}

// Nothing is missing, and yet nobody asked: the server spoke by itself, or its answer overtook the request
// (limits on what is held while the other side of a TAP is late). A request that was already sent then is not
// to be paired with the next answer. Directly behind a paired answer, and behind an earlier hole: there were
// requests that waited, and the client pipelines.
CallQueue::Match CallQueue::unasked() {
  if (mode_ == Mode::ordered && !in_step_) {
    mode_ = Mode::searching;
    cause_ = GapCause::sensor;
  }
  if (!in_step_) return {Verdict::no_request, nullptr};
  refills_ = true;
  prove_pipelining();
  return {Verdict::uncertain, nullptr};
}

CallQueue::Match CallQueue::search(std::uint64_t start, std::uint64_t server_acked, TimeNs time) {
  if (front_ == nullptr) return unasked();
  const bool had_it = server_acked > front_->start;
  if (front_->client_acked == start && pipelined_behind(*front_, server_acked)) {
    prove_pipelining();
    return {Verdict::uncertain, nullptr};
  }
  if (size_ == 1 && front_->trusted && had_it && front_->client_acked == start) {
    // In step again, unless requests may have gone by behind this one.
    if (front_->start >= c2s_hole_end_) mode_ = Mode::ordered;
    in_step_ = c2s_hole_end_ > 0;
    return answer(*front_, time);
  }
  // Causality: who was not yet heard, or sent its request after this answer had begun, did not ask for it.
  bool possible = server_acked == 0;
  for (const OpenRequest* r = front_; r != nullptr && !possible; r = r->next)
    possible = r->start < server_acked && r->client_acked <= start;
  return {possible ? Verdict::uncertain : Verdict::no_request, nullptr};
}

void CallQueue::remove(OpenRequest& request) {
  if (!request.queued) return;
  OpenRequest* before = nullptr;
  OpenRequest* at = front_;
  while (at != nullptr && at != &request) {
    before = at;
    at = at->next;
  }
  assert(at == &request);
  (before != nullptr ? before->next : front_) = request.next;
  if (back_ == &request) back_ = before;
  request.next = nullptr;
  request.queued = false;
  --size_;
}

void CallQueue::give_up(OpenRequest& request) {
  if (!request.queued) return;
  assert(&request == front_);
  remove(request);
  if (mode_ == Mode::ordered) ++given_up_;
  if (mode_ == Mode::searching) enter_uncertain();
}

}  // namespace spanlight
