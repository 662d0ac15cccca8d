#include "core/diameter/calls.h"

#include "core/diameter/exchange.h"

namespace spanlight::diameter {

void Calls::take(Workshop& workshop, Direction from, const Arrival& arrival, Sink& sink) {
  if (arrival.bytes.empty()) return;  // there was no memory for it
  const Header header = read_header(arrival.bytes);
  if (header.fault != Fault::none) {
    ++workshop.counters.malformed;
    return;
  }
  if (header.is_request())
    ask(workshop, from, header, arrival, sink);
  else
    answer(workshop, from, header, arrival, sink);
}

// Sent again to the same peer under the same identifiers it is the same request (RFC 6733, 3); to another
// peer it has another hop-by-hop identifier, and is another call.
void Calls::ask(Workshop& workshop, Direction from, const Header& header, const Arrival& arrival,
                Sink& sink) {
  rest_.asked[index_of(from)] = true;
  if (OpenQuestion* same = open_.find(from, header.hop_by_hop)) {
    const Header asked = read_header(same->bytes());
    if (asked.end_to_end == header.end_to_end && asked.command == header.command) {
      ++same->repeats;
      ++workshop.counters.repeats;
      return;
    }
  }
  if (open_.full(workshop.limits)) {
    ++workshop.counters.open_calls_exceeded;
    settle(workshop, *open_.front(), Reason::evicted, sink);
  }
  if (open_.open(workshop, from, header.hop_by_hop, arrival) != nullptr) return;
  const Exchange told{.state = State::no_response,
                      .reason = Reason::evicted,
                      .flags = arrival.flags,
                      .asked_by = from,
                      .request = &arrival};
  emit_exchange(workshop, protocol_, told, sink);
}

void Calls::answer(Workshop& workshop, Direction from, const Header& header, const Arrival& arrival,
                   Sink& sink) {
  const Direction asker = opposite(from);
  OpenQuestion* call = open_.find(asker, header.hop_by_hop, arrival);
  if (call != nullptr && read_header(call->bytes()).command != header.command) call = nullptr;
  if (call == nullptr) {
    const bool missing = rest_.holes.any(asker) || !rest_.asked[index_of(asker)];
    const Exchange told{.state = State::no_request,
                        .reason = missing ? rest_.holes.loss(asker) : Reason::unsolicited,
                        .flags = arrival.flags | rest_.holes.flag(asker),
                        .asked_by = asker,
                        .response = &arrival};
    return emit_exchange(workshop, protocol_, told, sink);
  }
  const Arrival request = call->question();
  const std::uint32_t hole = call->hole ? flag_of(call->cause) : 0;
  const Exchange told{.flags = call->flags | arrival.flags | hole,
                      .asked_by = call->from,
                      .request = &request,
                      .response = &arrival,
                      .retransmissions = call->repeats};
  emit_exchange(workshop, protocol_, told, sink);
  open_.close(workshop, *call);
}

void Calls::settle(Workshop& workshop, OpenQuestion& call, Reason reason, Sink& sink) {
  const Arrival request = call.question();
  const Reason why = call.why(reason);
  const Exchange told{.state = State::no_response,
                      .reason = why,
                      .flags = call.flags,
                      .asked_by = call.from,
                      .request = &request,
                      .retransmissions = call.repeats};
  emit_exchange(workshop, protocol_, told, sink);
  open_.close(workshop, call);
}

void Calls::saw_hole(Direction from, GapCause cause) {
  rest_.holes.saw(from, cause);
  open_.saw_hole(from, cause);
}

void Calls::settle_all(Workshop& workshop, Direction asker, End end, Sink& sink) {
  while (OpenQuestion* call = open_.front(asker)) settle(workshop, *call, reason_of(end), sink);
}

void Calls::on_time(Workshop& workshop, TimeNs now, Sink& sink) {
  while (OpenQuestion* call = open_.overdue(workshop.limits, now))
    settle(workshop, *call, Reason::unanswered, sink);
}

}  // namespace spanlight::diameter
