#include "radius/recognise.h"

#include "radius/attributes.h"
#include "radius/parse.h"

namespace spanlight::radius {

// All of the datagram is one packet of a known code whose attributes fill it exactly, and it has some of
// which at least half are known by name. A bare answer (no attributes) proves too little; its request is
// recognised.
Verdict probe(Bytes own, Bytes) {
  const Packet packet = parse_packet(own);
  if (packet.fault != Fault::none || packet.length != own.size()) return Verdict::no;
  unsigned count = 0, known = 0;
  const Fault fault = each_attribute(packet.attributes, [&](std::uint8_t type, Bytes) {
    ++count;
    known += find_attribute(type) != nullptr ? 1 : 0;
  });
  if (fault != Fault::none || count == 0 || 2 * known < count) return Verdict::no;
  return is_request(packet.code) ? Verdict::client : Verdict::server;
}

}  // namespace spanlight::radius
