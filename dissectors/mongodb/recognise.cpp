// A header with a known opcode, and lengths within it that agree: of the first section, of the document
// behind the opening. Requests answer nobody (response to 0); all others are answers.

#include "mongodb/recognise.h"

#include <algorithm>

#include "mongodb/parse.h"

namespace spanlight::mongodb {
namespace {

enum class Look : std::uint8_t { no, more, client, server };

constexpr bool is_printable(std::uint8_t b) {
  return b >= 0x20 && b < 0x7f;
}

// A document's length within `left`, its first element's type and name.
Look look_document(Bytes in, std::uint64_t left, Look who) {
  constexpr std::size_t kNameLook = 8;
  if (left < kDocumentBytesMin) return Look::no;
  if (in.size() < 4) return Look::more;
  const std::uint32_t length = Reader(in).le<std::uint32_t>();
  if (length < kDocumentBytesMin || length > left) return Look::no;
  if (in.size() < 5) return Look::more;
  if (in[4] == 0) return length == kDocumentBytesMin ? who : Look::no;
  if (in[4] > 0x13) return Look::no;
  for (std::size_t i = 5; i < std::min(in.size(), 5 + kNameLook); ++i) {
    if (in[i] == 0) return i == 5 ? Look::no : who;
    if (!is_printable(in[i])) return Look::no;
  }
  return in.size() < 5 + kNameLook ? Look::more : who;
}

Look look_sections(Bytes body, std::uint64_t left, Look who) {
  if (body.size() >= 4 && (Reader(body).le<std::uint32_t>() & ~kMsgFlags) != 0) return Look::no;
  if (body.size() < 5) return Look::more;
  if (body[4] == 0) return look_document(body.subspan(5), left - 5, who);
  if (body[4] != 1) return Look::no;
  if (body.size() < 9) return Look::more;
  const std::uint32_t size = Reader(body.subspan(5)).le<std::uint32_t>();
  if (size < 6 || size > left - 5) return Look::no;
  constexpr std::string_view kNames[] = {"documents", "updates", "deletes", "ops", "nsInfo"};
  const Bytes name = body.subspan(9);
  Look out = Look::no;
  for (const std::string_view one : kNames) {
    const std::size_t n = std::min(name.size(), one.size() + 1);
    if (as_text(name.first(n)) != std::string_view(one.data(), std::min(n, one.size())) &&
        !(n == one.size() + 1 && as_text(name.first(one.size())) == one && name[one.size()] == 0))
      continue;
    out = n == one.size() + 1 ? who : out == Look::no ? Look::more : out;
  }
  return out;
}

// database.collection, then what follows it.
Look look_space(Bytes body, std::size_t at, std::uint64_t left, bool document) {
  constexpr std::size_t kLookedAt = 40;
  std::size_t end = at;
  bool dot = false;
  while (end < body.size() && end - at < kLookedAt && body[end] != 0) {
    if (!is_printable(body[end])) return Look::no;
    dot = dot || (body[end] == '.' && end > at);
    ++end;
  }
  if (end - at == kLookedAt) return dot ? Look::client : Look::no;
  if (end == body.size()) return Look::more;
  if (!dot) return Look::no;
  const std::size_t before = end + 1 + 8;
  if (!document) return Look::client;
  if (left < before + kDocumentBytesMin) return Look::no;
  return look_document(body.subspan(std::min(before, body.size())), left - before, Look::client);
}

Look look(Bytes in) {
  in = in.first(std::min(in.size(), kProbeBytes));
  if (in.size() >= 4) {
    const std::uint32_t length = Reader(in).le<std::uint32_t>();
    if (length < kHeaderBytes + 9 || length > kMessageBytesMax) return Look::no;
  }
  if (in.size() < kHeaderBytes) {
    // The opcode's upper half is zero, whichever it is.
    return in.size() == kHeaderBytes - 1 && in[14] != 0 ? Look::no : Look::more;
  }
  const Header header = header_of(in);
  const Bytes body = in.subspan(kHeaderBytes);
  const std::uint64_t left = header.length - kHeaderBytes;
  const Look who = header.response_to == 0 ? Look::client : Look::server;
  switch (header.opcode) {
    case kMsg:
      return look_sections(body, left, who);
    case kQuery:
      if (header.response_to != 0) return Look::no;
      if (body.size() >= 4 && Reader(body).le<std::uint32_t>() > 0xff) return Look::no;
      return body.size() <= 4 ? Look::more : look_space(body, 4, left, true);
    case kInsert:
    case kUpdate:
    case kDelete:
    case kGetMore:
      if (header.response_to != 0 && header.response_to != ~0u) return Look::no;
      if (body.size() >= 4 && Reader(body).le<std::uint32_t>() > 1) return Look::no;
      return body.size() <= 4 ? Look::more : look_space(body, 4, left, false);
    case kReply: {
      // u32 flags | i64 cursor | u32 start | u32 documents
      constexpr std::size_t kBytes = 20;
      if (header.response_to == 0 || left < kBytes) return Look::no;
      if (body.size() >= 4 && Reader(body).le<std::uint32_t>() > 0xf) return Look::no;
      if (body.size() < kBytes) return Look::more;
      Reader r(body.subspan(12));
      const std::uint32_t start = r.le<std::uint32_t>(), documents = r.le<std::uint32_t>();
      if (start > 0xffffff || documents > left / kDocumentBytesMin) return Look::no;
      if (documents == 0) return left == kBytes ? Look::server : Look::no;
      return look_document(body.subspan(kBytes), left - kBytes, Look::server);
    }
    case kCompressed: {
      if (body.size() < kPackingBytes) return Look::more;
      const Packing packing = parse_packing(body);
      return packing.fault == Fault::none && packing.size > 4 && left > kPackingBytes ? who : Look::no;
    }
    default:
      return Look::no;
  }
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  switch (look(own)) {
    case Look::no:
      return Verdict::no;
    case Look::more:
      return Verdict::more;
    case Look::client:
      return Verdict::client;
    case Look::server:
      return Verdict::server;
  }
  return Verdict::no;
}

Sync sync(Direction from, Bytes window) {
  const Look wanted = from == Direction::c2s ? Look::client : Look::server;
  for (std::size_t at = 0; at < window.size(); ++at) {
    const Look seen = look(window.subspan(at));
    if (seen == Look::more) return {.skip = at, .found = false};
    if (seen == wanted) return {.skip = at, .found = true};
  }
  return {.skip = window.size(), .found = false};
}

}  // namespace spanlight::mongodb
