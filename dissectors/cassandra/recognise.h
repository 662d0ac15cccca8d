#pragma once
// Is it CQL, and where does a frame begin? Pure.

#include "core/descriptor.h"

namespace spanlight::cassandra {

constexpr std::size_t kProbeBytes = 64;

Verdict probe(Bytes own, Bytes peer);
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);      // by proof: any connection may be asked
Sync find_again(Direction from, Bytes window);  // in a connection that is Cassandra's

}  // namespace spanlight::cassandra
