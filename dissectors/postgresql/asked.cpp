// What the client says: messages to calls. Parse, Bind, Describe and Close are steps of the call that their
// Execute makes; without one they are a call of their own, which ends with Sync or with the next Parse.

#include <algorithm>
#include <cstring>

#include "core/secret.h"
#include "postgresql/connection.h"
#include "postgresql/statement.h"

namespace spanlight::postgresql {
namespace {

// Of the parameter $n in Asked::secret_parameters.
constexpr std::uint64_t parameter_bit(unsigned n) {
  return std::uint64_t{1} << (std::min<unsigned>(n, kParametersMax) - 1);
}
static_assert(kParametersMax == 64, "one bit each");

}  // namespace

void Connection::take_asked(const Message& m, Sink& sink) {
  switch (m.type) {
    case asked::kQuery:
      return take_query(m, sink);
    case asked::kParse:
      return take_parse(m, sink);
    case asked::kBind:
      return take_bind(m, sink);
    case asked::kDescribe:
    case asked::kClose:
      return take_named(m, sink);
    case asked::kExecute:
      return take_execute(m, sink);
    case asked::kSync:
      return take_sync(m, sink);
    case asked::kFunctionCall:
      return take_function(m, sink);
    case asked::kCopyData:
    case asked::kCopyDone:
    case asked::kCopyFail:
      return take_copy(m);
    case asked::kPassword:
      return take_password(m);
    default:
      break;  // Flush asks for what was asked already; Terminate has no answer, and the connection's end is
              // told
  }
}

// The text as it was said, but for its secrets; as much of it as is kept. They are looked for in all of it: a
// parameter that is one may stand behind what is kept, and an error may quote from there.
void Connection::keep_statement(Call& call, std::string_view text, std::uint64_t size) {
  bool cut = text.size() < size;
  call.asked.statement_bytes = size;
  const std::size_t limit = std::min<std::size_t>(
      kTextBytesMax, std::max<std::size_t>(workshop_.limits.body_preview_bytes, kNameBytesMax));
  SecretSearch secrets(text);
  if (text.size() > limit) cut = true;
  text = text.substr(0, limit);
  Words& words = call.asked.words;
  const auto at = static_cast<std::uint32_t>(words.bytes.size());
  std::size_t shown = 0;
  while (!workshop_.limits.credentials_shown) {
    const Secret secret = secrets.next();
    if (!secret.found()) break;
    if (secret.parameter > 0) {
      call.asked.secret_parameters |= parameter_bit(secret.parameter);
      continue;
    }
    call.flags |= kFlagRedacted;
    if (secret.at >= text.size()) continue;
    words.add(workshop_.state, text.substr(shown, secret.at - shown), limit, cut);
    words.add(workshop_.state, kRedacted, limit, cut);
    shown = std::min(secret.at + secret.size, text.size());
  }
  words.add(workshop_.state, text.substr(shown), limit, cut);
  call.asked.statement = {at, static_cast<std::uint32_t>(words.bytes.size() - at)};
  if (cut) call.flags |= kFlagTruncatedBody;
}

void Connection::take_query(const Message& m, Sink& sink) {
  if (asking_ != nullptr && asking_->fate != Reason::none) end_group(m.start, sink);
  Group* group = group_for(m, sink);
  if (group == nullptr) return;
  compose_no_more(*group, sink);
  Call* call = take_call(Kind::simple, m, sink);
  if (call != nullptr) {
    call->asked.size = m.size;
    Reader r{m.body};
    const std::string_view text = take_text(r, m.whole);
    if (m.whole && r.fault() != Fault::none) {
      ++workshop_.counters.malformed;
      call->flags |= kFlagMalformed;
    }
    keep_statement(*call, text, m.whole ? text.size() : m.size - kHeaderBytes - 1);
    append_call(*group, *call, sink);
  }
  if (session_ != nullptr) session_->forget(workshop_.state, {});
  end_group(m.end, sink);
}

void Connection::take_function(const Message& m, Sink& sink) {
  Group* group = group_for(m, sink);
  if (group == nullptr) return;
  compose_no_more(*group, sink);
  Call* call = take_call(Kind::function, m, sink);
  if (call != nullptr) {
    Reader r{m.body};
    call->asked.number = r.be<std::uint32_t>();
    call->asked.size = m.size;
    append_call(*group, *call, sink);
  }
  end_group(m.end, sink);
}

// The call that extended messages make together.
Call* Connection::step_of_call(const Message& m, Sink& sink) {
  Group* group = group_for(m, sink);
  if (group == nullptr) return nullptr;
  group->extended = true;
  if (group->composing == nullptr) group->composing = take_call(Kind::close, m, sink);
  Call* call = asking_->composing;
  if (call == nullptr) return nullptr;
  call->asked.size += m.size;
  call->asked.last_byte = m.last_byte;
  return call;
}

void Connection::take_parse(const Message& m, Sink& sink) {
  // Another statement is prepared behind one that is not executed here.
  if (asking_ != nullptr && asking_->composing != nullptr && asking_->composing->kind != Kind::close)
    compose_no_more(*asking_, sink);
  Call* call = step_of_call(m, sink);
  if (call == nullptr) return;
  const Parse parse = parse_parse(m.body, m.whole);
  if (m.whole && parse.fault != Fault::none) {
    ++workshop_.counters.malformed;
    call->flags |= kFlagMalformed;
  }
  call->kind = Kind::parse;
  ++call->steps;
  bool cut = false;
  call->asked.name = call->asked.words.add(workshop_.state, parse.statement, kNameBytesMax, cut);
  const bool ended = m.whole || parse.fault == Fault::none;
  const std::uint64_t size = ended ? parse.text.size() : m.size - kHeaderBytes - parse.statement.size() - 1;
  keep_statement(*call, parse.text, size);
  if (Session* s = session(); s != nullptr)
    s->remember(workshop_.state, {.name = parse.statement,
                                  .text = call->asked.words.text(call->asked.statement),
                                  .size = size,
                                  .secret_parameters = call->asked.secret_parameters,
                                  .known = true,
                                  .redacted = (call->flags & kFlagRedacted) != 0,
                                  .cut = (call->flags & kFlagTruncatedBody) != 0});
}

// What was prepared earlier is shown as far as it is remembered.
void Connection::adopt_statement(Call& call, const Session::Statement& statement) {
  if (!statement.known) return;
  bool cut = false;
  if (call.asked.name.size == 0)
    call.asked.name = call.asked.words.add(workshop_.state, statement.name, kNameBytesMax, cut);
  const std::size_t limit = std::min<std::size_t>(
      kTextBytesMax, std::max<std::size_t>(workshop_.limits.body_preview_bytes, kNameBytesMax));
  call.asked.statement = call.asked.words.add(workshop_.state, statement.text, limit, cut);
  call.asked.statement_bytes = statement.size;
  call.asked.secret_parameters = statement.secret_parameters;
  if (cut || statement.cut) call.flags |= kFlagTruncatedBody;
  if (statement.redacted) call.flags |= kFlagRedacted;
}

void Connection::take_bind(const Message& m, Sink& sink) {
  Call* call = step_of_call(m, sink);
  if (call == nullptr) return;
  const Bind bind = parse_bind(m.body, m.whole);
  if (m.whole && bind.fault != Fault::none) {
    ++workshop_.counters.malformed;
    call->flags |= kFlagMalformed;
  }
  ++call->steps;
  Asked& asked = call->asked;
  const bool parsed_here =
      call->kind == Kind::parse && asked.words.text(asked.name) == bind.statement.substr(0, kNameBytesMax);
  call->kind = Kind::bind;
  bool cut = false;
  asked.portal = asked.words.add(workshop_.state, bind.portal, kNameBytesMax, cut);
  if (!parsed_here) {
    asked.name = asked.words.add(workshop_.state, bind.statement, kNameBytesMax, cut);
    asked.statement = {};
    asked.statement_bytes = 0;
    asked.secret_parameters = 0;
    if (session_ != nullptr) adopt_statement(*call, session_->find(bind.statement));
  }
  if (Session* s = session_; s != nullptr) s->bind(bind.portal, bind.statement);
  keep_parameters(*call, bind);
}

// As text, or as \x and hexadecimal digits where the client sent them in binary form.
void Connection::keep_parameters(Call& call, const Bind& bind) {
  Asked& asked = call.asked;
  asked.parameter_count = bind.parameters;
  asked.parameters_shown = 0;
  asked.parameters = {static_cast<std::uint32_t>(asked.words.bytes.size()), 0};
  if ((call.flags & kFlagRedacted) != 0) return;
  if (bind.parameters > 0 && asked.secret_parameters != 0) call.flags |= kFlagRedacted;
  Reader r{bind.values};
  std::size_t used = 0;
  bool cut = false;
  for (std::uint16_t i = 0; i < bind.parameters && i < kParametersMax; ++i) {
    const auto size = r.be<std::uint32_t>();
    const bool secret = (asked.secret_parameters & parameter_bit(i + 1u)) != 0;
    const bool null = size == 0xffffffff;
    const std::size_t there = null ? 0 : std::min<std::size_t>(size, r.left());
    const Bytes value = r.take(there);
    if (!r.ok()) break;
    char room[kParameterBytesMax];
    std::string_view text = as_text(value);
    if (secret) {
      text = kRedacted;
    } else if (bind.is_binary(i) && !null) {
      TextRoom hex(room);
      hex.put("\\x");
      const Bytes shown = value.first(std::min(value.size(), (kParameterBytesMax - 2) / 2));
      hex.hex(shown);
      text = hex.since(0);
      if (shown.size() < size) call.flags |= kFlagTruncatedBody;
    } else if (size > kParameterBytesMax && !null) {
      text = text.substr(0, kParameterBytesMax);
      call.flags |= kFlagTruncatedBody;
    }
    if (used + text.size() > kParametersBytesMax) break;
    const std::uint16_t kept = null && !secret ? kNull : static_cast<std::uint16_t>(text.size());
    asked.words.add(workshop_.state, {reinterpret_cast<const char*>(&kept), sizeof(kept)}, sizeof(kept), cut);
    asked.words.add(workshop_.state, text, kParameterBytesMax, cut);
    if (cut) break;
    used += text.size();
    ++asked.parameters_shown;
    if (there < size && !null) break;
  }
  asked.parameters.size = static_cast<std::uint32_t>(asked.words.bytes.size()) - asked.parameters.at;
  if (asked.parameters_shown < bind.parameters) call.flags |= kFlagTruncatedBody;
}

void Connection::take_named(const Message& m, Sink& sink) {
  Call* call = step_of_call(m, sink);
  if (call == nullptr) return;
  const Named named = parse_named(m.body);
  if (named.fault != Fault::none) {
    ++workshop_.counters.malformed;
    call->flags |= kFlagMalformed;
  }
  ++call->steps;
  const bool closes = m.type == asked::kClose;
  if (closes && named.kind == 'S' && session_ != nullptr) session_->forget(workshop_.state, named.name);
  const bool only_closes = call->kind == Kind::close;
  if (only_closes && !closes) call->kind = Kind::describe;
  if (!only_closes) return;
  bool cut = false;
  Piece& place = named.kind == 'S' ? call->asked.name : call->asked.portal;
  place = call->asked.words.add(workshop_.state, named.name, kNameBytesMax, cut);
  if (!closes && named.kind == 'S' && session_ != nullptr) adopt_statement(*call, session_->find(named.name));
}

void Connection::take_execute(const Message& m, Sink& sink) {
  Call* call = step_of_call(m, sink);
  if (call == nullptr) return;
  Reader r{m.body};
  const std::string_view portal = take_text(r, m.whole);
  call->asked.number = r.be<std::uint32_t>();
  if (r.fault() != Fault::none) {
    ++workshop_.counters.malformed;
    call->flags |= kFlagMalformed;
  }
  if (call->kind != Kind::bind) {  // bound earlier: the next rows of a portal
    bool cut = false;
    call->asked.portal = call->asked.words.add(workshop_.state, portal, kNameBytesMax, cut);
    if (session_ != nullptr) adopt_statement(*call, session_->bound_to(portal));
    if (call->asked.secret_parameters != 0)
      call->flags |= kFlagRedacted;  // an error may quote what was bound
  }
  call->kind = Kind::execute;
  compose_no_more(*asking_, sink);
}

void Connection::take_sync(const Message& m, Sink& sink) {
  Group* group = group_for(m, sink);
  if (group == nullptr) return;
  group->extended = true;
  compose_no_more(*group, sink);
  if (Call* last = group->back; last != nullptr && group->front != nullptr) {
    last->asked.size += m.size;
    last->asked.last_byte = m.last_byte;
  }
  end_group(m.end, sink);
}

// Data for the copy that the server asked for.
void Connection::take_copy(const Message& m) {
  // The server's word that it wants them may be in a hole.
  Group* group = answering_ != nullptr       ? answering_
                 : queue_.front() != nullptr ? &group_of(*queue_.front())
                                             : nullptr;
  if (group == nullptr) return;
  group->last_byte = m.last_byte;
  Call* call = current_call(*group);
  if (call == nullptr || call->kind == Kind::stray) return;
  call->asked.size += m.size;
  call->asked.last_byte = m.last_byte;
  if (m.type != asked::kCopyData) return;
  call->asked.copy_bytes += m.size - kHeaderBytes;
  ++call->asked.copy_rows;
}

// Whatever logs in: a password, its hash, or SASL's and Kerberos' tokens. Of SASL the mechanism is told.
void Connection::take_password(const Message& m) {
  Group* group = answering_ != nullptr       ? answering_
                 : queue_.front() != nullptr ? &group_of(*queue_.front())
                                             : nullptr;
  if (group == nullptr || group->front == nullptr || group->front->kind != Kind::startup) return;
  Call& call = *group->front;
  call.asked.size += m.size;
  call.asked.last_byte = group->last_byte = m.last_byte;
  call.asked.has_secret = true;
  std::string_view text = as_text(m.body);
  bool cut = false;
  if (call.asked.number == authentication::kSasl) {
    Reader r{m.body};
    const std::string_view mechanism = take_text(r, true);
    if (r.ok())
      call.answered.method = call.answered.words.add(workshop_.state, mechanism, kNameBytesMax, cut);
    call.asked.number = authentication::kSaslContinue;
  }
  if (!workshop_.limits.credentials_shown) {
    call.flags |= kFlagRedacted;
    return;
  }
  if (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  call.asked.secret = call.asked.words.add(workshop_.state, text, kSecretBytesMax, cut);
}

void Connection::take_opening(const Message& m, std::uint32_t code, Sink& sink) {
  if (asking_ != nullptr) end_group(m.start, sink);
  if (code == opening::kCancel) {  // nothing answers it but the connection's end
    Call* call = take_call(Kind::cancel, m, sink);
    if (call == nullptr) return;
    Reader r{m.body};
    call->asked.size = m.size;
    call->asked.number = r.be<std::uint32_t>();
    return tell(*call, Reason::none, 0, sink);
  }
  encryption_asked_ = code == opening::kSsl;
  Group* group = begin_group(m, sink);
  if (group == nullptr) return;
  const Kind kind = code == opening::kSsl             ? Kind::ssl
                    : code == opening::kGssEncryption ? Kind::gss
                                                      : Kind::startup;
  if (Call* call = take_call(kind, m, sink); call != nullptr) {
    call->asked.size = m.size;
    if (kind == Kind::startup) {
      const Startup startup = parse_startup(m.body);
      if (startup.fault != Fault::none) {
        ++workshop_.counters.malformed;
        call->flags |= kFlagMalformed;
      }
      bool cut = false;
      Asked& asked = call->asked;
      asked.user = asked.words.add(workshop_.state, startup.user, kNameBytesMax, cut);
      asked.database = asked.words.add(workshop_.state, startup.database, kNameBytesMax, cut);
      asked.application = asked.words.add(workshop_.state, startup.application_name, kNameBytesMax, cut);
      if (Session* s = session(); s != nullptr) s->set_who(startup.user, startup.database);
    }
    append_call(*group, *call, sink);
  }
  if (asking_ == group) end_group(m.end, sink);
}

}  // namespace spanlight::postgresql
