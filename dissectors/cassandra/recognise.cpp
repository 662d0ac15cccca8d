// A frame's header leaves few values open; what stands behind it has to agree: lengths within the body, a
// known kind, printable text. Segments of version 5 are told by their checksum and the frame within.

#include "cassandra/recognise.h"

#include <algorithm>

#include "cassandra/parse.h"
#include "cassandra/segments.h"

namespace spanlight::cassandra {
namespace {

constexpr bool is_printable(std::uint8_t b) {
  return (b >= 0x20 && b < 0x7f) || b == '\n' || b == '\t' || b == '\r';
}

Look printable(Bytes text, std::uint64_t length) {
  constexpr std::size_t kLookedAt = 8;
  const std::size_t n = std::min<std::uint64_t>(length, kLookedAt);
  for (std::size_t i = 0; i < std::min(text.size(), n); ++i)
    if (!is_printable(text[i])) return Look::no;
  return text.size() < n ? Look::more : Look::yes;
}

// A text with two bytes of length, as far as the body goes.
Look look_string(Bytes body, std::uint32_t left, std::uint16_t least) {
  if (left < 2u + least) return Look::no;
  if (body.size() < 2) return Look::more;
  const std::uint16_t length = Reader(body).be<std::uint16_t>();
  if (length < least || length > left - 2) return Look::no;
  return printable(body.subspan(2), length);
}

Look look_statement(Bytes body, std::uint32_t left) {
  constexpr std::uint32_t kBytesMin = 3;
  if (left < 4 + kBytesMin) return Look::no;
  if (body.size() < 4) return Look::more;
  const std::uint32_t length = Reader(body).be<std::uint32_t>();
  if (length < kBytesMin || length > left - 4) return Look::no;
  return printable(body.subspan(4), length);
}

// u16 count, then the first text.
Look look_strings(Bytes body, std::uint32_t left, std::uint16_t least) {
  constexpr std::uint16_t kCountMax = 64;
  if (left < 2) return Look::no;
  if (body.size() < 2) return Look::more;
  const std::uint16_t count = Reader(body).be<std::uint16_t>();
  if (count == 0 || count > kCountMax) return Look::no;
  return look_string(body.subspan(2), left - 2, least);
}

Look look_packed(Bytes body, std::uint32_t left) {
  constexpr std::size_t kBytes = 5;
  constexpr std::uint64_t kRatioMax = 255;
  if (left < kBytes) return Look::no;
  if (body.size() < kBytes) return Look::more;
  if (body[0] != 0) {  // snappy
    const std::uint64_t size = unpack::snappy_size(body.first(kBytes));
    return size >= left / 2 && size <= left * kRatioMax && size > 0 ? Look::yes : Look::no;
  }
  const std::uint64_t size = Reader(body).be<std::uint32_t>();
  return size > 0 && size >= left / 2 && size <= left * kRatioMax ? Look::yes : Look::no;
}

// Larger ones are read, but prove nothing.
constexpr std::uint32_t kSmallBytesMax = 65'535, kPackedBytesMax = 1u << 20;

bool may_be_large(std::uint8_t opcode) {
  return opcode == kQuery || opcode == kPrepare || opcode == kExecute || opcode == kBatch ||
         opcode == kResult;
}

Look look_body(const Header& header, Bytes body) {
  const std::uint32_t left = header.length;
  if (left > kSmallBytesMax && !may_be_large(header.opcode)) return Look::no;
  if ((header.flags & flag::kCompressed) != 0)
    return left == 0 || left > kPackedBytesMax ? Look::no : look_packed(body, left);
  if ((header.flags & (flag::kTracing | flag::kPayload | flag::kWarning)) != 0 && header.answer)
    return Look::no;  // not where nothing else is known
  switch (header.opcode) {
    case kOptions:
    case kReady:
      return left == 0 ? Look::yes : Look::no;
    case kStartup:
    case kSupported:
      return look_strings(body, left, 3);
    case kRegister:
      return look_strings(body, left, 10);
    case kQuery:
    case kPrepare:
      return look_statement(body, left);
    case kExecute: {
      constexpr std::uint16_t kIdBytes = 16;
      if (left < 2u + kIdBytes + 2) return Look::no;
      if (body.size() < 2) return Look::more;
      return Reader(body).be<std::uint16_t>() == kIdBytes ? Look::yes : Look::no;
    }
    case kBatch: {
      if (left < 6) return Look::no;
      if (body.size() < 4) return Look::more;
      return body[0] <= 2 && body[1] == 0 && body[3] <= 1 ? Look::yes : Look::no;
    }
    case kResult: {
      if (left < 4) return Look::no;
      if (body.size() < 4) return Look::more;
      const std::uint32_t kind = Reader(body).be<std::uint32_t>();
      if (kind == kVoid) return left == 4 ? Look::yes : Look::no;
      return !kind_name(kind).empty() && left > 6 ? Look::yes : Look::no;
    }
    case kError: {
      if (left < 6) return Look::no;
      if (body.size() < 4) return Look::more;
      const auto code = static_cast<std::int32_t>(Reader(body).be<std::uint32_t>());
      return error_name(code).empty() ? Look::no : look_string(body.subspan(4), left - 4, 0);
    }
    case kAuthenticate:
      return look_string(body, left, 8);
    case kEvent:
      return look_string(body, left, 10);
    default:
      return Look::no;
  }
}

// A frame of one side, or of the other.
Look look_frame(Bytes in, bool server) {
  if (in.empty()) return Look::more;
  const std::uint8_t version = in[0] & 0x7f;
  if (version < kVersionMin || version > kVersionMax || ((in[0] & kAnswerBit) != 0) != server)
    return Look::no;
  if (in.size() > 1 && in[1] > flag::kAll) return Look::no;
  if (in.size() > 5 && in[5] > kBodyBytesMax >> 24) return Look::no;
  if (in.size() < kHeaderBytes) return Look::more;
  const Header header = header_of(in);
  if (!header.understood(server)) return Look::no;
  if (header.stream < 0 && header.opcode != kEvent) return Look::no;
  return look_body(header, in.subspan(kHeaderBytes));
}

// A packed segment shows its header alone, whose checksum chance makes in one of thirty million places: of
// bytes that may be anybody's, the next one must stand where it ends.
Look look_packed_segments(Bytes in, unsigned least) {
  constexpr std::uint32_t kLookedThroughMax = 16'384;
  for (unsigned seen = 1;; ++seen) {
    if (in.size() < segment_header_bytes(true)) return Look::more;
    const Segment head = parse_segment(in.first(segment_header_bytes(true)), true);
    if (!head.good) return Look::no;
    if (seen == least) return Look::yes;
    if (head.length > kLookedThroughMax) return Look::no;
    const std::size_t whole = segment_header_bytes(true) + head.length + kTrailerBytes;
    if (in.size() < whole) return Look::more;
    in = in.subspan(whole);
  }
}

// A segment and the frame that it begins with.
Look look_segment(Bytes in, bool server) {
  const std::size_t header_bytes = segment_header_bytes(false);
  if (in.size() < header_bytes) return Look::more;
  const Segment plain = parse_segment(in.first(header_bytes), false);
  if (!plain.good || !plain.whole_frames || plain.length < cassandra::kHeaderBytes) return Look::no;
  if (in.size() < header_bytes + cassandra::kHeaderBytes) return Look::more;
  return header_of(in.subspan(header_bytes)).understood(server) ? Look::yes : Look::no;
}

// A packed segment may be of either side: only its frames tell, and they are packed.
Look begins_with(Bytes window, bool server, Look packed) {
  const Bytes head = window.first(std::min(window.size(), kProbeBytes));
  const Look frame = look_frame(head, server), plain = look_segment(head, server);
  for (const Look wanted : {Look::yes, Look::more})
    if (frame == wanted || plain == wanted || packed == wanted) return wanted;
  return Look::no;
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  own = own.first(std::min(own.size(), kProbeBytes));
  const Look client = look_frame(own, false), server = look_frame(own, true);
  if (client == Look::yes) return Verdict::client;
  if (server == Look::yes) return Verdict::server;
  return client == Look::more || server == Look::more ? Verdict::more : Verdict::no;
}

// A frame: version, flags, opcode, length. A segment: the bits that must be zero, and the frame within it.
std::span<const Signs> signs(Direction from) {
  constexpr auto frame_at = [](std::size_t place, std::uint8_t answer) {
    return Signs()
        .at(place, ByteSet::range(answer | kVersionMin, answer | kVersionMax))
        .at(place + 1, ByteSet::range(0, flag::kAll))
        .at(place + 4, ByteSet::range(0, 0x10))
        .at(place + 5, ByteSet::range(0, kBodyBytesMax >> 24));
  };
  constexpr auto plain = [=](std::uint8_t answer) {
    return frame_at(segment_header_bytes(false), answer).at(2, ByteSet::range(2, 3));
  };
  static constexpr Signs kPacked = Signs().at(4, ByteSet::range(0, 0x07));
  static constexpr Signs kOfClient[] = {frame_at(0, 0), plain(0), kPacked};
  static constexpr Signs kOfServer[] = {frame_at(0, kAnswerBit), plain(kAnswerBit), kPacked};
  return from == Direction::c2s ? kOfClient : kOfServer;
}

Look begins(Direction from, Bytes window) {
  return begins_with(window, from == Direction::s2c, look_packed_segments(window, 2));
}

Sync find_again(Direction from, Bytes window) {
  return first_of(window, signs(from), [&](Bytes in) {
    return begins_with(in, from == Direction::s2c, look_packed_segments(in, 1));
  });
}

}  // namespace spanlight::cassandra
