#include "redis/recognise.h"

#include <algorithm>

#include "redis/commands.h"

namespace spanlight::redis {
namespace {

constexpr std::size_t kFirstWordMax = kNameBytesMax;
constexpr std::size_t kBulkLookMax = 512;  // a longer one is believed by its line alone, or not at all
constexpr unsigned kTokensLookMax = 24;
constexpr unsigned kProof = 3;  // points; what earns them: weigh()

bool is_letter(std::uint8_t b) {
  return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
}

bool is_name(std::string_view text) {
  return !text.empty() && is_letter(static_cast<std::uint8_t>(text[0])) &&
         std::ranges::all_of(text, [](char c) {
           return is_letter(static_cast<std::uint8_t>(c)) || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                  c == '_';
         });
}

// *N CR LF $n CR LF name CR LF: a command, as clients send it.
Look look_at_command(Bytes in, std::string_view& name, std::uint64_t& count) {
  name = {};
  if (in.empty()) return Look::more;
  if (in[0] != '*') return Look::no;
  const Line array = read_line(in);
  if (array.fault == Fault::short_input) return Look::more;
  if (array.fault != Fault::none || array.type != Type::array || array.count == 0) return Look::no;
  const Bytes rest = in.subspan(array.bytes);
  if (rest.empty()) return Look::more;
  if (rest[0] != '$') return Look::no;
  const Line bulk = read_line(rest);
  if (bulk.fault == Fault::short_input) return Look::more;
  if (bulk.fault != Fault::none || bulk.type != Type::bulk || bulk.payload - 2 > kFirstWordMax)
    return Look::no;
  const Bytes word = rest.subspan(bulk.bytes);
  const auto length = static_cast<std::size_t>(bulk.payload - 2);
  name = as_text(word.first(std::min(word.size(), length)));
  count = array.count;
  if (!name.empty() && !is_name(name)) return Look::no;
  if (word.size() < length + 2) return Look::more;
  return length > 0 && word[length] == '\r' && word[length + 1] == '\n' ? Look::yes : Look::no;
}

bool is_server_word(std::string_view name) {
  return name == "message" || name == "pmessage" || name == "smessage" || name == "subscribe" ||
         name == "psubscribe" || name == "ssubscribe" || name == "unsubscribe" || name == "punsubscribe" ||
         name == "sunsubscribe" || name == "pong" || name == "invalidate";
}

// Of arrays that either side may have sent, the server's confirmations have three elements, the last a
// number.
Verdict speaker_of_command(std::string_view name, std::uint64_t count) {
  if (is_server_word(name))
    return name.ends_with("message") || count == 3 ? Verdict::server : Verdict::client;
  if (find_command(name).known) return Verdict::client;
  return name.find('.') != std::string_view::npos ? Verdict::client : Verdict::no;
}

// Answers that say something of who speaks. Status and error lines are other protocols' too (POP3, NATS).
unsigned weigh(const Line& line) {
  switch (line.type) {
    case Type::status:
      return line.text == "QUEUED" ? 2 : line.text == "OK" || line.text == "PONG" ? 1 : 0;
    case Type::error: {
      const std::string_view code = line.text.substr(0, line.text.find(' '));
      constexpr std::string_view kCodes[] = {"WRONGTYPE",  "MOVED",    "ASK",     "NOAUTH",    "WRONGPASS",
                                             "LOADING",    "NOSCRIPT", "BUSYKEY", "EXECABORT", "READONLY",
                                             "CROSSSLOT",  "NOPROTO",  "NOPERM",  "BUSYGROUP", "CLUSTERDOWN",
                                             "MASTERDOWN", "OOM"};
      return std::ranges::find(kCodes, code) != std::end(kCodes) ? kProof : code == "ERR" ? 1 : 0;
    }
    case Type::integer:
      return 1;
    case Type::nil:
      return line.text == "-1" ? 2 : 1;
    case Type::bulk:
      return 2;
    case Type::verbatim:
    case Type::map:
    case Type::set:
    case Type::push:
      return 1;
    default:
      return 0;
  }
}

// A status or an error: a word in capitals, and a line that ends soon.
bool may_be_text(Bytes in) {
  constexpr std::size_t kTextLookMax = 256;
  if (in.size() > 1 && (in[1] < 'A' || in[1] > 'Z') && in[1] != '\r') return false;
  const Bytes line = in.first(std::min(in.size(), kTextLookMax));
  return line.size() < kTextLookMax || std::ranges::find(line, '\r') != line.end();
}

// A chain of tokens of a server's. Weights count once each token is whole; `strong`: something else than
// status lines is among them.
Look look_at_answers(Bytes in, unsigned proof) {
  unsigned points = 0;
  bool strong = false;
  for (unsigned n = 0; n < kTokensLookMax; ++n) {
    if (in.empty()) return Look::more;
    if ((in[0] == '+' || in[0] == '-') && !may_be_text(in)) return Look::no;
    const Line line = read_line(in);
    if (line.fault == Fault::short_input) return Look::more;
    if (line.fault != Fault::none) return Look::no;
    if (line.payload > kBulkLookMax) return Look::no;
    if (in.size() < line.bytes + line.payload) return Look::more;
    if (line.payload > 0) {
      const Bytes end = in.subspan(static_cast<std::size_t>(line.bytes + line.payload - 2), 2);
      if (end[0] != '\r' || end[1] != '\n') return Look::no;
    }
    points += weigh(line);
    strong = strong || (line.type != Type::status && line.type != Type::error) || weigh(line) >= 2;
    if (strong && points >= proof) return Look::yes;
    in = in.subspan(static_cast<std::size_t>(line.bytes + line.payload));
  }
  return Look::no;
}

// The first answer of a server whose client's bytes are a command: any that is one.
Look look_at_first_answer(Bytes in) {
  const Line line = read_line(in);
  if (line.fault == Fault::short_input) return Look::more;
  if (line.fault != Fault::none) return Look::no;
  if (line.type != Type::status) return line.type == Type::error && weigh(line) == 0 ? Look::no : Look::yes;
  return weigh(line) > 0 ? Look::yes : Look::no;
}

// A line of words, the first a command.
Look look_at_inline(Bytes in) {
  const Line line = read_inline_command(in);
  if (line.fault == Fault::bad_value) return Look::no;
  const std::string_view text =
      line.fault == Fault::none ? line.text : as_text(in.first(std::min(in.size(), kFirstWordMax + 1)));
  const std::size_t end = text.find_first_of(" \r\n");
  if (end == std::string_view::npos && line.fault != Fault::none)
    return text.size() <= kFirstWordMax && is_name(text) ? Look::more : Look::no;
  if (!find_command(text.substr(0, end)).known) return Look::no;
  if (text.find("HTTP/") != std::string_view::npos) return Look::no;
  return line.fault == Fault::none ? Look::yes : line.fault == Fault::short_input ? Look::more : Look::no;
}

Verdict probe_arrays(Bytes own) {
  std::string_view name;
  std::uint64_t count = 0;
  switch (look_at_command(own, name, count)) {
    case Look::yes:
      if (const Verdict v = speaker_of_command(name, count); v != Verdict::no) return v;
      break;
    case Look::more:
      return Verdict::more;
    case Look::no:
      break;
  }
  const Look answers = look_at_answers(own, kProof);
  if (answers != Look::yes) return answers == Look::more ? Verdict::more : Verdict::no;
  return name.empty() ? Verdict::server : Verdict::either;  // a list of words, the first no command we know
}

// What a client said, seen from its server's bytes: a command in either form.
bool is_asked_by(Bytes peer) {
  std::string_view name;
  std::uint64_t count = 0;
  if (look_at_command(peer, name, count) == Look::yes)
    return speaker_of_command(name, count) == Verdict::client;
  return !peer.empty() && is_letter(peer[0]) && look_at_inline(peer) == Look::yes;
}

}  // namespace

Line read_inline_command(Bytes in) {
  if (in.empty()) return {.fault = Fault::short_input};
  const bool blank = in[0] == '\r' || in[0] == '\n' || in[0] == ' ';
  if (!blank && !is_letter(in[0])) return {.fault = Fault::bad_value, .type = Type::inline_command};
  return read_inline(in);
}

Verdict probe(Bytes own, Bytes peer) {
  own = own.first(std::min(own.size(), kProbeBytes));
  if (own.empty()) return Verdict::more;
  if (own[0] == '*') return probe_arrays(own);
  if (is_letter(own[0])) {
    const Look seen = look_at_inline(own);
    if (seen != Look::yes) return seen == Look::no ? Verdict::no : Verdict::more;
    // The same words are memcached's, NATS's, and mail's: the server tells.
    if (peer.empty()) return Verdict::more;
    const Look answered = look_at_first_answer(peer);
    return answered == Look::yes ? Verdict::client : answered == Look::more ? Verdict::more : Verdict::no;
  }
  const Look seen = look_at_answers(own, kProof);
  if (seen == Look::yes) return Verdict::server;
  if (is_asked_by(peer) && look_at_first_answer(own) == Look::yes) return Verdict::server;
  return seen == Look::no ? Verdict::no : Verdict::more;
}

namespace {

Look look_at_known_command(Bytes in) {
  std::string_view name;
  std::uint64_t count = 0;
  const Look seen = look_at_command(in, name, count);
  if (seen != Look::yes) return seen;
  return speaker_of_command(name, count) == Verdict::client ? Look::yes : Look::no;
}

// One token is enough, but not a number or a word that text may hold.
Look look_at_one_answer(Bytes in) {
  if ((in[0] == '+' || in[0] == '-') && !may_be_text(in)) return Look::no;
  const Line line = read_line(in);
  if (line.fault == Fault::short_input) return Look::more;
  if (line.fault != Fault::none) return Look::no;
  if (line.type == Type::status || line.type == Type::error) return weigh(line) > 0 ? Look::yes : Look::no;
  return Look::yes;
}

}  // namespace

std::span<const Signs> signs(Direction from) {
  static constexpr ByteSet kDigits = ByteSet::range('0', '9') | ByteSet::of("+-");
  static constexpr Signs kOfClient[] = {Signs(ByteSet::of("*"), kDigits)};
  static constexpr Signs kOfServer[] = {
      Signs(ByteSet::of("+-"), ByteSet::range('A', 'Z') | ByteSet::of("\r")),
      Signs(ByteSet::of(":$*%~>|=!"), kDigits), Signs(ByteSet::of("_#,("))};
  return from == Direction::c2s ? std::span<const Signs>(kOfClient) : kOfServer;
}

Look begins(Direction from, Bytes window) {
  if (from == Direction::c2s) return look_at_known_command(window);
  if (!window.empty() && window[0] == '*') {
    std::string_view name;
    std::uint64_t count = 0;
    const Look seen = look_at_command(window, name, count);
    if (seen == Look::more) return Look::more;
    if (seen == Look::yes && speaker_of_command(name, count) == Verdict::client) return Look::no;
    if (seen == Look::yes && speaker_of_command(name, count) == Verdict::server) return Look::yes;
  }
  return look_at_answers(window, kProof + 1);
}

Sync find_again(Direction from, Bytes window) {
  return first_of(window, signs(from), from == Direction::c2s ? look_at_known_command : look_at_one_answer);
}

}  // namespace spanlight::redis
