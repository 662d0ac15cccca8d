#include "ldap/recognise.h"

#include <algorithm>

#include "ldap/parse.h"

namespace spanlight::ldap {
namespace {

// What is known of an operation beside the tags that it begins with.
bool is_plausible(const Message& message) {
  Reader r{message.body};
  switch (message.operation->tag) {
    case op::kUnbindRequest:
      return message.body.empty();
    case op::kAbandonRequest:
      return !message.body.empty() && message.body.size() <= 4;
    case op::kDelRequest:
      return std::ranges::find(message.body, '=') != message.body.end();
    case op::kBindRequest: {
      const std::int32_t version = integer_of(read_element(r).content);
      return version == 2 || version == 3;
    }
    case op::kExtendedRequest:
      return std::ranges::all_of(read_element(r).content,
                                 [](std::uint8_t b) { return b == '.' || (b >= '0' && b <= '9'); });
    default:
      return message.operation->begins.front() != tag::kEnumerated || read_element(r).content.size() <= 2;
  }
}

// The tags that the operation begins with, as far as they are there.
Fault tags_of(const Message& message) {
  Reader r{message.body};
  for (const char wanted : message.operation->begins) {
    const Element element = read_element(r);
    if (!r.ok()) return r.fault();
    if (element.tag != static_cast<std::uint8_t>(wanted)) return Fault::bad_value;
    if (element.clipped) return Fault::short_input;
  }
  return Fault::none;
}

Verdict look(Bytes in) {
  const SizedMessages::Measure m = measure(in);
  if (m.fault != Fault::none) return m.fault == Fault::short_input ? Verdict::more : Verdict::no;
  const auto seen = static_cast<std::size_t>(std::min<std::uint64_t>(m.size, kProbeBytes));
  if (in.size() < seen) return Verdict::more;
  const Message message = parse_message(in.first(seen));
  const Fault tags = tags_of(message);
  const bool begun = tags == Fault::short_input && seen < m.size;  // the rest lies behind what is looked at
  if (tags != Fault::none && !begun) return Verdict::no;
  if (message.operation->tag != op::kIntermediate && !is_plausible(message)) return Verdict::no;
  return message.operation->by_client ? Verdict::client : Verdict::server;
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  return own.empty() ? Verdict::more : look(own);
}

// All of a datagram is messages: a search is answered by an entry and the end in one.
Verdict probe_datagram(Bytes own, Bytes) {
  constexpr unsigned kMessagesMax = 64;
  const Verdict verdict = look(own);
  if (verdict == Verdict::no || verdict == Verdict::more) return Verdict::no;
  for (unsigned n = 0; n < kMessagesMax && !own.empty(); ++n) {
    const SizedMessages::Measure m = measure(own);
    if (m.fault != Fault::none || m.size > own.size()) return Verdict::no;
    own = own.subspan(static_cast<std::size_t>(m.size));
  }
  return own.empty() ? verdict : Verdict::no;
}

// A sequence, its length in one byte or more, then the message's id: an integer.
std::span<const Signs> signs(Direction) {
  static constexpr ByteSet kSequence = ByteSet::of("0");
  static constexpr Signs kSigns[] = {Signs(kSequence, ByteSet::range(0, 0x7f), ByteSet::of("\2"),
                                           ByteSet::range(1, 5) | ByteSet::range(0x81, 0x84)),
                                     Signs(kSequence, ByteSet::range(0x81, 0x84))};
  return kSigns;
}

Look begins(Direction from, Bytes window) {
  const Verdict seen = look(window);
  if (seen == Verdict::more) return Look::more;
  return seen == (from == Direction::c2s ? Verdict::client : Verdict::server) ? Look::yes : Look::no;
}

}  // namespace spanlight::ldap
