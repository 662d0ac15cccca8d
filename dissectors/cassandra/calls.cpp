// Frames to calls: what a body says, which answer belongs to which request, and what becomes of those without
// one. Every call leaves through emit() exactly once.

#include <algorithm>
#include <cstring>
#include <new>

#include "cassandra/connection.h"
#include "core/secret.h"
#include "core/statement.h"

namespace spanlight::cassandra {
namespace {

// Ids of prepared statements are digests (MD5) already.
std::uint64_t key_of(Bytes id) {
  std::uint64_t key = id.size();
  for (const std::uint8_t byte : id) key = (key ^ byte) * 0x100000001b3ull;
  return key;
}

std::uint64_t stream_of(const Header& header) {
  return static_cast<std::uint16_t>(header.stream);
}

// An empty body, packed: snappy's is its size alone, LZ4's is its size and an empty token, or none.
bool packs_nothing(unpack::Method method, Bytes body) {
  constexpr std::size_t kLz4SizeBytes = 4;
  if (std::ranges::any_of(body, [](std::uint8_t byte) { return byte != 0; })) return false;
  if (method == unpack::Method::lz4) return body.size() == kLz4SizeBytes || body.size() == kLz4SizeBytes + 1;
  return body.size() == 1;
}

}  // namespace

// False: no memory for it.
bool Connection::begin_frame(Direction from, const Header& header, Bytes head, TimeNs time, Sink& sink) {
  Way& w = way(from);
  if (!(from == Direction::c2s ? begin_request(header, sink) : begin_answer(header, sink))) return false;
  Half& half = half_of(from);
  half.header = header;
  half.seen = true;
  half.first_byte = w.began;
  half.turn = w.turn;
  half.last_byte = time;
  half.size = kHeaderBytes + header.length;
  w.began = 0;
  w.lost = false;
  w.left = header.length;
  read_body(from, head, header.length);
  return true;
}

bool Connection::begin_request(const Header& header, Sink& sink) {
  rest_.asked = true;
  // A stream that is used again was answered, or given up: nobody saw it.
  if (OpenCall* before = open_.find(stream_of(header))) settle(call_of(*before), Reason::unanswered, sink);
  if (open_.size() >= std::max(workshop_.limits.open_calls_max, 1u)) {
    ++workshop_.counters.open_calls_exceeded;
    settle(call_of(*open_.front()), Reason::evicted, sink);
  }
  Call* call = take_call(sink);
  if (call == nullptr) return false;
  way(Direction::c2s).call = call;
  const Way& server = way(Direction::s2c);
  call->hole = server.lost;  // its answer may not be found
  if (server.ended) {
    call->doomed = true;
    call->fate = server.end_reason;
  } else {
    open_.push(*call, stream_of(header));
  }
  return true;
}

// An answer on a request's stream, or an event, or nobody's.
bool Connection::begin_answer(const Header& header, Sink& sink) {
  Way& w = way(Direction::s2c);
  OpenCall* open = header.opcode == kEvent ? nullptr : open_.find(stream_of(header));
  bool uncertain = false;
  // What had begun before the request did does not answer it.
  if (open != nullptr && call_of(*open).asked.turn > w.turn) open = nullptr;
  if (open != nullptr) {
    Call& call = call_of(*open);
    uncertain = call.hole && call.unasked;
    if (!uncertain) {
      open_.remove(call);
      w.call = &call;
      return true;
    }
    call.flags |= kFlagUncertain;
    settle(call, Reason::lost_in_mirror, sink);
  }
  Call* call = take_call(sink);
  if (call == nullptr) return false;
  w.call = call;
  if (header.opcode == kEvent) return true;
  const bool missing = has_hole(Direction::c2s);
  call->fate = missing || !rest_.asked ? lost(Direction::c2s) : Reason::unsolicited;
  if (missing) call->flags |= kFlagGap;
  if (uncertain) call->flags |= kFlagUncertain | kFlagGap;
  return true;
}

// `body` is what is there of it, `size` all of it.
void Connection::read_body(Direction from, Bytes body, std::uint64_t size) {
  Call& call = *way(from).call;
  Half& half = half_of(from);
  bool whole = body.size() == size;
  unpack::Unpacked out;
  if ((half.header.flags & flag::kCompressed) != 0 && size > 0) {
    half.packed = true;
    Reader r(body);
    unpack::Method method = rest_.method;
    // Where STARTUP was not seen: LZ4 is preceded by a length of four bytes, the first of which is 0.
    if (method == unpack::Method::none)
      method = body.size() > 1 && body[0] == 0 ? unpack::Method::lz4 : unpack::Method::snappy;
    const bool nothing = whole && packs_nothing(method, body);
    const std::uint64_t unpacked =
        method == unpack::Method::lz4 ? r.be<std::uint32_t>() : unpack::snappy_size(body);
    if (nothing)
      out.whole = true;
    else if (whole && r.ok())
      out = unpack::unpack(workshop_, method, body.subspan(r.at()), unpacked);
    if (out.malformed) call.flags |= kFlagMalformed;
    half.unread = out.bytes.empty() && !nothing;
    body = out.bytes;
    whole = out.whole;
  }
  if (!half.unread) {
    if (from == Direction::c2s)
      read_request(call, body, whole);
    else
      read_answer(call, body, whole);
  }
  workshop_.previews.give(out.block);
}

void Connection::read_request(Call& call, Bytes body, bool whole) {
  const Header& header = call.asked.header;
  const Asked asked = parse_request(header, body);
  if (asked.fault != Fault::none && (whole || asked.fault != Fault::short_input)) {
    ++workshop_.counters.malformed;
    call.flags |= kFlagMalformed;
  }
  call.consistency = asked.consistency;
  call.has_consistency = asked.has_consistency;
  call.statements = asked.statements;
  call.driver.set(asked.driver);
  call.events.set(asked.events);
  if (header.opcode == kAuthResponse) call.flags |= kFlagRedacted;  // nothing of it is kept
  if (header.opcode == kStartup) {
    call.compression.set(asked.compression);
    note_startup(asked.compression);
  }
  if (!asked.statement.empty()) return keep_statement(call, asked.statement, asked.statement_bytes);
  if (asked.id.empty()) return;
  call.prepared = true;
  const Statements::Statement* known = statements_.find(key_of(asked.id));
  if (known == nullptr) {
    if (has_hole(Direction::c2s) || has_hole(Direction::s2c))
      call.flags |= kFlagGap;  // where it was prepared
    return;
  }
  if (!call.text.append(workshop_.state, as_bytes(known->text()))) ++workshop_.counters.state_exhausted;
  call.statement_bytes = known->size;
  if (known->redacted) call.flags |= kFlagRedacted;
}

void Connection::keep_statement(Call& call, std::string_view statement, std::uint64_t size) {
  call.statement_bytes = size;
  statement = statement.substr(0, kStatementBytesMax);
  if (workshop_.limits.credentials_shown) {
    if (!call.text.append(workshop_.state, as_bytes(statement))) ++workshop_.counters.preview_exhausted;
    return;
  }
  SecretScanner scanner(statement, SecretScanner::Language::cql);
  bool kept = call.text.reserve(workshop_.state, statement.size());
  for (std::string_view piece = scanner.next(); kept && !piece.empty(); piece = scanner.next())
    kept = call.text.append(workshop_.state, as_bytes(piece));
  if (scanner.redacted()) call.flags |= kFlagRedacted;
  if (kept)
    call.statement_bytes = size - statement.size() + call.text.size();  // as it is shown
  else
    ++workshop_.counters.preview_exhausted;
}

void Connection::note_startup(std::string_view compression) {
  if (in_segments()) return;  // which come behind the answer to it
  rest_.framing = Framing::unknown;
  rest_.method = compression == "lz4"      ? unpack::Method::lz4
                 : compression == "snappy" ? unpack::Method::snappy
                                           : unpack::Method::none;
}

void Connection::read_answer(Call& call, Bytes body, bool whole) {
  const Told told = parse_answer(call.told.header, body);
  if (told.fault != Fault::none && (whole || told.fault != Fault::short_input)) {
    ++workshop_.counters.malformed;
    call.flags |= kFlagMalformed;
  }
  call.kind = told.kind;
  call.rows = told.rows;
  call.has_rows = told.has_rows;
  call.columns = told.columns;
  call.more_pages = told.more_pages;
  call.warnings = told.warnings;
  call.code = told.code;
  // A server quotes what it did not understand, secrets too. An AUTH_RESPONSE it does not quote.
  const bool hides = (call.flags & kFlagRedacted) != 0 && call.asked.header.opcode != kAuthResponse &&
                     !workshop_.limits.credentials_shown;
  call.message.set(hides && !told.message.empty() ? kRedacted : told.message);
  call.keyspace.set(told.keyspace);
  call.table.set(told.table);
  call.authenticator.set(told.authenticator);
  call.event.set(told.event);
  call.change.set(told.change);
  if (told.kind == kPrepared && call.asked.seen && call.asked.header.opcode == kPrepare && !told.id.empty())
    statements_.add(workshop_, key_of(told.id), as_text(call.text.bytes()), call.statement_bytes,
                    (call.flags & kFlagRedacted) != 0);
}

// ---- ends ---------------------------------------------------------------------------------------

void Connection::end_frame(Direction from, Sink& sink) {
  Way& w = way(from);
  Call& call = *w.call;
  half_of(from).ended = true;
  w.call = nullptr;
  if (from == Direction::c2s) {
    if (call.told.ended)
      emit(call, Reason::none, sink);
    else if (call.doomed)
      emit(call, call.fate, sink);
    return;
  }
  note_answer(call);
  if (way(Direction::c2s).call == &call) return;  // told when the request has ended
  emit(call, call.fate, sink);
}

// Version 5: behind this answer frames lie in segments.
void Connection::note_answer(const Call& call) {
  const bool started = !in_segments() && call.asked.seen && call.asked.header.opcode == kStartup &&
                       (call.told.header.opcode == kReady || call.told.header.opcode == kAuthenticate);
  if (!started) return;
  if (call.told.header.version < kVersionMax)
    rest_.framing = Framing::plain;
  else
    rest_.framing = rest_.method == unpack::Method::lz4 ? Framing::packed_segments : Framing::segments;
}

// A frame that ends here without its end: what it says is known, as far as its head goes.
void Connection::cut(Direction from, std::uint32_t flags, Sink& sink) {
  Way& w = way(from);
  w.call->flags |= flags;
  w.left = 0;
  end_frame(from, sink);
}

// ---- calls --------------------------------------------------------------------------------------

// When the slabs are full the connection's own oldest calls make room.
Call* Connection::take_call(Sink& sink) {
  MutableBytes block = workshop_.state.take(sizeof(Call));
  while (block.empty()) {
    ++workshop_.counters.state_exhausted;
    if (open_.front() == nullptr) return nullptr;
    Call& oldest = call_of(*open_.front());
    if (way(Direction::c2s).call == &oldest) return nullptr;
    settle(oldest, Reason::evicted, sink);
    block = workshop_.state.take(sizeof(Call));
  }
  return new (block.data()) Call;
}

void Connection::release(Call& call) {
  for (Way& w : ways_)
    if (w.call == &call) w.call = nullptr;
  open_.remove(call);
  call.text.release(workshop_.state);
  workshop_.state.give({reinterpret_cast<std::uint8_t*>(&call), sizeof(Call)});
}

void Connection::emit(Call& call, Reason reason, Sink& sink) {
  emit_call(call, workshop_.limits, reason, sink);
  release(call);
}

// No answer will come, or none that is known. While its request still comes, it is told at the request's end.
void Connection::settle(Call& call, Reason reason, Sink& sink) {
  if (call.hole) {
    reason = call.cause == GapCause::sensor    ? Reason::lost_in_sensor
             : call.cause == GapCause::content ? Reason::malformed
                                               : Reason::lost_in_mirror;
    call.flags |= flag_of(call.cause);
  } else if (reason == Reason::lost_in_sensor) {
    call.flags |= kFlagGap;
  }
  open_.remove(call);
  if (way(Direction::c2s).call == &call) {
    call.doomed = true;
    call.fate = reason;
    return;
  }
  emit(call, reason, sink);
}

Reason Connection::lost(Direction d) const {
  return (rest_.blamed >> index_of(d) & 1) != 0 ? Reason::lost_in_sensor : Reason::lost_in_mirror;
}

void Connection::on_time(TimeNs now, Sink& sink) {
  while (next_deadline() <= now) settle(call_of(*open_.front()), Reason::unanswered, sink);
}

TimeNs Connection::next_deadline() const {
  if (open_.front() == nullptr) return kNever;
  return static_cast<const Call*>(open_.front())->asked.last_byte + workshop_.limits.answer_timeout_ns;
}

}  // namespace spanlight::cassandra
