// Which answer belongs to which request, and what becomes of those without one.

#include <algorithm>
#include <cstring>
#include <new>

#include "kafka/connection.h"

namespace spanlight::kafka {

// False: no frame of Kafka's.
bool Connection::take_frame(Direction from, const Frame& frame, Sink& sink) {
  if (from == Direction::c2s) return ask(frame, sink);
  answer(frame, sink);
  return true;
}

bool Connection::ask(const Frame& frame, Sink& sink) {
  const Request request = parse_request(frame.bytes);
  if (request.fault != Fault::none) {
    if (!rest_.tokens) return false;
    open(frame, nullptr, sink);
    return true;
  }
  rest_.tokens = request.key == api::kSaslHandshake && request.version == 0;
  rest_.asked = true;
  open(frame, &request, sink);
  return true;
}

// No request: SASL's own bytes.
void Connection::open(const Frame& frame, const Request* request, Sink& sink) {
  Counts counts;
  std::uint32_t flags = 0;
  if (request != nullptr) {
    counts = count(*request, request->api->request, request->body(frame.bytes), frame.whole());
    if (counts.malformed) {
      ++workshop_.counters.malformed;
      flags |= kFlagMalformed;
    }
  }
  const bool silent = request != nullptr && request->key == api::kProduce && counts.acks == 0;
  if (open_ >= std::max(workshop_.limits.open_calls_max, 1u)) {
    ++workshop_.counters.open_calls_exceeded;
    ++rest_.given_up;
    settle(*front_, Reason::evicted, sink);
  }
  const std::size_t kept = std::min(frame.bytes.size(), kKeptBytesMax);
  const MutableBytes block = silent ? MutableBytes{} : workshop_.state.take(sizeof(Call) + kept);
  if (block.empty()) {
    // Nobody answers it, or there is no room to wait for who does.
    if (!silent) {
      ++workshop_.counters.state_exhausted;
      ++rest_.given_up;
    }
    const Half half{frame.bytes, frame.first_byte, frame.last_byte, frame.size, counts};
    return emit_exchange({.state = silent ? State::one_way : State::no_response,
                          .reason = silent ? Reason::none : Reason::evicted,
                          .flags = flags,
                          .token = request == nullptr,
                          .request = &half},
                         workshop_.limits, sink);
  }
  auto* call = new (block.data()) Call;
  call->first_byte = frame.first_byte;
  call->last_byte = frame.last_byte;
  call->size = frame.size;
  call->kept = static_cast<std::uint32_t>(kept);
  call->id = request != nullptr ? request->id : 0;
  call->flags = flags;
  call->turn = frame.turn;
  call->counts = counts;
  call->token = request == nullptr;
  call->blocks = request != nullptr && (request->key == api::kJoinGroup || request->key == api::kSyncGroup);
  std::memcpy(block.data() + sizeof(Call), frame.bytes.data(), kept);
  (back_ != nullptr ? back_->next : front_) = call;
  back_ = call;
  ++open_;
}

// `among` so many of the oldest.
Call* Connection::find(std::uint32_t id, std::uint32_t among) {
  for (Call* call = front_; call != nullptr && among > 0; call = call->next, --among)
    if (call->id == id && !call->token) return call;
  return nullptr;
}

void Connection::answer(const Frame& frame, Sink& sink) {
  const Response response = parse_response(frame.bytes);
  Call* call = response.fault == Fault::none ? find(response.id) : nullptr;
  if (call == nullptr && front_ != nullptr && front_->token) call = front_;
  if (call != nullptr && frame.turn < call->turn) call = nullptr;  // it had begun before that was asked
  Half half{frame.bytes, frame.first_byte, frame.last_byte, frame.size, {}};
  if (call == nullptr) {
    const bool missing = (rest_.holes & 1) != 0;
    const bool late = rest_.given_up > 0;
    if (late) --rest_.given_up;
    return emit_exchange({.state = State::no_request,
                          .reason = late                      ? Reason::evicted
                                    : missing || !rest_.asked ? lost(Direction::c2s)
                                                              : Reason::unsolicited,
                          .flags = missing ? std::uint32_t{kFlagGap} : 0,
                          .response = &half},
                         workshop_.limits, sink);
  }
  std::uint32_t flags = call->flags;
  if (!call->token) {
    const Request request = parse_request(call->bytes());
    if (request.fault == Fault::none) {
      const Bytes body = frame.bytes.subspan(response_body_at(request, frame.bytes));
      const Request as = read_as(request, body);
      half.counts = count(as, request.api->response, body, frame.whole());
      // Of an answer in an older version the error alone is needed, and some get the rest of it wrong.
      if (as.version != request.version) half.counts.malformed = false;
    }
    if (half.counts.malformed) {
      ++workshop_.counters.malformed;
      flags |= kFlagMalformed;
    }
  }
  const Half asked = call->half();
  emit_exchange({.flags = flags, .token = call->token, .request = &asked, .response = &half},
                workshop_.limits, sink);
  release(*call);
}

// While answers are looked for, one may have passed unseen among what has come since it was asked for.
void Connection::settle(Call& call, Reason reason, Sink& sink) {
  const Way& server = ways_[index_of(Direction::s2c)];
  if (call.hole || (server.lost && call.turn < server.turn)) {
    const GapCause cause = call.hole ? call.cause : server.cause;
    reason = reason_of(cause);
    call.flags |= flag_of(cause);
  } else if (reason == Reason::lost_in_sensor) {
    call.flags |= kFlagGap;
  }
  const Half half = call.half();
  emit_exchange({.state = State::no_response,
                 .reason = reason,
                 .flags = call.flags,
                 .token = call.token,
                 .request = &half},
                workshop_.limits, sink);
  release(call);
}

void Connection::settle_all(Reason reason, Sink& sink) {
  while (front_ != nullptr) settle(*front_, reason, sink);
}

void Connection::release(Call& call) {
  Call* before = nullptr;
  Call* at = front_;
  while (at != &call) {
    before = at;
    at = at->next;
  }
  (before != nullptr ? before->next : front_) = call.next;
  if (back_ == &call) back_ = before;
  --open_;
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&call), sizeof(Call)});
}

Reason Connection::lost(Direction d) const {
  return (rest_.blamed >> index_of(d) & 1) != 0 ? Reason::lost_in_sensor : Reason::lost_in_mirror;
}

}  // namespace spanlight::kafka
