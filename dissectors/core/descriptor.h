#pragma once
// One protocol, described once: how to find it, how to make its dissector, which fields it adds.
// Identification, the record, the catalog, the fuzzer, the golden tests and the benchmark reach a protocol
// only through this table.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/bytes.h"
#include "core/dissector.h"
#include "core/signs.h"

namespace spanlight {

// What the head of one direction looks like.
enum class Verdict : std::uint8_t {
  no,      // not this protocol
  more,    // may be, needs more bytes
  client,  // yes, and the client said it
  server,  // yes, and the server said it
  either,  // yes; both sides may speak so
};

// Looks at the accumulated head of one direction and of its peer, both from their first byte on. Pure: the
// answer depends on the bytes alone, not on how they were cut.
using Probe = Verdict (*)(Bytes own, Bytes peer);

enum class FieldType : std::uint8_t { text, integer, boolean, number, list };

struct FieldSpec {
  std::string_view name;  // short name, as in request.fields / response.fields
  FieldType type;
  bool in_request;
  bool in_response;
  std::string_view meaning;  // one sentence for people
};

// Datagrams of udp, icmp, icmpv6 and sctp come one window each; those of ICMP begin with the type. `both`: of
// a protocol over tcp and udp.
enum class Transport : std::uint8_t { tcp, udp, icmp, icmpv6, sctp, both };
constexpr std::size_t kTransports = static_cast<std::size_t>(Transport::sctp) + 1;  // that a flow may have

struct Descriptor {
  std::string_view name;          // JSON `protocol`, topic `record.<name>.`, settings key
  std::string_view told_as = {};  // its calls are told under this protocol's name and topic; empty: its own
  std::string_view title;         // for people
  Transport transport = Transport::tcp;
  std::span<const std::uint16_t> ports = {};  // hints: asked first there, found everywhere
  std::span<const std::string_view> patterns =
      {};                          // Hyperscan, anchored at the head's start; any one makes a candidate
  std::size_t head_bytes_max = 0;  // probe() has decided when it has seen so many bytes
  // None: nothing to identify. Another protocol's dissector tells its calls, or the pipeline itself (conn).
  Probe probe = nullptr;
  // In bytes that may be anybody's: does a message of this side begin with the window? Asked where `signs`,
  // by direction, allow it; pure, and what was `no` or `yes` stays so with more bytes. Has to be proof:
  // chance asks it at every byte of every connection joined midstream.
  Look (*begins)(Direction from, Bytes window) = nullptr;
  std::span<const Signs> (*signs)(Direction from) = nullptr;
  // Of a protocol that is looked for in another way; and behind a hole in a connection that is known to be
  // this protocol's, where that needs less proof. Without it, `begins` serves.
  Sync (*sync)(Direction from, Bytes window) = nullptr;
  std::size_t slot_bytes = 0;
  Dissector* (*create)(void* slot, Workshop& workshop) = nullptr;  // slot: slot_bytes, aligned to 64
  std::span<const FieldSpec> fields = {};  // none: it makes no records, and the catalog does not know it
  bool with_connections = false;  // dissected only where records of connections are asked for, or by name
  bool reads_encrypted = false;   // what begins with a TLS handshake is shown to it, and to no other

  // Over datagrams, where that differs from streams: each is a message, and shown alone.
  Probe datagram_probe = nullptr;
  // Where a hint at it holds: what content alone would not prove is believed, too. Without it, as anywhere.
  Verdict (*hinted_probe)(Transport over, Bytes own) = nullptr;
  // Of one whose end the capture left out: what is there, and how large it was. Without it the probe makes
  // do.
  Verdict (*cut_datagram_probe)(Bytes own, std::size_t wire_bytes) = nullptr;
  bool (*wakes)(Bytes datagram) =
      nullptr;  // a dissector that rests is shown these alone; nullptr: all. Cheap
  Dissector* (*datagram_create)(void* slot, Workshop& workshop) = nullptr;

  bool can_be_found() const { return begins != nullptr || sync != nullptr; }
  // Among bytes of a connection that is this protocol's.
  Sync find(Direction from, Bytes window) const {
    return sync != nullptr ? sync(from, window) : find_proof(from, window);
  }
  // Among anybody's.
  Sync find_proof(Direction from, Bytes window) const {
    if (begins == nullptr) return sync(from, window);
    return first_of(window, signs(from), [&](Bytes rest) { return begins(from, rest); });
  }

  Probe probe_over(Transport one) const {
    return one == Transport::udp && datagram_probe != nullptr ? datagram_probe : probe;
  }
  // Of `own`, of which `cut` bytes more were on the wire. `hinted`: the port is one of its hints.
  Verdict probe_of(Transport one, Bytes own, std::size_t cut, Bytes peer, bool hinted = false) const {
    if (cut > 0 && cut_datagram_probe != nullptr) return cut_datagram_probe(own, own.size() + cut);
    if (hinted && hinted_probe != nullptr) return hinted_probe(one, own);
    return probe_over(one)(own, peer);
  }
  Dissector* create_over(Transport one, void* slot, Workshop& workshop) const {
    const bool datagrams = one == Transport::udp && datagram_create != nullptr;
    return datagrams ? datagram_create(slot, workshop) : create(slot, workshop);
  }
};

// The protocol's name in records, topics and the catalog.
inline std::string_view record_name(const Descriptor& protocol) {
  return protocol.told_as.empty() ? protocol.name : protocol.told_as;
}

// All protocols, in the order in which they are asked. dissectors/registry.cpp: one line each.
std::span<const Descriptor* const> registry();

const Descriptor* find_protocol(std::string_view name);  // nullptr: no such protocol

}  // namespace spanlight
