#pragma once
// Is this DNS? From the bytes alone: on any port.

#include "core/descriptor.h"

namespace spanlight::dns {

// A head of a stream is decided when so much of its first message is there.
constexpr std::size_t kProbeBytes = 512;

Verdict probe_datagram(Bytes own, Bytes peer);
Verdict probe_cut_datagram(Bytes own, std::size_t wire_bytes);
Verdict probe_stream(Bytes own, Bytes peer);
// On a port of DNS: any whole message, with any flags, and one that holds nothing but its header.
Verdict probe_hinted(Transport over, Bytes own);

// Multicast DNS: whoever speaks, speaks first.
Verdict probe_multicast(Bytes own, Bytes peer);
Verdict probe_cut_multicast(Bytes own, std::size_t wire_bytes);

std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);

}  // namespace spanlight::dns
