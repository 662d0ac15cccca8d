#include "diameter/recognise.h"

#include <algorithm>

#include "core/diameter/dictionary.h"

namespace spanlight::diameter {
namespace {

constexpr std::uint32_t kCapabilitiesExchange = 257;

// A header, and AVPs that lie in each other's order up to the message's end, or to that of what is looked at.
// One of those with which every message says who speaks must be among them.
Verdict look(Bytes in) {
  const Header header = read_header(in);
  if (header.fault != Fault::none) return header.fault == Fault::short_input ? Verdict::more : Verdict::no;
  const std::size_t seen = std::min<std::size_t>(header.length, kProbeBytes);
  if (header.length == kHeaderBytes) return Verdict::no;
  if (in.size() < seen) return Verdict::more;
  Reader r{in.first(seen).subspan(kHeaderBytes)};
  bool speaks = false;
  while (r.ok() && r.left() > 0) {
    const Avp avp = read_avp(r);
    if (!r.ok()) break;
    if (avp.clipped && seen == header.length) return Verdict::no;
    speaks = speaks || (avp.vendor == 0 && (avp.code == avp::kSessionId || avp.code == avp::kOriginHost));
  }
  const bool cut = r.fault() == Fault::short_input && seen < header.length;
  if ((!r.ok() && !cut) || !speaks) return Verdict::no;
  if (header.command == kCapabilitiesExchange) return header.is_request() ? Verdict::client : Verdict::server;
  return Verdict::either;
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  return own.empty() ? Verdict::more : look(own);
}

// Version, a length in words, flags.
std::span<const Signs> signs(Direction) {
  constexpr auto multiples = [](unsigned of) {
    ByteSet out;
    for (unsigned b = 0; b <= 0xff; b += of) out.add(static_cast<std::uint8_t>(b));
    return out;
  };
  static constexpr Signs kSigns[] = {Signs(ByteSet::of("\1")).at(3, multiples(4)).at(4, multiples(16))};
  return kSigns;
}

Look begins(Direction from, Bytes window) {
  const Verdict seen = look(window);
  if (seen == Verdict::more) return Look::more;
  const Verdict wanted = from == Direction::c2s ? Verdict::client : Verdict::server;
  return seen == wanted || seen == Verdict::either ? Look::yes : Look::no;
}

}  // namespace spanlight::diameter
