#include "memcached/recognise.h"

#include <algorithm>

namespace spanlight::memcached {
namespace {

enum class Proof : std::uint8_t { none, weak, strong };

constexpr std::size_t kWordLookMax = 16;  // no first word is longer
constexpr std::size_t kDatagramHeaderBytes = 8;

bool may_begin(Bytes in, bool from_client) {
  const std::uint8_t first = in[0];
  if (from_client) return first >= 'a' && first <= 'z';
  return (first >= 'A' && first <= 'Z') || (first >= '0' && first <= '9');
}

// The first word ends soon, and is one that this side may say.
bool is_known_word(std::string_view word, bool from_client) {
  if (from_client) return verb_of(word) != Verb::unknown;
  Words words;
  words.list.add(word);
  words.count = 1;
  const Reply reply = read_reply(words);
  return reply.fault != Fault::bad_magic;
}

// What a line proves by itself. Words such as `get k` are other protocols' too.
Proof proof_of(const Words& words, bool from_client) {
  const std::string_view word = words.at(0);
  if (from_client) {
    const Request request = read_request(words);
    if (request.fault != Fault::none) return Proof::none;
    if (request.verb == Verb::store) return Proof::strong;
    return Proof::weak;
  }
  if (read_reply(words).fault != Fault::none) return Proof::none;
  if (word == "VALUE") return Proof::strong;
  const bool whole = words.count == 1;
  if (whole && (word == "STORED" || word == "NOT_STORED" || word == "TOUCHED" || word == "DELETED"))
    return Proof::strong;
  std::uint64_t n = 0;
  const bool alone = word != "CLIENT_ERROR" && word != "SERVER_ERROR" && word != "VERSION" &&
                     word != "STAT" && word != "ITEM" && word != "VA" && word != "HD";
  return !whole && (alone || to_number(word, n)) ? Proof::none : Proof::weak;
}

// The line at the start of `in`, and the value behind it as far as it is there.
Look look(Bytes in, bool from_client, Proof& proof) {
  proof = Proof::none;
  if (in.empty()) return Look::more;
  if (!may_begin(in, from_client)) return Look::no;
  in = in.first(std::min(in.size(), kProbeBytes));
  // The word first: many bytes are asked about, and lines are long.
  const std::string_view head = as_text(in).substr(0, kWordLookMax + 1);
  std::size_t end = 0;
  while (end < head.size() && head[end] != ' ' && head[end] != '\r' && head[end] != '\n') ++end;
  if (end == head.size()) return in.size() > kWordLookMax ? Look::no : Look::more;
  if (!is_known_word(head.substr(0, end), from_client)) return Look::no;
  const Line line = read_line(in);
  if (line.fault != Fault::none) return in.size() >= kProbeBytes ? Look::no : Look::more;
  Words words;
  split(line.text, words);
  proof = proof_of(words, from_client);
  if (proof == Proof::none) return Look::no;
  const std::uint64_t payload = from_client ? read_request(words).payload : read_reply(words).payload;
  // A value must end where its line says, as far as that is looked at.
  if (payload == 0 || line.bytes + payload > kProbeBytes) return Look::yes;
  const Bytes value = in.subspan(line.bytes);
  if (value.size() < payload) return Look::more;
  const Bytes tail = value.subspan(static_cast<std::size_t>(payload - 2), 2);
  return tail[0] == '\r' && tail[1] == '\n' ? Look::yes : Look::no;
}

// By opcode: how many bytes of extras a request has, and whether it has a key.
struct Shape {
  std::uint8_t extras;
  bool key, value;
};
// NOLINTBEGIN(bugprone-branch-clone): a line for each family of operations
bool shape_of(std::uint8_t op, Shape& shape) {
  const std::string_view name = opcode_name(op);
  if (name.starts_with("get"))
    shape = {0, true, false};
  else if (name.starts_with("set") || name.starts_with("add") || name.starts_with("replace"))
    shape = {8, true, true};
  else if (name.starts_with("incr") || name.starts_with("decr"))
    shape = {20, true, false};
  else if (name.starts_with("append") || name.starts_with("prepend"))
    shape = {0, true, true};
  else if (name.starts_with("delete"))
    shape = {0, true, false};
  else if (name == "touch" || name.starts_with("gat"))
    shape = {4, true, false};
  else if (name == "sasl_auth" || name == "sasl_step")
    shape = {0, true, true};
  else if (name == "quit" || name == "quitq" || name == "noop" || name == "version" ||
           name == "sasl_list_mechs")
    shape = {0, false, false};
  else
    return false;  // stat, flush, verbosity: of several shapes
  return true;
}
// NOLINTEND(bugprone-branch-clone)

bool is_plausible(const Header& h) {
  if (h.is_response) {
    if (status_name(h.status).empty()) return false;
    const std::string_view name = opcode_name(h.op);
    const bool found = h.status == 0 && (name.starts_with("get") || name.starts_with("gat"));
    const bool may_have_key = name.starts_with("getk") || h.op == opcode::kStat;
    return h.extras_bytes == (found ? 4 : 0) && (h.key_bytes == 0 || may_have_key);
  }
  Shape shape{};
  if (h.status > 1'023) return false;  // the vbucket
  if (!shape_of(h.op, shape)) return h.extras_bytes == 0 || h.extras_bytes == 4;
  return h.extras_bytes == shape.extras && (h.key_bytes > 0) == shape.key &&
         (shape.value || h.value_bytes() == 0);
}

Look look_at_header(Bytes in, bool& is_response) {
  const Header h = read_header(in);
  if (h.fault == Fault::short_input) return Look::more;
  is_response = h.is_response;
  return h.fault == Fault::none && is_plausible(h) ? Look::yes : Look::no;
}

}  // namespace

bool is_wordlike(std::string_view line) {
  return !line.empty() && ((line[0] >= 'a' && line[0] <= 'z') || (line[0] >= 'A' && line[0] <= 'Z')) &&
         std::ranges::all_of(line, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7f; });
}

Verdict probe_text(Bytes own, Bytes peer) {
  if (own.empty()) return Verdict::more;
  own = own.first(std::min(own.size(), kProbeBytes));
  const bool from_client = may_begin(own, true);
  Proof proof = Proof::none;
  const Look seen = look(own, from_client, proof);
  if (seen != Look::yes) return seen == Look::no ? Verdict::no : Verdict::more;
  const Verdict yes = from_client ? Verdict::client : Verdict::server;
  if (proof == Proof::strong) return yes;
  const Look other = look(peer, !from_client, proof);
  return other == Look::yes ? yes : other == Look::more ? Verdict::more : Verdict::no;
}

Verdict probe_binary(Bytes own, Bytes) {
  bool is_response = false;
  switch (look_at_header(own, is_response)) {
    case Look::no:
      return Verdict::no;
    case Look::more:
      return Verdict::more;
    case Look::yes:
      break;
  }
  return is_response ? Verdict::server : Verdict::client;
}

Verdict probe_datagram(Bytes own, Bytes) {
  Reader r(own);
  r.skip(2);
  const auto number = r.be<std::uint16_t>(), of = r.be<std::uint16_t>(), zero = r.be<std::uint16_t>();
  if (!r.ok() || number != 0 || of == 0 || zero != 0 || own.size() == kDatagramHeaderBytes)
    return Verdict::no;
  const Bytes message = own.subspan(kDatagramHeaderBytes);
  if (message[0] == kRequestMagic || message[0] == kResponseMagic) {
    const Header h = read_header(message);
    const bool whole = h.fault == Fault::none && (of > 1 || message.size() == kHeaderBytes + h.body_bytes);
    return whole && is_plausible(h) ? (h.is_response ? Verdict::server : Verdict::client) : Verdict::no;
  }
  const bool from_client = may_begin(message, true);
  Proof proof = Proof::none;
  if (look(message, from_client, proof) == Look::no) return Verdict::no;
  return from_client ? Verdict::client : Verdict::server;
}

std::span<const Signs> signs(Direction from) {
  static constexpr std::string_view kClientWords[] = {"set ",    "add ",     "replace ",
                                                      "append ", "prepend ", "cas "};
  static constexpr std::string_view kServerWords[] = {"VALUE ", "STORED", "NOT_STORED", "TOUCHED", "DELETED"};
  static constexpr Signs kOfClient[] = {Signs::of_words(kClientWords, false)};
  static constexpr Signs kOfServer[] = {Signs::of_words(kServerWords, false)};
  return from == Direction::c2s ? kOfClient : kOfServer;
}

Look begins(Direction from, Bytes window) {
  Proof proof = Proof::none;
  const Look seen = look(window, from == Direction::c2s, proof);
  return seen == Look::yes && proof != Proof::strong ? Look::no : seen;
}

Sync find_again(Direction from, Bytes window) {
  static constexpr Signs kOfClient[] = {Signs(ByteSet::range('a', 'z'))};
  static constexpr Signs kOfServer[] = {Signs(ByteSet::range('A', 'Z') | ByteSet::range('0', '9'))};
  return first_of(window, from == Direction::c2s ? kOfClient : kOfServer, [&](Bytes in) {
    Proof proof = Proof::none;
    return look(in, from == Direction::c2s, proof);
  });
}

// Magic, a key of 250 bytes at most, the type of data.
std::span<const Signs> binary_signs(Direction from) {
  static constexpr ByteSet kZero = ByteSet::of(std::string_view("\0", 1)), kAny = ByteSet::any();
  static constexpr Signs kOfClient[] = {Signs(ByteSet::of("\x80"), kAny, kZero, kAny, kAny, kZero)};
  static constexpr Signs kOfServer[] = {Signs(ByteSet::of("\x81"), kAny, kZero, kAny, kAny, kZero)};
  return from == Direction::c2s ? kOfClient : kOfServer;
}

Look begins_binary(Direction from, Bytes window) {
  bool is_response = false;
  const Look seen = look_at_header(window, is_response);
  return seen == Look::yes && is_response != (from == Direction::s2c) ? Look::no : seen;
}

Bytes value_of(Bytes message) {
  if (message.empty()) return {};
  if (message[0] == kRequestMagic || message[0] == kResponseMagic) {
    const Header h = read_header(message);
    const std::size_t lead = kHeaderBytes + std::size_t{h.key_bytes} + h.extras_bytes;
    const bool secret = h.op == opcode::kSaslAuth || h.op == opcode::kSaslStep;
    if (h.fault != Fault::none || secret || lead > message.size()) return {};
    return message.subspan(lead, std::min<std::size_t>(message.size() - lead, h.value_bytes()));
  }
  const Line line = read_line(message);
  if (line.fault != Fault::none) return {};
  Words words;
  split(line.text, words);
  const Request request = read_request(words);
  const std::uint64_t payload = request.fault == Fault::none ? request.payload : read_reply(words).payload;
  if (payload < 2) return {};
  const Bytes value = message.subspan(line.bytes);
  return value.first(static_cast<std::size_t>(std::min<std::uint64_t>(value.size(), payload - 2)));
}

}  // namespace spanlight::memcached
