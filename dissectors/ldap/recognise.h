#pragma once
// Is this LDAP? From the bytes alone: on any port.

#include "core/descriptor.h"

namespace spanlight::ldap {

// A message is believed when so much of it is as it should be.
constexpr std::size_t kProbeBytes = 256;

Verdict probe(Bytes own, Bytes peer);
Verdict probe_datagram(Bytes own, Bytes peer);
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);

}  // namespace spanlight::ldap
