#pragma once
// Does a hello of TLS begin here? From the bytes alone: on any port.

#include "core/descriptor.h"

namespace spanlight::tls {

constexpr std::size_t kProbeBytes = 11;  // record head, handshake head, the hello's version

Verdict probe(Bytes own, Bytes peer);

// In the middle of a connection there is nothing to read: two records, one where the other ends, say that it
// is encrypted.
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);

}  // namespace spanlight::tls
