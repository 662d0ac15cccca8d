#include "dns/recognise.h"

#include <algorithm>
#include <string_view>

#include "dns/codes.h"
#include "dns/parse.h"

namespace spanlight::dns {
namespace {

constexpr std::uint16_t kQuestionsMax = 64;  // multicast DNS asks several things at once
constexpr std::size_t kFlagsAt = 2;

// What the bytes alone must show, on any port, and where the port speaks for them.
enum class Proof : std::uint8_t { whole, port };

// What the two bytes of flags must be like. Opcode, reserved bit and a query's code are seldom right by
// chance.
bool plausible_flags(std::uint16_t flags) {
  const Header header{.flags = flags};
  const std::uint8_t op = header.opcode();
  if (op != opcode::kQuery && op != opcode::kNotify && op != opcode::kUpdate) return false;
  if ((flags & kReserved) != 0) return false;
  return header.is_response() || header.rcode() == 0;
}

bool plausible_counts(const Header& h) {
  const std::uint16_t questions = h.count(Section::question);
  if (questions > kQuestionsMax) return false;
  const bool records =
      h.count(Section::answer) + h.count(Section::authority) + h.count(Section::additional) > 0;
  return questions > 0 || (h.is_response() && (records || h.rcode() != 0 || h.opcode() == opcode::kUpdate));
}

bool plausible_class(std::uint16_t value) {
  switch (value & ~klass::kTopBit) {
    case klass::kIn:
    case klass::kChaos:
    case klass::kHesiod:
    case klass::kNone:
    case klass::kAny:
      return true;
    default:
      return false;
  }
}

// NetBIOS names (RFC 1001, 14.1) come in messages of the same shape: 32 letters from A to P, then other
// types.
bool is_netbios_name(Bytes message, const Question& question) {
  constexpr std::size_t kLetters = 32;
  bool first = true, netbios = false;
  walk_name(message, question.name_at, [&](Bytes label) {
    if (first)
      netbios = label.size() == kLetters &&
                std::ranges::all_of(label, [](std::uint8_t b) { return b >= 'A' && b <= 'P'; });
    first = false;
  });
  return netbios;
}

// As many entries as the header says must have room.
bool fits(const Header& h, std::size_t length) {
  constexpr std::size_t kQuestionBytesMin = 5, kRecordBytesMin = 11;
  const std::size_t records =
      std::size_t{h.count(Section::answer)} + h.count(Section::authority) + h.count(Section::additional);
  return kHeaderBytes + h.count(Section::question) * kQuestionBytesMin + records * kRecordBytesMin <= length;
}

bool plausible_header(const Header& h, Proof proof) {
  if (proof == Proof::port) return h.count(Section::question) <= kQuestionsMax;
  return plausible_flags(h.flags) && plausible_counts(h);
}

// The whole message of `length` bytes, or its beginning: `short_input` is all that may be wrong with that.
// Nothing may stand behind it.
Fault plausible(Bytes message, std::size_t length, Proof proof = Proof::whole) {
  Header header;
  if (const Fault fault = read_header(message, header); fault != Fault::none) return fault;
  if (!plausible_header(header, proof) || !fits(header, length)) return Fault::bad_value;
  std::size_t at = kHeaderBytes;
  for (unsigned i = 0; i < header.count(Section::question); ++i) {
    Question question;
    if (const Fault fault = read_question(message, at, question); fault != Fault::none) return fault;
    if (!plausible_class(question.klass) || is_netbios_name(message, question)) return Fault::bad_value;
  }
  for (const Section section : {Section::answer, Section::authority, Section::additional}) {
    for (unsigned i = 0; i < header.count(section); ++i) {
      ResourceRecord record;
      if (const Fault fault = read_record(message, at, record); fault != Fault::none) return fault;
      if (record.type != type::kOpt && !plausible_class(record.klass)) return Fault::bad_value;
    }
  }
  constexpr std::size_t kBehindMax = 2;  // what is_end() lets pass
  const bool may_end = length - at <= kBehindMax || holds_values(header);
  if (message.size() < length) return may_end ? Fault::short_input : Fault::bad_length;
  return is_end(message, header, at) ? Fault::none : Fault::bad_length;
}

Verdict speaker_of(Bytes message) {
  return (message[kFlagsAt] & 0x80) != 0 ? Verdict::server : Verdict::client;
}

// A message with its length in front, as far as it is there. Depends on the first kProbeBytes alone.
Look look(Bytes window, Proof proof = Proof::whole) {
  window = window.first(std::min(window.size(), kProbeBytes));
  if (window.size() < kLengthBytes) return Look::more;
  const auto length = static_cast<std::size_t>(window[0] << 8 | window[1]);
  if (length < kHeaderBytes) return Look::no;
  Bytes message = window.subspan(kLengthBytes);
  const bool whole = message.size() >= length;
  if (whole) message = message.first(length);
  const Fault fault = plausible(message, length, proof);
  if (fault == Fault::none) return Look::yes;
  if (fault != Fault::short_input || whole) return Look::no;
  if (window.size() < kProbeBytes) {
    // What is wrong already will not be cured.
    const bool flags = proof == Proof::whole && message.size() >= kFlagsAt + 2;
    return flags && !plausible_flags(
                        static_cast<std::uint16_t>(message[kFlagsAt] << 8 | message[kFlagsAt + 1]))
               ? Look::no
               : Look::more;
  }
  return Look::yes;
}

Verdict speaker_in(Bytes stream, Proof proof) {
  switch (look(stream, proof)) {
    case Look::no:
      return Verdict::no;
    case Look::more:
      return Verdict::more;
    case Look::yes:
      break;
  }
  return speaker_of(stream.subspan(kLengthBytes));
}

}  // namespace

Verdict probe_datagram(Bytes own, Bytes) {
  return plausible(own, own.size()) == Fault::none ? speaker_of(own) : Verdict::no;
}

// As far as it is there; its first question at least, or what it says unasked.
Verdict probe_cut_datagram(Bytes own, std::size_t wire_bytes) {
  const Fault fault = plausible(own, wire_bytes);
  if (fault != Fault::none && fault != Fault::short_input) return Verdict::no;
  return outline_of(own).end > kHeaderBytes ? speaker_of(own) : Verdict::no;
}

Verdict probe_multicast(Bytes own, Bytes) {
  return plausible(own, own.size()) == Fault::none ? Verdict::client : Verdict::no;
}

Verdict probe_cut_multicast(Bytes own, std::size_t wire_bytes) {
  return probe_cut_datagram(own, wire_bytes) == Verdict::no ? Verdict::no : Verdict::client;
}

Verdict probe_stream(Bytes own, Bytes) {
  return speaker_in(own, Proof::whole);
}

Verdict probe_hinted(Transport over, Bytes own) {
  if (over == Transport::tcp) return speaker_in(own, Proof::port);
  return plausible(own, own.size(), Proof::port) == Fault::none ? speaker_of(own) : Verdict::no;
}

// Opcode, the reserved bit, a query's code, and few questions.
std::span<const Signs> signs(Direction from) {
  constexpr auto flags = [](unsigned response) {
    ByteSet out;
    for (const unsigned op : {opcode::kQuery, opcode::kNotify, opcode::kUpdate})
      for (unsigned bits = 0; bits < 8; ++bits) out.add(static_cast<std::uint8_t>(response | op << 3 | bits));
    return out;
  };
  constexpr auto codes = [](bool any) {
    ByteSet out;
    for (unsigned b = 0; b <= 0xff; ++b)
      if ((b & 0x40) == 0 && (any || (b & 0x0f) == 0)) out.add(static_cast<std::uint8_t>(b));
    return out;
  };
  static constexpr ByteSet kZero = ByteSet::of(std::string_view("\0", 1)),
                           kFew = ByteSet::range(0, kQuestionsMax);
  static constexpr Signs kOfClient[] = {Signs().at(4, flags(0)).at(5, codes(false)).at(6, kZero).at(7, kFew)};
  static constexpr Signs kOfServer[] = {
      Signs().at(4, flags(0x80)).at(5, codes(true)).at(6, kZero).at(7, kFew)};
  return from == Direction::c2s ? kOfClient : kOfServer;
}

Look begins(Direction from, Bytes window) {
  const Look seen = look(window);
  if (seen != Look::yes) return seen;
  const Verdict wanted = from == Direction::c2s ? Verdict::client : Verdict::server;
  return speaker_of(window.subspan(kLengthBytes)) == wanted ? Look::yes : Look::no;
}

}  // namespace spanlight::dns
