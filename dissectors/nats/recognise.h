#pragma once
// What is NATS's, and where its operations start. Pure.

#include "core/descriptor.h"
#include "nats/parse.h"

namespace spanlight::nats {

constexpr std::size_t kProbeBytes = 2'048;

Verdict probe(Bytes own, Bytes peer);
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);      // by proof: any connection may be asked
Sync find_again(Direction from, Bytes window);  // in a connection that is NATS's

}  // namespace spanlight::nats
