#pragma once
// Is this AMQP 0-9-1? From the bytes alone: on any port.

#include "core/descriptor.h"

namespace spanlight::amqp {

constexpr std::size_t kProbeBytes = 4'096;

Verdict probe(Bytes own, Bytes peer);
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);

}  // namespace spanlight::amqp
