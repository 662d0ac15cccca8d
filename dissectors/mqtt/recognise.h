#pragma once
// What is MQTT's, and where its packets start. Pure.

#include "core/descriptor.h"
#include "mqtt/parse.h"

namespace spanlight::mqtt {

constexpr std::size_t kProbeBytes = 512;

Verdict probe(Bytes own, Bytes peer);
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);      // by proof: any connection may be asked
Sync find_again(Direction from, Bytes window);  // in a connection that is MQTT's

}  // namespace spanlight::mqtt
