// What the server says: greeting, and answers packet by packet. Rows are counted by their first byte and
// pass. Where descriptions end is told by what stands there: an EOF packet has five bytes, an OK in its place
// seven or more, and no row looks like either. So answers are read also when the login was not seen.

#include <algorithm>

#include "core/secret.h"
#include "mysql/connection.h"

namespace spanlight::mysql {
namespace {

constexpr std::uint8_t kOkByte = 0x00;
constexpr std::uint8_t kMoreDataByte = 0x01;  // of a login
constexpr std::uint8_t kFileByte = 0xfb;
constexpr std::uint8_t kEofByte = 0xfe;  // of a login: another method
constexpr std::uint8_t kErrorByte = 0xff;

}  // namespace

Connection::Next Connection::take_server(const Packet& packet, Sink& sink) {
  Way& w = way(Direction::s2c);
  w.last = false;
  if (w.call == nullptr) {
    if (phase_ == Phase::start && packet.header.sequence == 0) {
      take_greeting(packet, sink);
      return Next::go_on;
    }
    if (phase_ == Phase::start) phase_ = Phase::commands;
    if (take_interim(packet)) return Next::go_on;
    if (!begins_answer(packet)) {
      // What stands behind descriptions, where nobody knew that it would.
      if (!packet.head.empty() && is_eof(packet.head[0], packet.header.length) && eof_ == Eof::unknown)
        eof_ = Eof::sent;
      return Next::go_on;
    }
    if (!begin_answer(packet, sink))
      return give_up_order(Direction::s2c, packet.start + kHeaderBytes, GapCause::sensor, sink);
  }
  w.last = take_answer(*w.call, packet);
  return Next::go_on;
}

// An error instead of a greeting is a call that nobody made.
void Connection::take_greeting(const Packet& packet, Sink& sink) {
  if (!packet.head.empty() && packet.head[0] == kErrorByte) {
    if (!begin_answer(packet, sink)) return;
    Way& w = way(Direction::s2c);
    w.last = take_error(*w.call, packet.head);
    w.call->fate = Reason::unsolicited;
    return;
  }
  const Greeting greeting = parse_greeting(packet.head);
  if (greeting.fault != Fault::none)
    ++workshop_.counters.malformed;
  else
    memory_.set_version(workshop_, greeting.version);
}

// Of a login under way: a challenge, or another method. Part of the answer, and not its start.
bool Connection::take_interim(const Packet& packet) {
  if (queue_.front() == nullptr || packet.head.empty()) return false;
  Call& call = call_of(*queue_.front());
  if (!is_login(call) || (packet.head[0] != kMoreDataByte && packet.head[0] != kEofByte)) return false;
  call.answer_size += kHeaderBytes + packet.header.length;
  call.sequence = packet.header.sequence;
  return true;
}

// An answer's first packet has the number behind the last one of its command.
bool Connection::begins_answer(const Packet& packet) const {
  if (compressed_.on()) return true;
  const OpenRequest* front = queue_.front();
  const std::uint8_t before = front == nullptr ? 0 : static_cast<const Call*>(front)->sequence;
  const bool counted = packet.header.sequence == static_cast<std::uint8_t>(before + 1);
  return counted && packet.header.length > 0;
}

bool Connection::begin_answer(const Packet& packet, Sink& sink) {
  // What had begun before the command did does not answer it: order is lost.
  if (queue_.front() != nullptr && call_of(*queue_.front()).turn > packet.turn) {
    queue_.blame(GapCause::content);
    disturb(Direction::s2c, packet.start, GapCause::content, sink);
    settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
  }
  const bool ordered = queue_.mode() == CallQueue::Mode::ordered;
  const CallQueue::Match match = queue_.match(packet.start, packet.acked, packet.first_byte);
  Way& w = way(Direction::s2c);
  stage_ = Stage::first;
  if (match.verdict == CallQueue::Verdict::answer) {
    w.call = &call_of(*match.request);
  } else {
    const bool uncertain = match.verdict == CallQueue::Verdict::uncertain;
    if (uncertain) settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
    Call* call = take_call(sink);
    if (call == nullptr) return false;
    w.call = call;
    call->ended = true;
    call->command = kQuery;  // as which it is read
    call->fate = match.verdict == CallQueue::Verdict::given_up ? Reason::evicted
                 : ordered && !uncertain                       ? Reason::unsolicited
                                                               : lost();
    if (!ordered) call->flags |= lost_flag();
    if (uncertain) call->flags |= lost_flag() | kFlagUncertain;
  }
  w.call->answered = true;
  w.call->answer_first = packet.first_byte;
  w.call->answer_last = packet.time;
  return true;
}

// True: that packet is the answer's last.
bool Connection::take_answer(Call& call, const Packet& packet) {
  const std::uint8_t first = packet.head.empty() ? 0 : packet.head[0];
  const bool deferred_eof = is_eof(first, packet.header.length);
  switch (stage_) {
    case Stage::first:
    case Stage::file:
      return take_first(call, packet);
    case Stage::columns:
      if (first == kErrorByte) return take_error(call, packet.head);
      if (--columns_left_ == 0) stage_ = Stage::after_columns;
      return false;
    case Stage::after_columns:
      stage_ = Stage::rows;
      if (deferred_eof) {
        eof_ = Eof::sent;
        const Ok end = parse_eof(packet.head);
        return (end.status & kCursorExists) != 0 && end_result(call, end);
      }
      eof_ = Eof::left_out;
      return take_rows(call, packet, call.rows);
    case Stage::rows:
      return take_rows(call, packet, call.rows);
    case Stage::fields: {
      std::uint64_t columns = call.columns;
      const bool last = take_rows(call, packet, columns);
      call.columns = static_cast<std::uint32_t>(columns);
      return last;
    }
    case Stage::described:
      return take_description(packet);
    case Stage::events:
      if (first == kErrorByte) return take_error(call, packet.head);
      if (deferred_eof) return true;
      ++call.rows;
      return false;
  }
  return true;
}

bool Connection::take_first(Call& call, const Packet& packet) {
  const std::uint8_t first = packet.head.empty() ? 0 : packet.head[0];
  const Answering kind = call.command == kLogin ? Answering::simple : answering(call.command);
  if (first == kErrorByte) return take_error(call, packet.head);
  if (kind == Answering::fields || kind == Answering::rows || kind == Answering::events) {
    call.result = Result::rows;
    stage_ = kind == Answering::fields ? Stage::fields
             : kind == Answering::rows ? Stage::rows
                                       : Stage::events;
    return take_answer(call, packet);
  }
  if (kind == Answering::text) {
    call.result = Result::text;
    if (!call.said.append(workshop_.state, packet.head)) ++workshop_.counters.state_exhausted;
    return true;
  }
  if (kind == Answering::prepared && first == kOkByte && packet.head.size() >= kPreparedBytes)
    return take_prepared(call, packet);
  if (first == kOkByte) {
    const Ok ok = parse_ok(packet.head);
    if (ok.fault != Fault::none) call.flags |= kFlagMalformed;
    call.result = Result::ok;
    call.affected_rows += ok.affected_rows;
    call.insert_id = ok.insert_id;
    return end_result(call, ok);
  }
  if (first == kEofByte && packet.header.length <= kEofBytes) {
    call.result = Result::ok;
    return end_result(call, parse_eof(packet.head));
  }
  if (kind != Answering::result) {
    ++workshop_.counters.malformed;
    call.flags |= kFlagMalformed;
    call.result = Result::unknown;
    return true;
  }
  if (first == kFileByte && stage_ != Stage::file) {
    stage_ = Stage::file;
    call.asks_for_file = true;
    if (!call.said.append(workshop_.state, packet.head.subspan(1))) ++workshop_.counters.state_exhausted;
    return false;
  }
  Reader r(packet.head);
  const std::uint64_t columns = lenenc(r);
  constexpr std::uint64_t kColumnsMax = 65'535;
  if (!r.ok() || columns == 0 || columns > kColumnsMax) {
    ++workshop_.counters.malformed;
    call.flags |= kFlagMalformed;
    call.result = Result::unknown;
    return true;
  }
  // MariaDB leaves out descriptions that the client has.
  const bool described = r.left() == 0 || r.u8() != 0;
  call.result = Result::rows;
  call.columns = static_cast<std::uint32_t>(columns);
  columns_left_ = call.columns;
  stage_ = described ? Stage::columns : Stage::after_columns;
  return false;
}

bool Connection::take_rows(Call& call, const Packet& packet, std::uint64_t& counted) {
  const std::uint8_t first = packet.head.empty() ? 0 : packet.head[0];
  if (first == kErrorByte && packet.header.length <= kAnswerBytesMax) return take_error(call, packet.head);
  if (is_eof(first, packet.header.length)) return end_result(call, parse_eof(packet.head));
  if (is_ok_at_end(first, packet.header.length)) return end_result(call, parse_ok(packet.head));
  ++counted;
  return false;
}

bool Connection::take_prepared(Call& call, const Packet& packet) {
  const Prepared prepared = parse_prepared(packet.head, capabilities_);
  call.result = Result::ok;
  call.made_id = prepared.id;
  call.columns = prepared.columns;
  call.params = prepared.params;
  columns_left_ = prepared.described ? prepared.columns : 0;
  params_left_ = prepared.described ? prepared.params : 0;
  stage_ = Stage::described;
  return columns_left_ + params_left_ == 0;
}

// Of parameters, then of columns; an EOF behind each where there are some.
bool Connection::take_description(const Packet& packet) {
  if (!packet.head.empty() && is_eof(packet.head[0], packet.header.length)) {
    eof_ = Eof::sent;
    return columns_left_ + params_left_ == 0;
  }
  if (params_left_ > 0)
    --params_left_;
  else if (columns_left_ > 0)
    --columns_left_;
  return columns_left_ + params_left_ == 0 && eof_ != Eof::sent;
}

bool Connection::take_error(Call& call, Bytes head) {
  const Error error = parse_error(head);
  if (error.code == kProgressCode) return false;
  if (error.fault != Fault::none) call.flags |= kFlagMalformed;
  call.result = Result::error;
  call.error_code = error.code;
  std::copy(error.state.begin(), error.state.end(), call.state.begin());
  // A server quotes what it did not understand, secrets too.
  const bool hides =
      (call.flags & kFlagRedacted) != 0 && !is_login(call) && !workshop_.limits.credentials_shown;
  call.said.shrink(0);
  if (!call.said.append(workshop_.state, as_bytes(hides ? kRedacted : error.message)))
    ++workshop_.counters.state_exhausted;
  return true;
}

// One of several results may have ended, the answer has not then.
bool Connection::end_result(Call& call, const Ok& ok) {
  ++call.results;
  call.warnings = ok.warnings;
  const Answering kind = call.command == kLogin ? Answering::simple : answering(call.command);
  if ((ok.status & kMoreResults) == 0 || kind == Answering::simple) return true;
  stage_ = Stage::first;
  return false;
}

void Connection::finish_answer(Sink& sink) {
  Way& w = way(Direction::s2c);
  Call& call = *w.call;
  w.call = nullptr;
  w.last = false;
  call.answer_ended = true;
  queue_.answer_ended();
  stage_ = Stage::first;
  if (call.asked && call.result != Result::error) note_success(call);
  if (call.asked && is_login(call)) phase_ = Phase::commands;
  if (way(Direction::c2s).call == &call) return;  // told when the request has ended
  emit(call, call.fate, sink);
}

// What a command that succeeded changes of the session.
void Connection::note_success(const Call& call) {
  const std::string_view text = as_text(call.text.bytes());
  switch (call.command) {
    case kLogin:
      if ((capabilities_ & capability::kCompress) != 0) compressed_.begin();
      return;
    case kChangeUser:
      forgot_ = unknown_user_ = false;
      memory_.statements().release(workshop_);
      memory_.set_user(workshop_, text.substr(0, call.user_bytes));
      return memory_.set_database(workshop_, text.substr(call.user_bytes, call.database_bytes));
    case kInitDb:
      forgot_ = false;
      return memory_.set_database(workshop_, text);
    case kQuery: {
      const std::string_view name = used_database(text);
      if (name.empty()) return;
      forgot_ = false;
      return memory_.set_database(workshop_, name);
    }
    case kPrepare:
      return memory_.statements().add(workshop_, call.made_id, text, call.body_size,
                                      (call.flags & kFlagRedacted) != 0);
    case kResetConnection:
      return memory_.statements().release(workshop_);
    default:
      return;
  }
}

}  // namespace spanlight::mysql
