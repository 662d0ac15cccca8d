#pragma once
// Does a hello of TLS begin here? From the bytes alone: on any port.

#include "core/descriptor.h"

namespace spanlight::tls {

constexpr std::size_t kProbeBytes = 11;  // record head, handshake head, the hello's version

Verdict probe(Bytes own, Bytes peer);

}  // namespace spanlight::tls
