// Lines: answered in the order of the requests, but for those that said `noreply`, and meta commands that are
// quiet: they may have an answer, or not.

#include "memcached/connection.h"
#include "memcached/recognise.h"

namespace spanlight::memcached {
namespace {

constexpr std::uint8_t kMayBeSilent = 1;  // note of a quiet meta command

}  // namespace

Token Connection::token(Direction from, Bytes rest) const {
  const Line line = read_line(rest);
  if (line.fault != Fault::none) return {.fault = line.fault};
  Words words;
  split(line.text, words);
  if (from == Direction::c2s) {
    // What is no command is answered with ERROR; a line that is empty, or no text, is not to be one.
    const Request request = read_request(words);
    if (request.fault != Fault::none && !is_wordlike(line.text)) return {.fault = request.fault};
    return {.head = line.bytes, .payload = request.payload};
  }
  const Reply reply = read_reply(words);
  return {.fault = reply.fault, .head = line.bytes, .payload = reply.payload};
}

Place Connection::accept(Direction from, const Token& token, Bytes head, bool, Sink& sink) {
  Words words;
  split(read_line(head).text, words);
  const bool last = from == Direction::c2s || read_reply(words).last;
  if (from == Direction::s2c) look(false, sink);
  return {.last = last, .body = token.payload > 0, .tail = 2};
}

Sync Connection::find(Direction from, Bytes rest) const {
  return find_again(from, rest);
}

bool Connection::is_tellable(const KeptMessage& request) const {
  return request.text().find('\n') != std::string_view::npos;
}

Connection::Asked Connection::look_at_request(KeptMessage& request) {
  if (!is_tellable(request)) return {.tellable = false};
  Words words;
  split(read_line(request.head.bytes()).text, words);
  const Request asked = read_request(words);
  const bool meta = asked.verb >= Verb::meta_get;
  request.note = meta && asked.quiet ? kMayBeSilent : 0;
  return {.answered = asked.verb != Verb::quit && (meta || !asked.quiet)};
}

Connection::Kind Connection::kind_of(const KeptMessage&, bool) {
  return Kind::answer;
}

// A quiet meta command has no answer when there is nothing to say. An answer is to it when it says so, by the
// opaque word or the key that it was asked to repeat; else only when nothing else waits.
Connection::Fit Connection::fit(const KeptMessage& request, const KeptMessage& answer, bool only) {
  if (request.note != kMayBeSilent) return Fit::yes;
  Words asked_words, words;
  split(read_line(request.head.bytes()).text, asked_words);
  const Request asked = read_request(asked_words);
  split(read_line(answer.head.bytes()).text, words);
  if (words.at(0) == "MN") return Fit::silent;
  if (asked.meta_opaque.empty() && !asked.tells_key) return only ? Fit::yes : Fit::unknown;
  for (std::size_t i = 1; i < words.list.all().size(); ++i) {
    const std::string_view word = words.at(i);
    if (!asked.meta_opaque.empty() && word.starts_with('O'))
      return word.substr(1) == asked.meta_opaque ? Fit::yes : Fit::silent;
    if (asked.meta_opaque.empty() && word.starts_with('k'))
      return word.substr(1) == asked_words.at(1) ? Fit::yes : Fit::silent;
  }
  return Fit::silent;  // it would have said so
}

void Connection::tell(const ToldCall& call, Sink& sink) {
  emit_call(call, Form::text, workshop_.limits, sink);
}

bool Connection::park(const Position& position, Memo& memo) const {
  if (!rests(position)) return false;
  memo = to_memo(rest());
  return true;
}

}  // namespace spanlight::memcached
