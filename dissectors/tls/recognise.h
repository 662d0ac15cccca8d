#pragma once
// Does a hello of TLS begin here? From the bytes alone: on any port.

#include "core/descriptor.h"

namespace spanlight::tls {

constexpr std::size_t kProbeBytes = 11;  // record head, handshake head, the hello's version

Verdict probe(Bytes own, Bytes peer);

// Of a connection joined midstream a hello is read. Behind it there is nothing to read: two records, one
// where the other ends, say that it is encrypted.
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);

// Where the other side's hello was seen: this side's, or an alert in its place, begins what
// is seen of it, or was missed.
Sync sync(Direction from, Bytes window);

}  // namespace spanlight::tls
