#include "radius/connection.h"

#include <algorithm>

namespace spanlight::radius {
namespace {

// Of code, identifier and authenticator: what tells a request from all others. Never 0.
std::uint32_t digest_of(const Packet& packet) {
  constexpr std::uint32_t kPrime = 16'777'619;
  std::uint32_t digest = 2'166'136'261u ^ (packet.code | std::uint32_t{packet.id} << 8);
  for (const std::uint8_t byte : packet.authenticator) digest = (digest ^ byte) * kPrime;
  return digest | 1u;
}

}  // namespace

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  const Answer all{.consumed = window.bytes.size()};
  const Packet packet = parse_packet(window.bytes);
  if (packet.fault != Fault::none) {
    ++workshop_.counters.malformed;
    return all;
  }
  Arrival arrival{.bytes = window.bytes.first(packet.length),
                  .first_byte = window.time,
                  .last_byte = window.time,
                  .size = packet.length};
  if (each_attribute(packet.attributes, [](std::uint8_t, Bytes) {}) != Fault::none) {
    ++workshop_.counters.malformed;
    arrival.flags |= kFlagMalformed;
  }
  if (is_request(packet.code))
    ask(from, packet, arrival, sink);
  else
    answer(from, packet, arrival, sink);
  return all;
}

void Connection::ask(Direction from, const Packet& packet, const Arrival& arrival, Sink& sink) {
  rest_.asked = true;
  if (OpenQuestion* same = open_.find(from, packet.id)) {
    if (digest_of(parse_packet(same->bytes())) == digest_of(packet)) {
      ++same->repeats;
      ++workshop_.counters.repeats;
      return;
    }
    // Its identifier is used again (RFC 2865, 3): the client has given it up.
    settle(*same, Reason::unanswered, sink);
  }
  if (was_answered(packet)) {
    ++workshop_.counters.repeats;
    return;
  }
  if (open_.full(workshop_.limits)) {
    ++workshop_.counters.open_calls_exceeded;
    settle(*open_.front(), Reason::evicted, sink);
  }
  if (open_.open(workshop_, from, packet.id, arrival) != nullptr) return;
  const Exchange told{.state = State::no_response,
                      .reason = Reason::evicted,
                      .flags = arrival.flags,
                      .asked_by = from,
                      .request = &arrival};
  emit_exchange(workshop_.limits, workshop_.counters, told, sink);
}

void Connection::answer(Direction from, const Packet& packet, const Arrival& arrival, Sink& sink) {
  OpenQuestion* call = open_.find(opposite(from), packet.id);
  const Arrival request = call != nullptr ? call->question() : Arrival{};
  const Packet asked = parse_packet(request.bytes);
  if (call == nullptr || !is_answer_to(packet.code, asked.code)) {
    if (call == nullptr && was_answered(packet.id)) {
      ++workshop_.counters.repeats;
      return;
    }
    const Exchange told{.state = State::no_request,
                        .reason = rest_.asked ? Reason::unsolicited : Reason::lost_in_mirror,
                        .flags = arrival.flags,
                        .asked_by = opposite(from),
                        .response = &arrival};
    return emit_exchange(workshop_.limits, workshop_.counters, told, sink);
  }
  remember(asked);
  const Exchange told{.flags = call->flags | arrival.flags,
                      .asked_by = call->from,
                      .request = &request,
                      .response = &arrival,
                      .retransmissions = call->repeats};
  emit_exchange(workshop_.limits, workshop_.counters, told, sink);
  open_.close(workshop_, *call);
}

void Connection::settle(OpenQuestion& call, Reason reason, Sink& sink) {
  const Arrival request = call.question();
  const Reason why = call.why(reason);
  const Exchange told{.state = State::no_response,
                      .reason = why,
                      .flags = call.flags,
                      .asked_by = call.from,
                      .request = &request,
                      .retransmissions = call.repeats};
  emit_exchange(workshop_.limits, workshop_.counters, told, sink);
  open_.close(workshop_, call);
}

bool Connection::was_answered(const Packet& request) const {
  return std::ranges::find(rest_.digests, digest_of(request)) != std::end(rest_.digests);
}

bool Connection::was_answered(std::uint8_t id) const {
  for (std::size_t i = 0; i < kAnsweredKept; ++i)
    if (rest_.digests[i] != 0 && rest_.ids[i] == id) return true;
  return false;
}

void Connection::remember(const Packet& request) {
  rest_.digests[rest_.next] = digest_of(request);
  rest_.ids[rest_.next] = request.id;
  rest_.next = static_cast<std::uint8_t>((rest_.next + 1u) % kAnsweredKept) & 0x7f;
}

void Connection::on_close(End end, TimeNs, Sink& sink) {
  while (OpenQuestion* call = open_.front()) settle(*call, reason_of(end), sink);
}

void Connection::on_time(TimeNs now, Sink& sink) {
  while (OpenQuestion* call = open_.overdue(workshop_.limits, now)) settle(*call, Reason::unanswered, sink);
}

bool Connection::park(const Position&, Memo& memo) const {
  if (open_.front() != nullptr) return false;
  memo = to_memo(rest_);
  return true;
}

void Connection::resume(const Position&, const Memo& memo) {
  rest_ = from_memo<Rest>(memo);
}

}  // namespace spanlight::radius
