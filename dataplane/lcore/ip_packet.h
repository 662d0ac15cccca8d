#pragma once
// A datagram that was put together from fragments, as one IP packet again: how it travels to another worker.

#include <rte_mbuf.h>

#include "decode/packet.h"

namespace spanlight {

// An mbuf chain of `pool` that holds an IPv4 or IPv6 header and `datagram`; nullptr when the pool is exhausted.
rte_mbuf* ip_packet_of(const Fragment& fragment, Bytes datagram, rte_mempool* pool);

}  // namespace spanlight
