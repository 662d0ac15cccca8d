// Which answer belongs to which method, and what becomes of those without one.

#include "amqp/connection.h"

namespace spanlight::amqp {
namespace {

std::uint64_t id_of(std::uint16_t channel, std::uint32_t method) {
  return std::uint64_t{channel} << 32 | method;
}
std::uint16_t channel_of(const OpenQuestion& call) {
  return static_cast<std::uint16_t>(call.id >> 32);
}

std::uint32_t method_of(const OpenQuestion& call) {
  return static_cast<std::uint32_t>(call.id);
}

bool is_close(std::uint32_t method) {
  return method == method::kChannelClose || method == method::kConnectionClose;
}

}  // namespace

void Connection::take_method(Direction from, const Half& half, bool turn, Sink& sink) {
  if (half.method->has_content()) return begin_content(from, half, sink);
  if (half.method->answers != 0) return answer(from, half, 0, sink);
  if (is_close(half.method->id)) settle_closed(from, half, Reason::closed, sink);
  if (half.method->is_answered && !half.no_wait) return ask(from, half, turn, sink);
  say(from, half, 0, sink);
}

void Connection::ask(Direction from, const Half& half, bool turn, Sink& sink) {
  const bool by_client = from == Direction::c2s;
  if (by_client && rest_.in_doubt && turn && open_.front(from) == nullptr) rest_.in_doubt = false;
  if (open_.full(workshop_.limits)) {
    ++workshop_.counters.open_calls_exceeded;
    settle(*open_.front(), Reason::evicted, nullptr, sink);
  }
  OpenQuestion* call = open_.open(workshop_, from, id_of(half.channel, half.method->id), half.frame);
  if (call == nullptr) {
    const Exchange told{.state = State::no_response,
                        .reason = Reason::evicted,
                        .flags = half.frame.flags,
                        .asked_by = from,
                        .request = &half};
    return emit_exchange(workshop_.limits, workshop_.counters, told, sink);
  }
  if (by_client && rest_.in_doubt) call->flags |= rest_.holes.flag(from);
  if (const OpenQuestion* close = find_close(opposite(from), half)) {
    const Half closed_by = Half::of(close->question());
    settle(*call, Reason::closed, &closed_by, sink);
  }
}

// What closed the channel of `half`, or the connection, and was not answered before it for sure.
const OpenQuestion* Connection::find_close(Direction closer, const Half& half) const {
  for (const OpenQuestion* call = open_.front(); call != nullptr; call = call->newer) {
    const std::uint32_t closing = method_of(*call);
    const bool all = closing == method::kConnectionClose;
    if (call->from == closer && !call->hole && is_close(closing) && closing != half.method->id &&
        (all || channel_of(*call) == half.channel))
      return call;
  }
  return nullptr;
}

// Of several that wait for the same method on the same channel, behind a hole that may hold answers to some.
bool Connection::is_ambiguous(const OpenQuestion& oldest) const {
  if (!oldest.hole) return false;
  for (const OpenQuestion* call = oldest.newer; call != nullptr; call = call->newer)
    if (call->id == oldest.id && call->from == oldest.from) return true;
  return false;
}

void Connection::answer(Direction from, const Half& half, std::uint32_t flags, Sink& sink) {
  const Direction asker = opposite(from);
  const std::uint64_t id = id_of(half.channel, half.method->answers);
  OpenQuestion* call = open_.find(asker, id, half.frame);
  Exchange told{.flags = flags | half.frame.flags, .asked_by = asker, .response = &half};
  if (call != nullptr && is_ambiguous(*call)) {
    while (OpenQuestion* one = open_.find(asker, id)) {
      one->hole = true;
      one->flags |= kFlagUncertain;
      settle(*one, Reason::lost_in_mirror, nullptr, sink);
    }
    call = nullptr;
    told.flags |= kFlagUncertain | kFlagGap;
  }
  if (call == nullptr) {
    const bool missing = rest_.holes.any(asker) || (told.flags & kFlagUncertain) != 0;
    told.state = State::no_request;
    told.reason = missing ? rest_.holes.loss(asker) : Reason::unsolicited;
    told.flags |= rest_.holes.flag(asker);
    // Without a hole the mirror is late with what the asker said, answers before its close included.
    if (missing && is_close(half.method->answers)) settle_closed(asker, half, told.reason, sink);
    return emit_exchange(workshop_.limits, workshop_.counters, told, sink);
  }
  const Half request = Half::of(call->question());
  told.flags |= call->flags;
  if (call->hole) told.flags |= flag_of(call->cause);
  told.request = &request;
  // What crossed the close and is still open: asked behind a hole that might have held this answer.
  if (is_close(half.method->answers)) settle_closed(asker, request, Reason::closed, sink);
  emit_exchange(workshop_.limits, workshop_.counters, told, sink);
  open_.close(workshop_, *call);
}

void Connection::say(Direction from, const Half& half, std::uint32_t flags, Sink& sink) {
  const Exchange told{
      .state = State::one_way, .flags = flags | half.frame.flags, .asked_by = from, .request = &half};
  emit_exchange(workshop_.limits, workshop_.counters, told, sink);
}

// A heartbeat, or the header of a protocol.
void Connection::tell_alone(Direction from, std::string_view method, const Arrival& frame,
                            std::string_view error, Sink& sink) {
  const Half half{.frame = frame, .bytes = frame.size};
  const Exchange told{.state = State::one_way,
                      .asked_by = from,
                      .method = method,
                      .request = &half,
                      .is_error = !error.empty(),
                      .error = error};
  emit_exchange(workshop_.limits, workshop_.counters, told, sink);
}

void Connection::settle(OpenQuestion& call, Reason reason, const Half* closed_by, Sink& sink) {
  const Half request = Half::of(call.question());
  const Reason why = call.why(reason);
  if (call.hole) closed_by = nullptr;  // it may have been answered
  const Exchange told{.state = State::no_response,
                      .reason = why,
                      .flags = call.flags,
                      .asked_by = call.from,
                      .request = &request,
                      .closed_by = closed_by};
  emit_exchange(workshop_.limits, workshop_.counters, told, sink);
  open_.close(workshop_, call);
}

void Connection::settle_all(Direction asker, End end, Sink& sink) {
  while (OpenQuestion* call = open_.front(asker)) settle(*call, reason_of(end), nullptr, sink);
}

// Who closes a channel, or the connection, answers nothing there any more but a close that crossed its own:
// neither what was asked before, nor what the other side asks until it has heard of it and says close-ok.
// `close`: what closed it; the other side's close-ok, where that was not seen.
void Connection::settle_closed(Direction closer, const Half& close, Reason reason, Sink& sink) {
  const std::uint32_t closing = close.method->answers != 0 ? close.method->answers : close.method->id;
  const bool all = closing == method::kConnectionClose;
  for (OpenQuestion* call = open_.front(); call != nullptr;) {
    OpenQuestion* const newer = call->newer;
    if (call->from != closer && method_of(*call) != closing && (all || channel_of(*call) == close.channel))
      settle(*call, reason, &close, sink);
    call = newer;
  }
}

}  // namespace spanlight::amqp
