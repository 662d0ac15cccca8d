#pragma once
// Does a QUIC connection begin with this datagram? From the bytes alone: on any port.

#include "core/descriptor.h"

namespace spanlight::quic {

Verdict probe(Bytes own, Bytes peer);

// By a client; of anything else that flows on a connection, the first byte tells already.
bool begins_connection(Bytes datagram);

}  // namespace spanlight::quic
