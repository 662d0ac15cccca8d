// Which answer belongs to which request, and what becomes of those without one.

#include <algorithm>

#include "ldap/connection.h"

namespace spanlight::ldap {
namespace {

// What an open call notes.
enum Note : std::size_t { kEntries, kReferences, kIntermediates, kAbandoned };

Counted counted(const OpenQuestion& call) {
  return {.entries = call.notes[kEntries],
          .references = call.notes[kReferences],
          .intermediates = call.notes[kIntermediates]};
}

bool is_counted(const Message& message) {
  const std::uint8_t what = message.operation->tag;
  return what == op::kSearchEntry || what == op::kSearchReference || what == op::kIntermediate;
}

std::string_view oid_of(const Message& request) {
  Reader r{request.body};
  return read_element(r).text();
}

bool binds_with_sasl(const Message& request) {
  Reader r{request.body};
  read_element(r), read_element(r);
  return !read_element(r).is(0x80);
}

}  // namespace

Connection::Then Connection::take(Direction from, const Arrival& arrival, Sink& sink) {
  if (arrival.bytes.empty()) return Then::go_on;  // there was no memory for it
  const Message message = parse_message(arrival.bytes);
  if (message.fault != Fault::none) {
    ++workshop_.counters.malformed;
    return Then::not_understood;
  }
  if (!message.operation->by_client) {
    if (!is_counted(message)) return answer(from, message, arrival, sink);
    count(from, message, arrival);
    return Then::go_on;
  }
  if (message.operation->answered_by != 0) {
    ask(from, message, arrival, sink);
    return Then::go_on;
  }
  if (message.operation->tag == op::kAbandonRequest)
    abandon(from, static_cast<std::uint32_t>(integer_of(message.body)));
  tell_alone(from, arrival, sink);
  return Then::go_on;
}

void Connection::ask(Direction from, const Message& message, const Arrival& arrival, Sink& sink) {
  rest_.asked = true;
  if (datagrams_ && is_repeated(from, message, arrival)) return;
  if (open_.full(workshop_.limits)) {
    ++workshop_.counters.open_calls_exceeded;
    settle(*open_.front(), Reason::evicted, sink);
  }
  if (open_.open(workshop_, from, message.id, arrival) != nullptr) return;
  const Exchange told{.state = State::no_response,
                      .reason = Reason::evicted,
                      .flags = arrival.flags,
                      .asked_by = from,
                      .request = &arrival};
  emit_exchange(workshop_.limits, told, sink);
}

// Over datagrams: the same request again.
bool Connection::is_repeated(Direction from, const Message& message, const Arrival& arrival) {
  OpenQuestion* call = open_.find(from, message.id);
  if (call == nullptr ||
      !std::ranges::equal(call->bytes(),
                          arrival.bytes.first(std::min(arrival.bytes.size(), OpenQuestions::kKeptBytesMax))))
    return false;
  ++call->repeats;
  ++workshop_.counters.repeats;
  return true;
}

void Connection::abandon(Direction from, std::uint32_t id) {
  if (OpenQuestion* call = open_.find(from, id)) call->notes[kAbandoned] = 1;
}

OpenQuestion* Connection::find_asked(Direction asker, const Message& message, const Arrival& arrival) const {
  OpenQuestion* call = open_.find(asker, message.id, arrival);
  if (call == nullptr || message.operation->tag == op::kIntermediate) return call;
  const std::uint8_t wanted = parse_message(call->bytes()).operation->answered_by;
  const bool part = is_counted(message) && wanted == op::kSearchDone;
  return part || wanted == message.operation->tag ? call : nullptr;
}

// Entries, references and intermediate answers make no record: they are counted for the call that they belong
// to. Of one that was not seen the end alone is told.
void Connection::count(Direction from, const Message& message, const Arrival& arrival) {
  OpenQuestion* call = find_asked(opposite(from), message, arrival);
  if (call == nullptr) return;
  if (call->answer_first == 0) call->answer_first = arrival.first_byte;
  call->answer_last = arrival.last_byte;
  call->answer_size += arrival.size;
  call->flags |= arrival.flags & kFlagGap;
  const std::uint8_t what = message.operation->tag;
  ++call->notes[what == op::kSearchEntry       ? kEntries
                : what == op::kSearchReference ? kReferences
                                               : kIntermediates];
  open_.heard(*call, arrival.last_byte);
}

Connection::Then Connection::answer(Direction from, const Message& message, const Arrival& arrival,
                                    Sink& sink) {
  const bool accepted = read_result(message.body).code == 0;
  OpenQuestion* call = find_asked(opposite(from), message, arrival);
  if (call == nullptr) {
    tell_unasked(from, message, arrival, sink);
    return Then::go_on;
  }
  const Arrival request = call->question();
  const Message asked = parse_message(request.bytes);
  const bool tls =
      accepted && asked.operation->tag == op::kExtendedRequest && oid_of(asked) == oid::kStartTls;
  if (accepted && asked.operation->tag == op::kBindRequest) rest_.sasl = binds_with_sasl(asked);
  Arrival response = arrival;
  if (call->answer_first != 0) response.first_byte = call->answer_first;
  response.size += call->answer_size;
  const std::uint32_t hole = call->hole ? flag_of(call->cause) : 0;
  emit_exchange(workshop_.limits,
                {.flags = call->flags | arrival.flags | hole,
                 .asked_by = call->from,
                 .request = &request,
                 .response = &response,
                 .counted = counted(*call),
                 .retransmissions = call->repeats,
                 .abandoned = call->notes[kAbandoned] != 0},
                sink);
  open_.close(workshop_, *call);
  return tls ? Then::begin_tls : Then::go_on;
}

// Nobody asked, or the request was not seen.
void Connection::tell_unasked(Direction from, const Message& message, const Arrival& arrival, Sink& sink) {
  const Direction asker = opposite(from);
  const bool notice = message.id == 0;
  const bool missing = !notice && (rest_.holes.any(asker) || !rest_.asked);
  const Exchange told{.state = State::no_request,
                      .reason = missing ? rest_.holes.loss(asker) : Reason::unsolicited,
                      .flags = arrival.flags | (notice ? 0 : rest_.holes.flag(asker)),
                      .asked_by = asker,
                      .response = &arrival};
  emit_exchange(workshop_.limits, told, sink);
}

void Connection::tell_alone(Direction from, const Arrival& arrival, Sink& sink) {
  const Exchange told{.state = State::one_way, .flags = arrival.flags, .asked_by = from, .request = &arrival};
  emit_exchange(workshop_.limits, told, sink);
}

// A search of which some came and not the end is told with what came.
void Connection::settle(OpenQuestion& call, Reason reason, Sink& sink) {
  const Arrival request = call.question();
  const Arrival part{
      .first_byte = call.answer_first, .last_byte = call.answer_last, .size = call.answer_size};
  const bool begun = call.answer_first != 0;
  const Reason why = call.why(reason);
  const bool by_peers = why == Reason::closed || why == Reason::reset;
  const std::uint32_t cut = begun ? kFlagTruncatedBody | (by_peers ? std::uint32_t{kFlagMalformed} : 0) : 0;
  emit_exchange(workshop_.limits,
                {.state = begun ? State::complete : State::no_response,
                 .reason = begun ? Reason::none : why,
                 .flags = call.flags | cut,
                 .asked_by = call.from,
                 .request = &request,
                 .response = begun ? &part : nullptr,
                 .unfinished = begun,
                 .counted = counted(call),
                 .retransmissions = call.repeats,
                 .abandoned = call.notes[kAbandoned] != 0},
                sink);
  open_.close(workshop_, call);
}

void Connection::settle_all(Direction asker, End end, Sink& sink) {
  while (OpenQuestion* call = open_.front(asker)) settle(*call, reason_of(end), sink);
}

}  // namespace spanlight::ldap
