#include "postgresql/recognise.h"

#include <algorithm>

#include "postgresql/parse.h"

namespace spanlight::postgresql {
namespace {

constexpr unsigned kMessagesMin = 2;  // that follow one another, where none of them proves anything alone
constexpr unsigned kMessagesMax = 64;

// What opens a connection. SSL and GSS requests are eight bytes that nobody else begins with.
Look look_opening(Bytes bytes) {
  const Opening opened = parse_opening(bytes);
  if (opened.fault == Fault::short_input) {
    // 8 to 10,000: the first two bytes of the length are zero, the first two of the code 3 or 1234.
    if (bytes.size() > 1 && bytes[1] != 0) return Look::no;
    if (bytes.size() > 4 && bytes[4] != 0 && bytes[4] != 0x04) return Look::no;
    return Look::more;
  }
  if (opened.fault != Fault::none) return Look::no;
  if (!opened.is_startup()) return Look::yes;
  constexpr std::size_t kFixed = 8;
  const Bytes rest = bytes.subspan(kFixed);
  if (rest.empty()) return Look::more;
  // The first parameter's name: letters, in all servers and clients that are known.
  constexpr std::size_t kLettersMin = 4;
  const Bytes name = rest.first(std::min(rest.size(), kLettersMin));
  const bool plain = std::all_of(name.begin(), name.end(),
                                 [](std::uint8_t b) { return (b >= 'a' && b <= 'z') || b == '_'; });
  if (!plain) return Look::no;
  return name.size() < kLettersMin ? Look::more : Look::yes;
}

// Messages one behind the other, until one of them proves it. Depends on the first kProbeBytes alone.
Look look_messages(Direction from, Bytes bytes) {
  bytes = bytes.first(std::min(bytes.size(), kProbeBytes));
  std::size_t at = 0;
  for (unsigned seen = 0; seen < kMessagesMax; ++seen) {
    const Bytes rest = bytes.subspan(at);
    const Header header = parse_header(from, rest);
    if (header.fault == Fault::short_input) break;
    if (header.fault != Fault::none) return Look::no;
    const std::size_t there = rest.size() - kHeaderBytes;
    const bool whole = there >= header.body_bytes;
    const Bytes body = rest.subspan(kHeaderBytes, whole ? header.body_bytes : there);
    const Fault fault = check_body(from, header.type, body, header.body_bytes);
    const bool telling = is_telling(from, header.type, header.body_bytes, whole);
    // What seems to end before its length says so is not believed yet.
    if (fault == Fault::none && whole) {
      if (telling || seen + 1 >= kMessagesMin) return Look::yes;
    } else if (fault != Fault::none && (fault != Fault::short_input || whole)) {
      return Look::no;
    }
    if (!whole) return bytes.size() < kProbeBytes ? Look::more : telling ? Look::yes : Look::no;
    at += header.size();
  }
  return bytes.size() < kProbeBytes ? Look::more : Look::no;
}

Look look(Direction from, Bytes bytes) {
  if (from == Direction::c2s && !bytes.empty() && is_opening(bytes[0])) return look_opening(bytes);
  return look_messages(from, bytes);
}

// A server's first byte may be its answer to SSLRequest or GSSENCRequest; refused, messages follow.
Look look_server(Bytes bytes) {
  const Look seen = look_messages(Direction::s2c, bytes);
  if (seen != Look::no || bytes.empty() || (bytes[0] != 'N' && bytes[0] != 'S')) return seen;
  return look_messages(Direction::s2c, bytes.subspan(1));
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  if (own.empty()) return Verdict::more;
  const Look client = look(Direction::c2s, own);
  if (client == Look::yes) return Verdict::client;
  const Look server = look_server(own);
  if (client == Look::more) return Verdict::more;
  return server == Look::yes ? Verdict::server : server == Look::more ? Verdict::more : Verdict::no;
}

// A length of 16 MB at most: larger messages are read, but not looked for.
std::span<const Signs> signs(Direction from) {
  static constexpr ByteSet kZero = ByteSet::of(std::string_view("\0", 1));
  static constexpr Signs kOfClient[] = {Signs(kZero, kZero), Signs(ByteSet::of("BCDEFHPQSXcdfp"), kZero)};
  static constexpr Signs kOfServer[] = {Signs(ByteSet::of("123ACDEGHIKNRSTVWZcdnstv"), kZero)};
  return from == Direction::c2s ? std::span<const Signs>(kOfClient) : kOfServer;
}

Look begins(Direction from, Bytes window) {
  if (window.size() > 1 && window[1] != 0) return Look::no;
  return look(from, window);
}

}  // namespace spanlight::postgresql
