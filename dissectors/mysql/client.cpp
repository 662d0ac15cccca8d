// What the client says: the login, commands, and what belongs to one that was begun (answers to a greeting's
// challenge, a file). Answers to challenges are secrets: nothing of them is kept.

#include <algorithm>
#include <cstring>

#include "core/statement.h"
#include "mysql/connection.h"

namespace spanlight::mysql {
Answering answering(std::uint8_t command) {
  switch (command) {
    case kQuit:
    case kLongData:
    case kClose:
      return Answering::nothing;
    case kQuery:
    case kProcessInfo:
    case kExecute:
    case kBulkExecute:
      return Answering::result;
    case kFieldList:
      return Answering::fields;
    case kPrepare:
      return Answering::prepared;
    case kStatistics:
      return Answering::text;
    case kFetch:
      return Answering::rows;
    case kBinlogDump:
    case kBinlogDumpGtid:
    case kTableDump:
      return Answering::events;
    default:
      return Answering::simple;
  }
}

Connection::Next Connection::take_client(const Packet& packet, Sink& sink) {
  Way& w = way(Direction::c2s);
  w.call = nullptr;
  if (packet.header.sequence == 0 && !w.wraps) {
    phase_ = Phase::commands;
    if (acknowledges_event(packet)) return Next::go_on;
    return take_command(packet, sink);
  }
  if (phase_ == Phase::start) return take_login(packet, sink);
  take_more(packet);
  return Next::go_on;
}

// ef | u64 position | file: a replica (semi-synchronous) has an event of the call whose events are coming. It
// is numbered as a command, and none.
bool Connection::acknowledges_event(const Packet& packet) {
  constexpr std::uint8_t kAcknowledges = 0xef;
  return stage_ == Stage::events && way(Direction::s2c).call != nullptr && !packet.head.empty() &&
         packet.head[0] == kAcknowledges;
}

Connection::Next Connection::take_login(const Packet& packet, Sink& sink) {
  const Login login = parse_login(packet.head);
  if (login.fault != Fault::none) {
    ++workshop_.counters.malformed;
    return give_up_order(Direction::c2s, packet.start + kHeaderBytes, GapCause::content, sink);
  }
  if (login.asks_for_tls) {
    // A report of progress where a greeting belongs: an error that never came to its end.
    if (way(Direction::s2c).call != nullptr) cut(Direction::s2c, kFlagMalformed, sink);
    memory_.release(workshop_);
    workshop_.handover = {};
    return Next::identify;
  }
  Call* call = begin_request(kLogin, packet, sink);
  if (call == nullptr)
    return give_up_order(Direction::c2s, packet.start + kHeaderBytes, GapCause::sensor, sink);
  phase_ = Phase::login;
  capabilities_ = login.capabilities;
  eof_ = (capabilities_ & capability::kDeprecateEof) != 0 ? Eof::left_out : Eof::sent;
  memory_.set_user(workshop_, login.user);
  memory_.set_database(workshop_, login.database);
  keep_login(*call, login);
  return Next::go_on;
}

Connection::Next Connection::take_command(const Packet& packet, Sink& sink) {
  const std::uint8_t command = packet.head.empty() ? 0xff : packet.head[0];
  if (command == kLogin || command_name(command).empty()) {
    ++workshop_.counters.malformed;
    return give_up_order(Direction::c2s, packet.start + kHeaderBytes, GapCause::content, sink);
  }
  Call* call = begin_request(command, packet, sink);
  if (call == nullptr)
    return give_up_order(Direction::c2s, packet.start + kHeaderBytes, GapCause::sensor, sink);
  read_arguments(*call, packet.head.subspan(1), packet.header.length - 1);
  return Next::go_on;
}

// An answer to a challenge, or a piece of the file that the server asked for.
void Connection::take_more(const Packet& packet) {
  if (Call* call = file_call(); call != nullptr) {
    call->file_bytes += packet.header.length;
    return;
  }
  if (queue_.front() == nullptr) return;
  Call& call = call_of(*queue_.front());
  if (!is_login(call)) return;
  call.size += kHeaderBytes + packet.header.length;
  call.last_byte = packet.time;
  call.sequence = packet.header.sequence;
}

// The call that a packet begins, in the queue unless it has no answer. nullptr: no memory.
Call* Connection::begin_request(std::uint8_t command, const Packet& packet, Sink& sink) {
  const bool waits = command == kLogin || answering(command) != Answering::nothing;
  const RequestStart where{.offset = packet.start, .client_acked = packet.acked, .time = packet.first_byte};
  if (waits) {
    const CallQueue::Fate fate = queue_.before_push(where);
    if (fate == CallQueue::Fate::lost) settle_queued(lost(), lost_flag(), sink);
    if (fate == CallQueue::Fate::uncertain) settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
    if (queue_.size() >= std::max(workshop_.limits.open_calls_max, 1u)) {
      ++workshop_.counters.open_calls_exceeded;
      Call& oldest = call_of(*queue_.front());
      queue_.give_up(oldest);
      settle(oldest, Reason::evicted, 0, sink);
    }
  }
  Call* call = take_call(sink);
  if (call == nullptr) return nullptr;
  way(Direction::c2s).call = call;
  call->asked = true;
  call->command = command;
  call->sequence = packet.header.sequence;
  call->turn = packet.turn;
  call->first_byte = packet.first_byte;
  call->last_byte = packet.time;
  call->start = packet.start;
  if (!waits) {
    call->doomed = true;
    return call;
  }
  const Way& server = way(Direction::s2c);
  if (!queue_.push(*call, where)) {
    call->doomed = true;
    call->fate = lost();
    call->flags |= lost_flag() | kFlagUncertain;
  } else if (server.ended) {
    queue_.remove(*call);
    call->doomed = true;
    call->fate = server.end_reason;
  }
  call->touched = server.lost;  // its answer may not be found
  return call;
}

void Connection::read_arguments(Call& call, Bytes arguments, std::uint64_t size) {
  Reader r(arguments);
  switch (call.command) {
    case kQuery: {
      const std::size_t skipped = attributes_bytes(arguments, capabilities_);
      if (skipped == arguments.size() && skipped > 0) call.flags |= kFlagTruncatedBody;  // no end of them
      return keep_statement(call, as_text(arguments.subspan(skipped)), size - skipped);
    }
    case kPrepare:
      return keep_statement(call, as_text(arguments), size);
    case kInitDb:
    case kCreateDb:
    case kDropDb:
    case kFieldList: {
      const auto zero = std::find(arguments.begin(), arguments.end(), 0) - arguments.begin();
      const std::string_view name = as_text(arguments).substr(0, static_cast<std::size_t>(zero));
      if (!call.text.append(workshop_.state, as_bytes(name.substr(0, Memory::kNameBytesMax))))
        ++workshop_.counters.state_exhausted;
      return;
    }
    case kChangeUser:
      return keep_login(call, parse_change_user(arguments, capabilities_));
    case kExecute:
    case kBulkExecute:
    case kLongData:
    case kClose:
    case kReset:
    case kFetch: {
      call.statement_id = r.le<std::uint32_t>();
      call.has_statement_id = r.ok();
      const Statements::Statement* known =
          call.has_statement_id ? memory_.statements().find(call.statement_id) : nullptr;
      if (known == nullptr || call.command == kClose || call.command == kReset) return;
      if (!call.text.append(workshop_.state, as_bytes(known->text()))) ++workshop_.counters.state_exhausted;
      call.body_size = known->size;
      if (known->redacted) call.flags |= kFlagRedacted;
      if (known->size > call.text.size()) call.flags |= kFlagTruncatedBody;
      return;
    }
    default:
      return;
  }
}

void Connection::keep_statement(Call& call, std::string_view statement, std::uint64_t size) {
  call.body_size = size;
  statement = statement.substr(0, statement_bytes_max());
  if (statement.size() < size) {
    call.flags |= kFlagTruncatedBody;
    if (workshop_.limits.previews_shed) call.flags |= kFlagShedBody;
  }
  const bool kept = call.text.reserve(workshop_.state, std::max<std::size_t>(statement.size(), 1));
  if (kept && workshop_.limits.credentials_shown) {
    call.text.append(workshop_.state, as_bytes(statement));
    return;
  }
  SecretScanner scanner(statement, SecretScanner::Language::mysql);
  std::string_view piece = scanner.next();
  bool whole = kept;
  for (; whole && !piece.empty(); piece = scanner.next())
    whole = call.text.append(workshop_.state, as_bytes(piece));
  if (scanner.redacted()) call.flags |= kFlagRedacted;
  if (whole) {
    call.body_size = size - statement.size() + call.text.size();  // as it is shown
    return;
  }
  ++workshop_.counters.preview_exhausted;
  call.flags |= kFlagTruncatedBody;
}

// user, database, plugin, program, one behind the other.
void Connection::keep_login(Call& call, const Login& login) {
  const auto keep = [&](std::string_view text) {
    text = text.substr(0, Memory::kNameBytesMax);
    if (call.text.append(workshop_.state, as_bytes(text))) return static_cast<std::uint32_t>(text.size());
    ++workshop_.counters.state_exhausted;
    return 0u;
  };
  call.flags |= kFlagRedacted;  // the answer to the challenge is never shown
  call.user_bytes = keep(login.user);
  call.database_bytes = keep(login.database);
  call.plugin_bytes = keep(login.plugin);
  keep(login.program);
}

void Connection::finish_request(Sink& sink) {
  Way& w = way(Direction::c2s);
  Call& call = *w.call;
  w.call = nullptr;
  call.ended = true;
  const bool waits = call.command == kLogin || answering(call.command) != Answering::nothing;
  const bool pipelined = waits && queue_.request_ended(call, call.start + call.size);
  if (call.command == kClose && call.has_statement_id)
    memory_.statements().remove(workshop_, call.statement_id);
  if (call.doomed)
    emit(call, call.fate, sink);
  else if (call.answer_ended)
    emit(call, Reason::none, sink);
  if (pipelined) settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
}

}  // namespace spanlight::mysql
