#pragma once
// What is MQTT's, and where its packets start. Pure.

#include "core/descriptor.h"
#include "mqtt/parse.h"

namespace spanlight::mqtt {

constexpr std::size_t kProbeBytes = 512;

Verdict probe(Bytes own, Bytes peer);
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);  // by proof: any connection may be asked
// In a connection that is MQTT's; `connecting`: the client waits for CONNACK, which needs no other proof
// then.
Sync find_again(Direction from, Bytes window, bool connecting);

}  // namespace spanlight::mqtt
