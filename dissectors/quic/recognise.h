#pragma once
// Does a QUIC connection begin with this datagram? From the bytes alone: on any port.

#include "core/descriptor.h"

namespace spanlight::quic {

Verdict probe(Bytes own, Bytes peer);

}  // namespace spanlight::quic
