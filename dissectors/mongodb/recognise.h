#pragma once
// Is it MongoDB, and where does a message begin? Pure.

#include "core/descriptor.h"

namespace spanlight::mongodb {

constexpr std::size_t kProbeBytes = 96;

Verdict probe(Bytes own, Bytes peer);
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);

}  // namespace spanlight::mongodb
