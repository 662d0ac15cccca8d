// A greeting is unmistakable. Where the connection was joined later, a command is believed that shows a
// statement's first word, or an execution's constant bytes; an answer, where its second packet follows at its
// place, or all but a few of its bytes are constant.

#include "mysql/recognise.h"

#include <algorithm>
#include <array>

#include "core/fold.h"
#include "mysql/parse.h"

namespace spanlight::mysql {
namespace {

constexpr bool is_printable(std::uint8_t b) {
  return b >= 0x20 && b < 0x7f;
}
constexpr bool is_space(std::uint8_t b) {
  return b == ' ' || b == '\t' || b == '\r' || b == '\n';
}
constexpr bool is_letter(std::uint8_t b) {
  return (b | 0x20) >= 'a' && (b | 0x20) <= 'z';
}

// What statements begin with.
constexpr std::array<std::string_view, 40> kWords = {
    "alter",      "analyze", "begin", "call",     "change",   "check",  "commit", "create",
    "deallocate", "delete",  "desc",  "describe", "do",       "drop",   "end",    "execute",
    "explain",    "flush",   "grant", "handler",  "insert",   "kill",   "load",   "lock",
    "optimize",   "prepare", "purge", "rename",   "replace",  "reset",  "revoke", "rollback",
    "select",     "set",     "show",  "start",    "truncate", "unlock", "update", "use"};
constexpr std::size_t kWordBytesMax = 10;
constexpr std::size_t kLeadingMax = 16;  // blanks and brackets before the first word

// Letters up to what is none.
Look begins_statement(Bytes text, bool whole) {
  std::size_t at = 0;
  while (at < text.size() && at < kLeadingMax && (is_space(text[at]) || text[at] == '(')) ++at;
  std::size_t end = at;
  while (end < text.size() && end - at <= kWordBytesMax && is_letter(text[end])) ++end;
  if (end == text.size() && !whole && at < kLeadingMax && end - at <= kWordBytesMax) return Look::more;
  const std::string_view word = as_text(text.subspan(at, end - at));
  if (end < text.size() && !is_space(text[end]) && text[end] != '(' && text[end] != ';' && text[end] != '*' &&
      text[end] != '@' && text[end] != '`')
    return Look::no;
  for (const std::string_view known : kWords)
    if (word.size() == known.size() && same_folded(word, known)) return Look::yes;
  return Look::no;
}

// u32 id | u8 flags | u32 1
Look is_execution(Bytes arguments, std::uint32_t length) {
  constexpr std::size_t kBytes = 4 + 1 + 4;
  if (length < 1 + kBytes) return Look::no;
  for (std::size_t i = 4; i < std::min(arguments.size(), kBytes); ++i) {
    const std::uint8_t b = arguments[i];
    if (i == 4 ? b > 4 : b != (i == 5 ? 1 : 0)) return Look::no;
  }
  if (arguments.size() >= 4 && (arguments[3] != 0 || arguments[0] + arguments[1] + arguments[2] == 0))
    return Look::no;
  return arguments.size() < kBytes ? Look::more : Look::yes;
}

Look look_command(Bytes in) {
  if (in.size() > 3 && in[3] != 0) return Look::no;
  if (in.size() <= kHeaderBytes) return Look::more;
  const std::uint32_t length = header_of(in).length;
  if (length < 2) return Look::no;
  const std::uint8_t command = in[kHeaderBytes];
  Bytes arguments = in.subspan(kHeaderBytes + 1);
  const bool whole = arguments.size() >= length - 1;
  if (whole) arguments = arguments.first(length - 1);
  if (command == kExecute) return is_execution(arguments, length);
  if (command != kQuery && command != kPrepare) return Look::no;
  if (command == kQuery && !arguments.empty() && arguments[0] == 0) {  // no attributes
    if (arguments.size() < 2) return whole ? Look::no : Look::more;
    if (arguments[1] != 1) return Look::no;
    arguments = arguments.subspan(2);
  }
  return begins_statement(arguments, whole);
}

// u24 length | 1 | u32 capabilities | u32 largest packet | u8 charset | 23 bytes, zero but for MariaDB's four
Look look_login(Bytes in) {
  constexpr std::size_t kZeroAt = kHeaderBytes + 9, kZeroBytes = 19, kFixedBytes = 32;
  constexpr std::uint32_t kLoginBytesMax = 4'096;
  if (in.size() > 3 && in[3] != 1) return Look::no;
  if (in.size() < kHeaderBytes) return Look::more;
  const std::uint32_t length = header_of(in).length;
  if (length < kFixedBytes || length > kLoginBytesMax) return Look::no;
  for (std::size_t i = kZeroAt; i < std::min(in.size(), kZeroAt + kZeroBytes); ++i)
    if (in[i] != 0) return Look::no;
  if (in.size() < kHeaderBytes + 4) return Look::more;
  const std::uint32_t capabilities = Reader(in.subspan(kHeaderBytes)).le<std::uint32_t>();
  if ((capabilities & capability::kProtocol41) == 0) return Look::no;
  if (length == kFixedBytes && (capabilities & capability::kSsl) == 0) return Look::no;
  return in.size() < kHeaderBytes + kFixedBytes ? Look::more : Look::yes;
}

// u24 length | 0 | 10 | version\0 | u32 thread | 8 bytes | 0 | …; or 255, a code and text
Look look_greeting(Bytes in) {
  constexpr std::uint32_t kBytesMin = 30, kBytesMax = 480;
  constexpr std::size_t kVersionBytesMax = 128;
  if (in.size() > 3 && in[3] != 0) return Look::no;
  if (in.size() <= kHeaderBytes) return Look::more;
  const std::uint32_t length = header_of(in).length;
  if (length > kBytesMax || length < 9) return Look::no;
  Bytes payload = in.subspan(kHeaderBytes);
  const bool whole = payload.size() >= length;
  if (whole) payload = payload.first(length);
  if (payload[0] == 0xff) {
    if (payload.size() >= 3 && (payload[2] < 1'000 / 256 || payload[2] > 4'999 / 256)) return Look::no;
    for (std::size_t i = 3; i < payload.size(); ++i)
      if (!is_printable(payload[i])) return Look::no;
    return whole ? Look::yes : Look::more;
  }
  if (payload[0] != 10 || length < kBytesMin) return Look::no;
  std::size_t at = 1;
  while (at < payload.size() && at <= kVersionBytesMax && is_printable(payload[at])) ++at;
  if (at > 1 && (payload[1] < '0' || payload[1] > '9')) return Look::no;
  if (at > kVersionBytesMax) return Look::no;
  if (at == payload.size()) return whole ? Look::no : Look::more;
  if (payload[at] != 0 || at < 4) return Look::no;
  const std::size_t filler = at + 1 + 4 + 8;
  if (filler >= length) return Look::no;
  if (filler >= payload.size()) return Look::more;
  return payload[filler] == 0 ? Look::yes : Look::no;
}

// An answer's first packet, in the middle of a connection.
Look look_answer(Bytes in) {
  if (in.size() > 3 && in[3] != 1) return Look::no;
  if (in.size() <= kHeaderBytes) return Look::more;
  const std::uint32_t length = header_of(in).length;
  const Bytes payload = in.subspan(kHeaderBytes);
  constexpr std::uint32_t kOkBytes = 7, kErrorBytesMin = 9, kErrorBytesMax = 1'024;
  const std::uint8_t first = payload[0];
  if (first == 0x00) {
    if (length != kOkBytes && length != kPreparedBytes) return Look::no;
    if (payload.size() < length) return Look::more;
    if (length == kOkBytes)  // one byte each for rows and id, known bits of the status, few warnings
      return payload[1] < 0xfb && payload[2] < 0xfb && payload[4] < 0x80 && (payload[3] & 0x3) != 0 &&
                     payload[6] == 0
                 ? Look::yes
                 : Look::no;
    return payload[4] == 0 && payload[6] < 0x10 && payload[8] < 0x10 && payload[9] == 0 && payload[11] == 0
               ? Look::yes
               : Look::no;
  }
  if (first == 0xff) {
    if (length < kErrorBytesMin || length > kErrorBytesMax) return Look::no;
    if (payload.size() < kErrorBytesMin) return Look::more;
    if (payload[3] != '#') return Look::no;
    for (std::size_t i = 4; i < kErrorBytesMin; ++i)
      if (!is_letter(payload[i]) && (payload[i] < '0' || payload[i] > '9')) return Look::no;
    return Look::yes;
  }
  // A number of columns in one byte, then the first description: "def" with its length.
  constexpr std::array<std::uint8_t, 4> kDef = {3, 'd', 'e', 'f'};
  if (length != 1 || first >= 0xfb) return Look::no;
  const Bytes second = payload.subspan(1);
  if (second.size() > 3 && second[3] != 2) return Look::no;
  for (std::size_t i = 0; i < kDef.size() && kHeaderBytes + i < second.size(); ++i)
    if (second[kHeaderBytes + i] != kDef[i]) return Look::no;
  return second.size() < kHeaderBytes + kDef.size() ? Look::more : Look::yes;
}

Look either_of(Look a, Look b) {
  if (a == Look::yes || b == Look::yes) return Look::yes;
  return a == Look::more || b == Look::more ? Look::more : Look::no;
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  own = own.first(std::min(own.size(), kProbeBytes));
  const Look client = either_of(look_command(own), look_login(own));
  const Look server = either_of(look_greeting(own), look_answer(own));
  if (client == Look::yes) return Verdict::client;
  if (server == Look::yes) return Verdict::server;
  return client == Look::more || server == Look::more ? Verdict::more : Verdict::no;
}

std::span<const Signs> signs(Direction from) {
  static constexpr ByteSet kZero = ByteSet::of(std::string_view("\0", 1)), kOne = ByteSet::of("\1");
  static constexpr Signs kOfClient[] = {
      Signs(ByteSet::any(), ByteSet::any(), ByteSet::any(), kZero, ByteSet::of("\x03\x16\x17"))};
  // An error of 1,024 bytes; all others are short.
  static constexpr Signs kOfServer[] = {Signs(ByteSet::any(), ByteSet::range(0, 4), kZero, kOne)};
  return from == Direction::c2s ? kOfClient : kOfServer;
}

Look begins(Direction from, Bytes window) {
  window = window.first(std::min(window.size(), kProbeBytes));
  return from == Direction::c2s ? look_command(window) : look_answer(window);
}

}  // namespace spanlight::mysql
