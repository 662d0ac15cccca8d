#include "nats/recognise.h"

#include <algorithm>
#include <cctype>

namespace spanlight::nats {
namespace {

bool is_said_by(Op op, Direction from) {
  return from == Direction::c2s ? is_from_client(op) : is_from_server(op);
}

// PING, PONG, +OK, -ERR and SUB are other protocols' words too (Redis, IRC, POP3).
bool proves(const Line& line) {
  if (line.op == Op::info) return line.rest.find("\"server_id\"") != std::string_view::npos;
  if (line.op == Op::connect)
    return line.rest.find("\"verbose\"") != std::string_view::npos ||
           line.rest.find("\"lang\"") != std::string_view::npos ||
           line.rest.find("\"protocol\"") != std::string_view::npos;
  return line.carries();
}

// The operation at the start of `in`, whole or as far as it is looked at; a payload must end where its line
// says. `size`: of it, with its payload.
Look look(Bytes in, Direction from, Line& line, std::uint64_t& size) {
  if (in.empty()) return Look::more;
  in = in.first(std::min(in.size(), kProbeBytes));
  line = read_line(in);
  if (line.op != Op::unknown && !is_said_by(line.op, from)) {
    std::size_t word = 0;
    bool more = false;
    read_op(in, word, more);
    if (!more) return Look::no;
  }
  size = line.bytes + (line.carries() ? line.payload + 2 : 0);
  if (line.fault == Fault::short_input) {
    // A long line of JSON that begins as it must: its end is not waited for.
    if (in.size() < kProbeBytes) return Look::more;
    const bool json = line.op == Op::info || line.op == Op::connect;
    if (!json) return Look::no;
    line.rest = as_text(in);
    size = kProbeBytes;
    return Look::yes;
  }
  if (line.fault != Fault::none) return Look::no;
  if (!line.carries() || size > kProbeBytes) return Look::yes;
  if (in.size() < size) return Look::more;
  const Bytes end = in.subspan(static_cast<std::size_t>(size - 2), 2);
  return end[0] == '\r' && end[1] == '\n' ? Look::yes : Look::no;
}

// A chain of operations of which one proves what they are.
Look look_for_proof(Bytes in, Direction from) {
  constexpr unsigned kOpsLookMax = 16;
  Bytes rest = in.first(std::min(in.size(), kProbeBytes));
  for (unsigned n = 0; n < kOpsLookMax; ++n) {
    if (rest.empty()) return in.size() >= kProbeBytes ? Look::no : Look::more;
    Line line;
    std::uint64_t size = 0;
    const Look seen = look(rest, from, line, size);
    if (seen == Look::more) return in.size() >= kProbeBytes ? Look::no : Look::more;
    if (seen == Look::no) return Look::no;
    if (proves(line)) return Look::yes;
    if (size >= rest.size()) {
      rest = {};
      continue;
    }
    rest = rest.subspan(static_cast<std::size_t>(size));
  }
  return Look::no;
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  if (own.empty()) return Verdict::more;
  const Look as_server = look_for_proof(own, Direction::s2c);
  if (as_server == Look::yes) return Verdict::server;
  const Look as_client = look_for_proof(own, Direction::c2s);
  if (as_client == Look::yes) return Verdict::client;
  return as_server == Look::more || as_client == Look::more ? Verdict::more : Verdict::no;
}

std::span<const Signs> signs(Direction from) {
  static constexpr std::string_view kClientWords[] = {"connect", "pub",  "hpub", "sub",
                                                      "unsub",   "ping", "pong"};
  static constexpr std::string_view kServerWords[] = {"info", "msg", "hmsg", "ping", "pong", "+ok", "-err"};
  static constexpr Signs kOfClient[] = {Signs::of_words(kClientWords, true)};
  static constexpr Signs kOfServer[] = {Signs::of_words(kServerWords, true)};
  return from == Direction::c2s ? kOfClient : kOfServer;
}

Look begins(Direction from, Bytes window) {
  return look_for_proof(window, from);
}

Sync find_again(Direction from, Bytes window) {
  return first_of(window, signs(from), [&](Bytes in) {
    Line line;
    std::uint64_t size = 0;
    return look(in, from, line, size);
  });
}

}  // namespace spanlight::nats
