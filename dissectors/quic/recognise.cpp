#include "quic/recognise.h"

#include "core/crypto/crypto.h"
#include "quic/packet.h"

namespace spanlight::quic {
namespace {

// One of the versions that a server offers must be known: nothing else of such a packet tells it from noise.
bool offers_known_version(const Head& head) {
  if (head.versions.empty() || head.versions.size() % sizeof(std::uint32_t) != 0) return false;
  Reader r(head.versions);
  while (r.left() > 0)
    if (find_version(r.be<std::uint32_t>()) != nullptr) return true;
  return false;
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  if (!has_long_head(own) || !crypto::available()) return Verdict::no;
  const Head head = parse_head(own);
  if (head.fault != Fault::none) return Verdict::no;
  if (head.type == PacketType::version_negotiation)
    return offers_known_version(head) ? Verdict::server : Verdict::no;
  const bool first = head.type == PacketType::initial && has_fixed_bit(own) &&
                     own.size() >= kClientDatagramMin && head.to.size() >= kClientIdBytesMin &&
                     head.whole_bytes >= head.number_at + crypto::kBlockBytes + 4;
  return first ? Verdict::client : Verdict::no;
}

bool begins_connection(Bytes datagram) {
  return probe(datagram, {}) == Verdict::client;
}

}  // namespace spanlight::quic
