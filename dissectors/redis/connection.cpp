#include "redis/connection.h"

#include <algorithm>

#include "redis/recognise.h"

namespace spanlight::redis {
namespace {

// [message, channel, contents], [smessage, channel, contents], [pmessage, pattern, channel, contents].
bool begins_message(std::string_view word, std::uint64_t words) {
  return words == 3 ? word == "message" || word == "smessage" : words == 4 && word == "pmessage";
}

// Notes of a command: its answer says what the server says next; messages of channels may come before it.
constexpr std::uint8_t kChangesWhatComes = 1, kMessagesMayPrecede = 2;

// A command's name, whole.
bool is_whole_name(const Words& words) {
  return !words.at(0).empty() && !words.list.all()[0].cut();
}

// The value itself, behind attributes that stand before it. False: it has not come yet.
bool skip_attributes(Values& values, Value& value) {
  if (!values.next(value)) return false;
  while (value.type == Type::attribute) {
    for (std::uint64_t left = value.count; left > 0; --left)  // flat: servers send no others
      if (!values.next(value)) return false;
    if (!values.next(value)) return false;
  }
  return true;
}

}  // namespace

Token Connection::token(Direction from, Bytes rest) const {
  const Walk& at = walk(from);
  const bool begins = at.at_start();
  const bool from_client = from == Direction::c2s;
  const Line line = from_client && begins && rest[0] != '*' ? read_inline_command(rest) : read_line(rest);
  if (line.fault != Fault::none) return {.fault = line.fault};
  if (from_client && !begins && line.type != Type::bulk) return {.fault = Fault::bad_value};
  if (at.depth() == kDepthMax && line.count > 0) return {.fault = Fault::too_deep};
  return {.head = line.bytes,
          .payload = line.payload,
          .count = line.count,
          .kind = static_cast<std::uint8_t>(line.type)};
}

Place Connection::accept(Direction from, const Token& token, Bytes, bool first, Sink& sink) {
  Walk& at = walk(from);
  const auto type = static_cast<Type>(token.kind);
  const bool from_client = from == Direction::c2s;
  if (first) at.reset();
  if (first && from_client) word_ = 0;
  const bool value = from_client ? !first && is_value(track(from).message) : first;
  bool too_deep = false;
  const bool last = type == Type::inline_command || at.accept(type, token.count, too_deep);
  if (!from_client) look(false, sink);
  return {.last = last,
          .body = token.payload > 0 && value && type != Type::bulk_error,
          .lead = type == Type::verbatim ? 4u : 0u,
          .tail = 2};
}

// The next word of a command: whether it is what the command carries. Its name is known with the second.
bool Connection::is_value(const KeptMessage& message) {
  if (word_++ == 0) return false;
  if (word_ == 2) {
    Words words;
    read_words(message.text(), words, 1);
    value_at_ = find_command(words.at(0)).value;
  }
  return value_at_ != 0 && word_ - 1 == value_at_;
}

Sync Connection::find(Direction from, Bytes rest) const {
  return find_again(from, rest);
}

bool Connection::is_tellable(const KeptMessage& request) const {
  Words words;
  read_words(request.text(), words, 1);
  return is_whole_name(words);
}

// Empty lines and empty arrays are no commands, and have no answer.
Connection::Asked Connection::look_at_request(KeptMessage& request) {
  Words words;
  read_words(request.text(), words, 1);
  if (!is_whole_name(words)) return {.tellable = false};
  const std::string_view name = words.at(0);
  const Command command = find_command(name);
  const bool silent = silent_ || silent_once_;
  silent_once_ = false;
  if (command.reads_streams || same_name(name, "CLIENT")) {
    words = {};
    read_words(request.text(), words);
  }
  if (same_name(name, "CLIENT") && same_name(words.at(1), "REPLY")) {
    silent_ = same_name(words.at(2), "OFF");
    silent_once_ = same_name(words.at(2), "SKIP");
    return {.answered = same_name(words.at(2), "ON")};
  }
  request.note = static_cast<std::uint8_t>((command.changes_what_comes ? kChangesWhatComes : 0) |
                                           (command.among_messages ? kMessagesMayPrecede : 0));
  return {.answered = !silent, .blocks = is_blocking(command, words)};
}

Connection::Kind Connection::kind_of(const KeptMessage& message, bool whole) {
  const std::string_view text = message.text();
  if (!text.empty() &&
      (text[0] == '$' || text[0] == ':' || text[0] == '-' || (text[0] == '+' && !monitoring_)))
    return Kind::answer;
  Values values(text);
  Value value;
  const Kind undecided = whole ? Kind::answer : Kind::undecided;
  if (!skip_attributes(values, value)) return undecided;
  if (value.type == Type::status) {
    const bool timed = !value.text.empty() && value.text[0] >= '0' && value.text[0] <= '9';
    return monitoring_ && timed ? Kind::push : Kind::answer;
  }
  const bool is_push = value.type == Type::push;
  const bool may_be_message = value.type == Type::array && (subscribed_ || !waits_for_data());
  if (!is_push && !may_be_message && confirmations_ == 0) return Kind::answer;
  if (value.count == 0) return Kind::answer;
  Value word;
  if (!values.next(word) || word.cut()) return whole && is_push ? Kind::push : undecided;
  if (is_subscription(word.text)) return kind_of_confirmation(word.text);
  return is_push || (may_be_message && begins_message(word.text, value.count)) ? Kind::push : Kind::answer;
}

// The oldest command is one that a client which has subscribed may not send, so its answer may look like
// anything.
bool Connection::waits_for_data() const {
  const KeptMessage* asked = oldest();
  return asked != nullptr && (asked->note & kMessagesMayPrecede) == 0;
}

// Of several channels the first confirmation answers the command.
Connection::Kind Connection::kind_of_confirmation(std::string_view word) {
  if (confirmations_ > 0) {
    --confirmations_;
    return Kind::push;
  }
  const KeptMessage* asked = oldest();
  if (asked == nullptr) return Kind::push;
  Words words;
  read_words(asked->text(), words, 1);
  const std::string_view name = words.at(0);
  return name.size() == word.size() && is_subscription(name) ? Kind::answer : Kind::push;
}

// [kind, channel, channels that are left]. One that is a push says that messages will be pushes too.
void Connection::note_confirmation(const KeptMessage& message) {
  Values values(message.text());
  Value value, word, channel, left;
  if (!skip_attributes(values, value) || value.count != 3 || !values.next(word)) return;
  if (!is_subscription(word.text) || !values.next(channel) || !values.next(left)) return;
  subscribed_ = value.type == Type::array && (left.type != Type::integer || left.text != "0");
}

bool Connection::paired(const KeptMessage& request, const KeptMessage& response) {
  if ((request.note & kChangesWhatComes) == 0) return true;
  Words words;
  read_words(request.text(), words);
  const std::string_view name = words.at(0);
  const bool refused = response.text().starts_with('-');
  if (is_subscription(name)) {
    if (!refused && words.count > 2)
      confirmations_ = static_cast<std::uint32_t>(words.count > 0xffff ? 0xffff : words.count - 2);
    note_confirmation(response);
  } else if (same_name(name, "MONITOR")) {
    monitoring_ = !refused;
  } else if (same_name(name, "RESET")) {
    subscribed_ = monitoring_ = silent_ = false;
  } else if (same_name(name, "PSYNC") || same_name(name, "SYNC")) {
    return refused;  // what follows is a database, and then a stream of writes that nobody asked for
  }
  return true;
}

void Connection::order_lost(Direction from) {
  walk(from).reset();
  confirmations_ = 0;
  subscribed_ = false;  // who knows what was confirmed there
  if (from == Direction::c2s) silent_once_ = false;
}

void Connection::tell(const ToldCall& call, Sink& sink) {
  if (call.state == State::one_way && call.said_by == Direction::s2c) note_confirmation(*call.request);
  emit_call(call, workshop_.limits, sink);
}

bool Connection::park(const Position& position, Memo& memo) const {
  if (subscribed_ || monitoring_ || silent_ || silent_once_ || confirmations_ > 0 || !rests(position))
    return false;
  memo = to_memo(rest());
  return true;
}

}  // namespace spanlight::redis
