// The binary protocol, and datagrams of either.

#include <algorithm>

#include "memcached/connection.h"
#include "memcached/memcached.h"
#include "memcached/recognise.h"

namespace spanlight::memcached {

Token BinaryConnection::token(Direction from, Bytes rest) const {
  const Header h = read_header(rest);
  if (h.fault != Fault::none) return {.fault = h.fault};
  if (h.is_response != (from == Direction::s2c)) return {.fault = Fault::bad_magic};
  return {.head = kHeaderBytes, .payload = h.body_bytes};
}

// Statistics come in many packets; the last one is empty.
Place BinaryConnection::accept(Direction, const Token&, Bytes head, bool, Sink&) {
  const Header h = read_header(head);
  const bool goes_on = h.is_response && h.op == opcode::kStat && h.status == 0 && h.body_bytes > 0;
  const bool value =
      h.value_bytes() > 0 && h.op != opcode::kStat && h.op != opcode::kSaslAuth && h.op != opcode::kSaslStep;
  return {.last = !goes_on, .body = value, .lead = std::uint64_t{h.key_bytes} + h.extras_bytes};
}

Sync BinaryConnection::find(Direction from, Bytes rest) const {
  return kBinary.find(from, rest);
}

BinaryConnection::Mark BinaryConnection::mark(Direction from, const KeptMessage& message) {
  const Header h = read_header(message.head.bytes());
  if (h.fault != Fault::none) return {.role = Role::nothing};
  return {.role = from == Direction::c2s ? Role::asks : Role::answers,
          .id = std::uint64_t{h.op} << 32 | h.opaque,
          .quiet = is_quiet(h.op)};
}

void BinaryConnection::tell(const ToldCall& call, Sink& sink) {
  emit_call(call, Form::binary, workshop_.limits, sink);
}

bool BinaryConnection::park(const Position& position, Memo& memo) const {
  if (!rests(position)) return false;
  memo = to_memo(known());
  return true;
}

void BinaryConnection::resume(const Position& position, const Memo& memo) {
  resume_at(position);
  remember(from_memo<Known>(memo));
}

// ---- datagrams ----------------------------------------------------------------------------------

// request id: u16 | number: u16 | of: u16 | 0: u16 ; then what a stream would carry. Of an answer in several
// the first is shown.
Answer Datagrams::on_data(Direction from, const Window& window, Sink& sink) {
  Reader r(window.bytes);
  id_ = r.be<std::uint16_t>();
  const auto number = r.be<std::uint16_t>(), of = r.be<std::uint16_t>();
  r.skip(2);
  const Bytes bytes = r.rest();
  const Answer done{.consumed = window.bytes.size()};
  if (!r.ok() || number >= of || bytes.empty()) {
    ++workshop_.counters.malformed;
    return done;
  }
  if (number > 0) return done;
  KeptMessage message;
  message.turn = next_turn();
  message.first_byte = message.last_byte = window.time;
  message.size = window.bytes.size();
  if (of > 1) message.flags |= kFlagTruncatedBody;
  const Bytes kept = bytes.first(std::min(bytes.size(), KeptMessage::kHeadBytesMax));
  if (!message.head.append(workshop_.previews, kept)) ++workshop_.counters.preview_exhausted;
  const Bytes value = value_of(bytes);
  message.body_size = value.size();
  message.body.append(workshop_, value);
  take(from, message, sink);
  return done;
}

Datagrams::Mark Datagrams::mark(Direction from, const KeptMessage& message) {
  if (from == Direction::s2c) return {.role = Role::answers, .id = id_};
  const Bytes head = message.head.bytes();
  if (!head.empty() && head[0] == kRequestMagic)
    return {.role = Role::asks, .id = id_, .quiet = is_quiet(read_header(head).op)};
  Words words;
  split(read_line(head).text, words);
  const Request asked = read_request(words);
  if (asked.quiet || asked.verb == Verb::quit) return {.role = Role::alone};
  return {.role = Role::asks, .id = id_};
}

void Datagrams::tell(const ToldCall& call, Sink& sink) {
  const KeptMessage& known = call.request != nullptr ? *call.request : *call.response;
  const Bytes head = known.head.bytes();
  const bool binary = !head.empty() && (head[0] == kRequestMagic || head[0] == kResponseMagic);
  emit_call(call, binary ? Form::binary : Form::text, workshop_.limits, sink);
}

bool Datagrams::park(const Position&, Memo& memo) const {
  if (!is_idle()) return false;
  memo = to_memo(known());
  return true;
}

void Datagrams::resume(const Position&, const Memo& memo) {
  remember(from_memo<Known>(memo));
}

}  // namespace spanlight::memcached
