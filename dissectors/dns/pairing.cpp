// Which answer belongs to which query, and what becomes of those without one.

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "dns/codes.h"
#include "dns/connection.h"
#include "dns/transfer.h"

namespace spanlight::dns {
namespace {

// 224.0.0.252 and ff02::1:3, LLMNR's.
constexpr std::array<std::uint8_t, 16> kGroupAddresses[] = {
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 224, 0, 0, 252},
    {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 3},
};

bool asks_for_zone(const Query& query) {
  const std::uint16_t type = query.outline.question.type;
  return type == type::kAxfr || type == type::kIxfr;
}

}  // namespace

// False: no message.
bool Connection::take_message(Direction from, Bytes bytes, std::size_t cut, TimeNs first_byte,
                              TimeNs last_byte, Sink& sink) {
  const Outline outline = outline_of(bytes);
  if (cut == 0 && (outline.fault != Fault::none || outline.end != bytes.size()))
    ++workshop_.counters.malformed;
  if (!outline.understood()) return false;
  const std::uint16_t question =
      flavour_.pairs && outline.asks() ? digest_of(bytes, outline.question) : std::uint16_t{0};
  const Read message{bytes, cut, outline, question, first_byte, last_byte};
  if (!flavour_.pairs) {
    tell_one_way(from, message, sink);
  } else if (outline.header.is_response()) {
    answer(from, message, sink);
  } else {
    ask(from, message, sink);
  }
  return outline.fault == Fault::none;
}

void Connection::tell_one_way(Direction from, const Read& message, Sink& sink) {
  const Half half = message.half();
  emit_exchange(flavour_,
                {.state = State::one_way,
                 .reason = Reason::unsolicited,
                 .flags = message.flags(),
                 .asked_by = from,
                 .answers = message.outline.header.count(Section::answer),
                 .query = &half},
                sink);
}

// ---- queries ------------------------------------------------------------------------------------

void Connection::ask(Direction from, const Read& message, Sink& sink) {
  rest_.asked = true;
  // RFC 8490, 5.4: a stateful operation without an id wants no answer.
  if (const Header& header = message.outline.header; header.opcode() == opcode::kStateful && header.id == 0)
    return tell_one_way(from, message, sink);
  if (Query* same = find_same(from, message)) {
    ++same->retransmissions;
    ++workshop_.counters.repeats;
    return;
  }
  if (open_ >= std::max(workshop_.limits.open_calls_max, 1u)) {
    ++workshop_.counters.open_calls_exceeded;
    settle(*front_, Reason::evicted, sink);
  }
  Query* query = take_query(message);
  if (query == nullptr) {
    ++workshop_.counters.state_exhausted;
    const Half half = message.half();
    return emit_exchange(flavour_,
                         {.state = State::no_response,
                          .reason = Reason::evicted,
                          .flags = message.flags(),
                          .asked_by = from,
                          .query = &half},
                         sink);
  }
  query->from = from;
  query->repeated = was_answered(message);
  append(front_, *query);
  ++open_;
  if (early_ != nullptr) answer_early(*query, sink);
}

void Connection::append(Query*& front, Query& query) {
  Query** last = &front;
  while (*last != nullptr) last = &(*last)->next;
  *last = &query;
}

Query* Connection::take_query(const Read& message) {
  const std::size_t kept = std::min(message.bytes.size(), kKeptBytesMax);
  const MutableBytes block = workshop_.state.take(sizeof(Query) + kept);
  if (block.empty()) return nullptr;
  auto* query = new (block.data()) Query;
  query->id = message.outline.header.id;
  query->question = message.question;
  query->first_byte = message.first_byte;
  query->last_byte = message.last_byte;
  query->size = static_cast<std::uint32_t>(message.bytes.size() + message.cut);
  query->kept = static_cast<std::uint32_t>(kept);
  query->flags = message.flags();
  std::memcpy(block.data() + sizeof(Query), message.bytes.data(), kept);
  query->outline = kept == message.bytes.size() ? message.outline : outline_of(query->bytes());
  return query;
}

// The same query again: same sender, id and question.
Query* Connection::find_same(Direction from, const Read& message) {
  for (Query* query = front_; query != nullptr; query = query->next)
    if (query->from == from && is_same(*query, message)) return query;
  return nullptr;
}

Query* Connection::find_query(Direction from, const Read& message) {
  for (Query* query = front_; query != nullptr; query = query->next)
    if (query->from != from && is_answered_by(*query, message)) return query;
  return nullptr;
}

void Connection::settle(Query& query, Reason reason, Sink& sink) {
  if (query.transfer != nullptr) {
    const bool by_peers = reason == Reason::closed || reason == Reason::reset;
    return tell_transfer(query, by_peers ? kFlagMalformed : kFlagTruncatedBody, sink);
  }
  if (query.hole) {
    reason = query.cause == GapCause::sensor ? Reason::lost_in_sensor : Reason::lost_in_mirror;
    query.flags |= kFlagGap;
  } else if (reason == Reason::lost_in_sensor) {
    query.flags |= kFlagGap;
  }
  const Half half = half_of(query);
  const bool many =
      flavour_.asks_many && reason != Reason::lost_in_mirror && reason != Reason::lost_in_sensor;
  emit_exchange(flavour_,
                {.state = many ? State::one_way : State::no_response,
                 .reason = reason,
                 .flags = query.flags,
                 .asked_by = query.from,
                 .retransmissions = query.retransmissions,
                 .repeated = query.repeated,
                 .query = &half},
                sink);
  release(query);
}

// Those that `asker` sent; nobody is left to answer them.
void Connection::settle_all(Direction asker, End end, Sink& sink) {
  for (Query* query = front_; query != nullptr;) {
    Query* const next = query->next;
    if (query->from == asker) settle(*query, reason_of(end), sink);
    query = next;
  }
}

void Connection::unlink(Query& query) {
  Query** at = &front_;
  while (*at != &query) at = &(*at)->next;
  *at = query.next;
  --open_;
}

void Connection::release(Query& query) {
  unlink(query);
  if (query.transfer != nullptr) {
    query.transfer->first.release(workshop_.state);
    workshop_.state.give({reinterpret_cast<std::uint8_t*>(query.transfer), sizeof(Transfer)});
  }
  give(query);
}

void Connection::give(Query& query) {
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&query), sizeof(Query)});
}

// ---- answers ------------------------------------------------------------------------------------

void Connection::answer(Direction from, const Read& message, Sink& sink) {
  Query* query = find_query(from, message);
  if (query == nullptr && flavour_.asks_many) query = take_from_group(from, message);
  if (query == nullptr) {
    if (!keep_early(from, message)) tell_unasked(from, message, sink);
    return;
  }
  if (!flavour_.datagrams && asks_for_zone(*query) &&
      (query->transfer != nullptr || begin_transfer(*query))) {
    if (carry_on(*query, message)) tell_transfer(*query, 0, sink);
    return;
  }
  tell_pair(*query, message, sink);
}

void Connection::tell_pair(Query& query, const Read& answer, Sink& sink) {
  const Half response = answer.half();
  const Half half = half_of(query);
  remember(query);
  emit_exchange(flavour_,
                {.flags = query.flags | answer.flags(),
                 .asked_by = query.from,
                 .retransmissions = query.retransmissions,
                 .repeated = query.repeated,
                 .answers = answer.outline.header.count(Section::answer),
                 .query = &half,
                 .response = &response},
                sink);
  release(query);
}

// What the client asked its group on another flow (RFC 4795, 2) is from here on a query of this one.
Query* Connection::take_from_group(Direction from, const Read& message) {
  if (workshop_.group_flows == nullptr || from == Direction::c2s) return nullptr;
  for (const auto& group : kGroupAddresses) {
    auto* const other = static_cast<Connection*>(workshop_.group_flows->asked(group));
    Query* const query = other == nullptr ? nullptr : other->find_query(from, message);
    if (query == nullptr) continue;
    other->remember(*query);
    other->unlink(*query);
    query->next = front_;
    front_ = query;
    ++open_;
    return query;
  }
  return nullptr;
}

// Nobody asked, or the question was not seen, or it has its answer already.
void Connection::tell_unasked(Direction from, const Read& message, Sink& sink) {
  if (was_answered(message)) {
    ++workshop_.counters.repeats;
    return;
  }
  const Direction asker = opposite(from);
  const bool missing = has_hole(asker);
  // The mirror shows one side alone, or began late; a group is asked elsewhere.
  const bool never = !rest_.asked && !flavour_.asks_many;
  const Half half = message.half();
  emit_exchange(flavour_,
                {.state = State::no_request,
                 .reason = missing || never ? lost(asker) : Reason::unsolicited,
                 .flags = message.flags() | (missing ? std::uint32_t{kFlagGap} : 0),
                 .asked_by = asker,
                 .answers = message.outline.header.count(Section::answer),
                 .response = &half},
                sink);
}

// ---- zones --------------------------------------------------------------------------------------

bool Connection::begin_transfer(Query& query) {
  const MutableBytes block = workshop_.state.take(sizeof(Transfer));
  if (block.empty()) {
    ++workshop_.counters.state_exhausted;
    return false;
  }
  query.transfer = new (block.data()) Transfer;
  return true;
}

// True: that was the last message.
bool Connection::carry_on(Query& query, const Read& message) {
  Transfer& t = *query.transfer;
  if (t.messages == 0) {
    t.first_byte = message.first_byte;
    const Bytes kept = message.bytes.first(std::min(message.bytes.size(), kKeptBytesMax));
    if (!t.first.append(workshop_.state, kept)) ++workshop_.counters.state_exhausted;
  }
  t.last_byte = message.last_byte;
  t.size += message.bytes.size();
  query.flags |= message.flags();
  const bool incremental = query.outline.question.type == type::kIxfr;
  return take_answers(t, message.bytes, message.outline, incremental);
}

void Connection::tell_transfer(Query& query, std::uint32_t flags, Sink& sink) {
  const Transfer& t = *query.transfer;
  const Outline answered = outline_of(t.first.bytes());
  const Half half = half_of(query);
  const Half response{.bytes = t.first.bytes(),
                      .outline = &answered,
                      .first_byte = t.first_byte,
                      .last_byte = t.last_byte,
                      .size = t.size};
  remember(query);
  emit_exchange(flavour_,
                {.flags = query.flags | flags | (query.hole ? std::uint32_t{kFlagGap} : 0),
                 .asked_by = query.from,
                 .retransmissions = query.retransmissions,
                 .repeated = query.repeated,
                 .messages = t.messages,
                 .answers = t.answers,
                 .query = &half,
                 .response = &response},
                sink);
  release(query);
}

// ---- what was answered --------------------------------------------------------------------------

bool Connection::was_answered(const Read& message) const {
  for (const Answered& known : rest_.answered) {
    if (known.question == 0 || known.id != message.outline.header.id) continue;
    if (message.question == 0 || known.question == message.question) return true;
  }
  return false;
}

void Connection::remember(const Query& query) {
  rest_.answered[rest_.next] = {query.id, std::max(query.question, std::uint16_t{1})};
  rest_.next = static_cast<std::uint8_t>((rest_.next + 1u) % std::size(rest_.answered));
}

Reason Connection::lost(Direction d) const {
  return (rest_.blamed >> index_of(d) & 1) != 0 ? Reason::lost_in_sensor : Reason::lost_in_mirror;
}

// ---- matching -----------------------------------------------------------------------------------

Half Connection::half_of(const Query& query) {
  return {.bytes = query.bytes(),
          .outline = &query.outline,
          .first_byte = query.first_byte,
          .last_byte = query.last_byte,
          .size = query.size};
}

// Of a flood's queries with one id nearly all differ in the digest: what was kept of them is not read.
bool Connection::has_question_of(const Query& query, const Read& message) {
  if (query.question != message.question) return false;
  return message.question == 0 || same_question(query.bytes(), message.bytes, message.outline.question);
}

bool Connection::is_same(const Query& query, const Read& message) {
  if (query.id != message.outline.header.id || !has_question_of(query, message)) return false;
  return query.outline.header.opcode() == message.outline.header.opcode();
}

// Some errors come without the question; of a zone's messages all but the first may. What asked without one
// (an inverse query) may be answered with it.
bool Connection::is_answered_by(const Query& query, const Read& message) {
  if (query.id != message.outline.header.id) return false;
  return message.question == 0 || query.question == 0 || has_question_of(query, message);
}

}  // namespace spanlight::dns
