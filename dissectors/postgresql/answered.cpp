// What the server says: messages to the calls of the group that it answers.

#include <algorithm>
#include <cstring>
#include <new>

#include "core/secret.h"
#include "postgresql/connection.h"
#include "postgresql/statement.h"

namespace spanlight::postgresql {
namespace {

// May come at any time, asked for or not.
bool is_aside(std::uint8_t type) {
  return type == answered::kNotice || type == answered::kParameterStatus || type == answered::kError ||
         type == answered::kNotification;
}

}  // namespace

// The first byte of a message: an answer begins with it, unless one is under way or it is said by the side.
void Connection::sight(std::uint8_t type, const Window& window, std::uint64_t start, Sink& sink) {
  if (answering_ != nullptr || type == answered::kNotification) return;
  if (is_aside(type) && queue_.front() == nullptr) return;
  begin_answer(window, start, sink);
}

void Connection::begin_answer(const Window& window, std::uint64_t start, Sink& sink) {
  const bool ordered = queue_.mode() == CallQueue::Mode::ordered;
  const CallQueue::Match match = queue_.match(start, window.peer_acked, window.time);
  if (match.verdict == CallQueue::Verdict::answer) {
    answering_ = &group_of(*match.request);
    unproven_ = false;
    return;
  }
  const bool uncertain = match.verdict == CallQueue::Verdict::uncertain;
  if (uncertain) settle_queued(lost(), lost_flag() | kFlagUncertain, sink);
  const MutableBytes group_block = take_block(sizeof(Group), sink);
  const MutableBytes call_block = group_block.empty() ? MutableBytes{} : take_block(sizeof(Call), sink);
  if (call_block.empty()) {  // what it says is not told
    workshop_.state.give(group_block);
    queue_.answer_ended();
    return;
  }
  auto* group = new (group_block.data()) Group;
  auto* call = new (call_block.data()) Call;
  ++open_calls_;
  group->front = group->back = call;
  group->stray = group->ended = true;
  group->fate = match.verdict == CallQueue::Verdict::given_up ? Reason::evicted
                : ordered && !uncertain                       ? Reason::unsolicited
                                                              : lost();
  if (!ordered) call->flags |= lost_flag();
  if (uncertain) call->flags |= lost_flag() | kFlagUncertain;
  answering_ = group;
}

// The call that what comes next belongs to: the first one without its answer.
Call* Connection::current_call(Group& group) const {
  for (Call* call = group.front; call != nullptr; call = call->next)
    if (!call->done) return call;
  return group.composing;
}

void Connection::take_answered(const Message& m, Sink& sink) {
  if (m.type == answered::kNotification || (answering_ == nullptr && is_aside(m.type)))
    return tell_alone(m, sink);
  if (answering_ == nullptr) return;  // there was no memory to begin it
  if (m.type == answered::kReady) return take_ready(m, sink);
  Group& group = *answering_;
  Call* call = current_call(group);
  if (call == nullptr && is_aside(m.type)) call = group.back;  // said between an answer and ReadyForQuery
  if (call == nullptr) return;  // the answer to a call that there was no room for
  Answered& answer = call->answered;
  if (m.turn < call->asked.turn) return;  // it had begun before that was asked
  if (!answer.begun()) answer.first_byte = m.first_byte;
  answer.last_byte = m.last_byte;
  answer.size += m.size;
  take_of_call(*call, m);
  if (m.type == answered::kError) {
    group.failed = group.extended;
    if (group.extended) call->done = true;
  }
  const bool refused = m.type == answered::kError && (call->kind == Kind::ssl || call->kind == Kind::gss);
  if (refused) return finish_answer(Reason::none, 0, sink);  // servers that do not know of encryption
  if (call->done) tell_answered(group, sink);
}

void Connection::take_of_call(Call& call, const Message& m) {
  Answered& answer = call.answered;
  const bool executes = call.kind == Kind::execute;
  switch (m.type) {
    case answered::kParseComplete:
    case answered::kBindComplete:
    case answered::kCloseComplete:
    case answered::kNoData:
      ++call.steps_answered;
      break;
    case answered::kRowDescription:
      ++call.steps_answered;
      take_columns(call, m);
      break;
    case answered::kDataRow:
      ++answer.rows;
      break;
    case answered::kCommandComplete: {
      Reader r{m.body};
      take_tag(call, m, take_text(r, true));
      call.done = executes;
      return;
    }
    case answered::kEmptyQuery:
      take_tag(call, m, "EMPTY");
      call.done = executes;
      return;
    case answered::kSuspended:
      take_tag(call, m, "SUSPENDED");
      answer.suspended = true;
      call.done = executes;
      return;
    case answered::kError:
    case answered::kNotice:
      return take_report(call, m);
    case answered::kCopyIn:
    case answered::kCopyOut:
    case answered::kCopyBoth:
      answer.copy = m.type;
      break;
    case answered::kCopyData:
      answer.copy_bytes += m.size - kHeaderBytes;
      ++answer.copy_rows;
      break;
    case answered::kAuthentication:
      return take_authentication(call, m);
    case answered::kBackendKey: {
      Reader r{m.body};
      answer.process = r.be<std::uint32_t>();
      break;
    }
    case answered::kParameterStatus: {
      Reader r{m.body};
      const std::string_view name = take_text(r, true);
      const std::string_view value = take_text(r, true);
      bool cut = false;
      if (name == "server_version")
        answer.version = answer.words.add(workshop_.state, value, kNameBytesMax, cut);
      break;
    }
    default:
      break;
  }
  // Prepared, described or closed, and executed elsewhere: another call follows.
  const bool prepares = call.kind >= Kind::parse && call.kind <= Kind::close;
  if (prepares && call.steps_answered >= call.steps && answering_->composing != &call) call.done = true;
}

void Connection::take_tag(Call& call, const Message&, std::string_view tag) {
  Answered& answer = call.answered;
  if (answer.tag_count >= kTagsMax) {
    call.flags |= kFlagTruncatedBody;
    return;
  }
  bool cut = false;
  constexpr std::size_t kTagBytesMax = 64;
  const bool follows = answer.tag_count > 0 && answer.tags.at + answer.tags.size == answer.words.bytes.size();
  std::string_view before =
      answer.tag_count > 0 && !follows ? answer.words.text(answer.tags) : std::string_view{};
  if (!follows) {
    // Something else was said between two tags: they are put together again.
    char room[kTagsMax * (kTagBytesMax + 1)];
    const std::size_t n = std::min(before.size(), sizeof(room));
    if (n > 0) std::memcpy(room, before.data(), n);
    answer.tags = answer.words.add(workshop_.state, {room, n}, n, cut);
  }
  const Piece text = answer.words.add(workshop_.state, tag, kTagBytesMax, cut);
  const Piece end = answer.words.add(workshop_.state, std::string_view("\0", 1), 1, cut);
  answer.tags.size += text.size + end.size;
  if (cut) call.flags |= kFlagTruncatedBody;
  if (end.size > 0) ++answer.tag_count;
}

void Connection::take_columns(Call& call, const Message& m) {
  constexpr std::size_t kBehindName = 18;
  Answered& answer = call.answered;
  Reader r{m.body};
  if (answer.has_columns) return;  // those of the first result are told
  answer.column_count = r.be<std::uint16_t>();
  answer.has_columns = true;
  answer.columns = {static_cast<std::uint32_t>(answer.words.bytes.size()), 0};
  bool cut = false;
  for (std::uint16_t i = 0; i < answer.column_count && i < kColumnsShown && r.ok(); ++i) {
    const std::string_view name = take_text(r, m.whole);
    r.skip(kBehindName);
    if (!r.ok()) break;
    constexpr std::size_t kColumnBytesMax = 64;
    answer.words.add(workshop_.state, name, kColumnBytesMax, cut);
    if (answer.words.add(workshop_.state, std::string_view("\0", 1), 1, cut).size == 0) break;
    ++answer.columns_shown;
  }
  answer.columns.size = static_cast<std::uint32_t>(answer.words.bytes.size()) - answer.columns.at;
}

// A message may quote the statement or its parameters, and so their secrets, with or without quotes.
void Connection::take_report(Call& call, const Message& m) {
  const Report report = parse_report(m.body, m.whole);
  if (m.whole && report.fault != Fault::none) {
    ++workshop_.counters.malformed;
    call.flags |= kFlagMalformed;
  }
  Answered& answer = call.answered;
  bool cut = false;
  const bool hides = (call.flags & kFlagRedacted) != 0 && call.kind != Kind::startup;
  const std::string_view message = hides ? kRedacted : report.message;
  if (m.type == answered::kNotice) {
    if (answer.notice_count++ == 0)
      answer.notice = answer.words.add(workshop_.state, message, kReportBytesMax, cut);
    return;
  }
  answer.has_error = true;
  std::memset(answer.code, 0, sizeof(answer.code));
  if (!report.code.empty())
    std::memcpy(answer.code, report.code.data(), std::min(report.code.size(), sizeof(answer.code)));
  answer.severity = answer.words.add(workshop_.state, report.severity, kNameBytesMax, cut);
  answer.message = answer.words.add(workshop_.state, message, kReportBytesMax, cut);
  if (hides) return;
  answer.detail = answer.words.add(workshop_.state, report.detail, kReportBytesMax, cut);
  answer.hint = answer.words.add(workshop_.state, report.hint, kReportBytesMax, cut);
}

void Connection::take_authentication(Call& call, const Message& m) {
  Reader r{m.body};
  const auto code = r.be<std::uint32_t>();
  Answered& answer = call.answered;
  std::string_view method;
  switch (code) {
    case authentication::kOk:
      answer.authenticated = true;
      if (answer.method.size == 0) method = "trust";
      break;
    case authentication::kKerberos:
      method = "kerberos";
      break;
    case authentication::kCleartext:
      method = "password";
      break;
    case authentication::kMd5:
      method = "md5";
      break;
    case authentication::kGss:
      method = "gss";
      break;
    case authentication::kSspi:
      method = "sspi";
      break;
    case authentication::kSasl: {
      method = take_text(r, m.whole);  // the server's first choice; what the client takes replaces it
      call.asked.number = code;
      break;
    }
    default:
      break;
  }
  bool cut = false;
  if (!method.empty()) answer.method = answer.words.add(workshop_.state, method, kNameBytesMax, cut);
}

// The group was answered in full.
void Connection::take_ready(const Message& m, Sink& sink) {
  Group& group = *answering_;
  if (Call* last = group.back; group.front != nullptr && last != nullptr) {
    last->answered.transaction = m.body.empty() ? std::uint8_t{0} : m.body[0];
    if (last->answered.begun()) {
      last->answered.last_byte = m.last_byte;
      last->answered.size += m.size;
      last->done = true;
    }
  }
  finish_answer(group.stray ? group.fate : Reason::none, 0, sink);
}

// What the server says without being asked: notifications, notices, and why it ends the connection.
void Connection::tell_alone(const Message& m, Sink& sink) {
  if (m.type == answered::kParameterStatus) return;
  const MutableBytes block = take_block(sizeof(Call), sink);
  if (block.empty()) return;
  auto* call = new (block.data()) Call;
  ++open_calls_;
  bool cut = false;
  if (m.type == answered::kError) {
    Answered& answer = call->answered;
    answer.first_byte = m.first_byte;
    answer.last_byte = m.last_byte;
    answer.size = m.size;
    take_report(*call, m);
    const bool ordered = queue_.mode() == CallQueue::Mode::ordered;
    return tell(*call, ordered ? Reason::unsolicited : lost(), ordered ? 0 : lost_flag(), sink);
  }
  Asked& asked = call->asked;
  asked.first_byte = m.first_byte;
  asked.last_byte = m.last_byte;
  asked.size = m.size;
  if (m.type == answered::kNotice) {
    const Report report = parse_report(m.body, m.whole);
    call->kind = Kind::notice;
    asked.statement = asked.words.add(workshop_.state, report.message, kReportBytesMax, cut);
    asked.name = asked.words.add(workshop_.state, report.code, kNameBytesMax, cut);
  } else {
    Reader r{m.body};
    call->kind = Kind::notification;
    asked.number = r.be<std::uint32_t>();
    const std::string_view channel = take_text(r, m.whole);
    const std::string_view payload = take_text(r, m.whole);
    asked.name = asked.words.add(workshop_.state, channel, kNameBytesMax, cut);
    asked.statement = asked.words.add(workshop_.state, payload, kTextBytesMax, cut);
    asked.statement_bytes = payload.size();
  }
  tell(*call, Reason::unsolicited, 0, sink);
}

}  // namespace spanlight::postgresql
