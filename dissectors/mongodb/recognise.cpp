// A header with a known opcode, and lengths within it that agree: of the first section, of the document
// behind the opening. Requests answer nobody (response to 0); all others are answers.

#include "mongodb/recognise.h"

#include <algorithm>

#include "mongodb/parse.h"

namespace spanlight::mongodb {
namespace {

constexpr bool is_printable(std::uint8_t b) {
  return b >= 0x20 && b < 0x7f;
}

// A document's length within `left`, its first element's type and name.
Verdict look_document(Bytes in, std::uint64_t left, Verdict who) {
  constexpr std::size_t kNameLook = 8;
  if (left < kDocumentBytesMin) return Verdict::no;
  if (in.size() < 4) return Verdict::more;
  const std::uint32_t length = Reader(in).le<std::uint32_t>();
  if (length < kDocumentBytesMin || length > left) return Verdict::no;
  if (in.size() < 5) return Verdict::more;
  if (in[4] == 0) return length == kDocumentBytesMin ? who : Verdict::no;
  if (in[4] > 0x13) return Verdict::no;
  for (std::size_t i = 5; i < std::min(in.size(), 5 + kNameLook); ++i) {
    if (in[i] == 0) return i == 5 ? Verdict::no : who;
    if (!is_printable(in[i])) return Verdict::no;
  }
  return in.size() < 5 + kNameLook ? Verdict::more : who;
}

Verdict look_sections(Bytes body, std::uint64_t left, Verdict who) {
  if (body.size() >= 4 && (Reader(body).le<std::uint32_t>() & ~kMsgFlags) != 0) return Verdict::no;
  if (body.size() < 5) return Verdict::more;
  if (body[4] == 0) return look_document(body.subspan(5), left - 5, who);
  if (body[4] != 1) return Verdict::no;
  if (body.size() < 9) return Verdict::more;
  const std::uint32_t size = Reader(body.subspan(5)).le<std::uint32_t>();
  if (size < 6 || size > left - 5) return Verdict::no;
  constexpr std::string_view kNames[] = {"documents", "updates", "deletes", "ops", "nsInfo"};
  const Bytes name = body.subspan(9);
  Verdict out = Verdict::no;
  for (const std::string_view one : kNames) {
    const std::size_t n = std::min(name.size(), one.size() + 1);
    if (as_text(name.first(n)) != std::string_view(one.data(), std::min(n, one.size())) &&
        !(n == one.size() + 1 && as_text(name.first(one.size())) == one && name[one.size()] == 0))
      continue;
    out = n == one.size() + 1 ? who : out == Verdict::no ? Verdict::more : out;
  }
  return out;
}

// database.collection, then what follows it.
Verdict look_space(Bytes body, std::size_t at, std::uint64_t left, bool document) {
  constexpr std::size_t kLookedAt = 40;
  std::size_t end = at;
  bool dot = false;
  while (end < body.size() && end - at < kLookedAt && body[end] != 0) {
    if (!is_printable(body[end])) return Verdict::no;
    dot = dot || (body[end] == '.' && end > at);
    ++end;
  }
  if (end - at == kLookedAt) return dot ? Verdict::client : Verdict::no;
  if (end == body.size()) return Verdict::more;
  if (!dot) return Verdict::no;
  const std::size_t before = end + 1 + 8;
  if (!document) return Verdict::client;
  if (left < before + kDocumentBytesMin) return Verdict::no;
  return look_document(body.subspan(std::min(before, body.size())), left - before, Verdict::client);
}

Verdict look(Bytes in) {
  in = in.first(std::min(in.size(), kProbeBytes));
  if (in.size() >= 4) {
    const std::uint32_t length = Reader(in).le<std::uint32_t>();
    if (length < kHeaderBytes + 9 || length > kMessageBytesMax) return Verdict::no;
  }
  if (in.size() < kHeaderBytes) {
    // The opcode's upper half is zero, whichever it is.
    return in.size() == kHeaderBytes - 1 && in[14] != 0 ? Verdict::no : Verdict::more;
  }
  const Header header = header_of(in);
  const Bytes body = in.subspan(kHeaderBytes);
  const std::uint64_t left = header.length - kHeaderBytes;
  const Verdict who = header.response_to == 0 ? Verdict::client : Verdict::server;
  switch (header.opcode) {
    case kMsg:
      return look_sections(body, left, who);
    case kQuery:
      if (header.response_to != 0) return Verdict::no;
      if (body.size() >= 4 && Reader(body).le<std::uint32_t>() > 0xff) return Verdict::no;
      return body.size() <= 4 ? Verdict::more : look_space(body, 4, left, true);
    case kInsert:
    case kUpdate:
    case kDelete:
    case kGetMore:
      if (header.response_to != 0 && header.response_to != ~0u) return Verdict::no;
      if (body.size() >= 4 && Reader(body).le<std::uint32_t>() > 1) return Verdict::no;
      return body.size() <= 4 ? Verdict::more : look_space(body, 4, left, false);
    case kReply: {
      // u32 flags | i64 cursor | u32 start | u32 documents
      constexpr std::size_t kBytes = 20;
      if (header.response_to == 0 || left < kBytes) return Verdict::no;
      if (body.size() >= 4 && Reader(body).le<std::uint32_t>() > 0xf) return Verdict::no;
      if (body.size() < kBytes) return Verdict::more;
      Reader r(body.subspan(12));
      const std::uint32_t start = r.le<std::uint32_t>(), documents = r.le<std::uint32_t>();
      if (start > 0xffffff || documents > left / kDocumentBytesMin) return Verdict::no;
      if (documents == 0) return left == kBytes ? Verdict::server : Verdict::no;
      return look_document(body.subspan(kBytes), left - kBytes, Verdict::server);
    }
    case kCompressed: {
      if (body.size() < kPackingBytes) return Verdict::more;
      const Packing packing = parse_packing(body);
      return packing.fault == Fault::none && packing.size > 4 && left > kPackingBytes ? who : Verdict::no;
    }
    default:
      return Verdict::no;
  }
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  return look(own);
}

// A length of 48 MB at most, and one of the opcodes: 1, or 2,001 to 2,013.
std::span<const Signs> signs(Direction) {
  static constexpr ByteSet kZero = ByteSet::of(std::string_view("\0", 1));
  static constexpr Signs kSigns[] = {Signs()
                                         .at(3, ByteSet::range(0, kMessageBytesMax >> 24))
                                         .at(12, ByteSet::of("\1") | ByteSet::range(0xd1, 0xdd))
                                         .at(13, ByteSet::range(0, 7))
                                         .at(14, kZero)
                                         .at(15, kZero)};
  return kSigns;
}

Look begins(Direction from, Bytes window) {
  const Verdict seen = look(window);
  if (seen == Verdict::more) return Look::more;
  return seen == (from == Direction::c2s ? Verdict::client : Verdict::server) ? Look::yes : Look::no;
}

}  // namespace spanlight::mongodb
