#pragma once
// Is this PostgreSQL? From the bytes alone: on any port.

#include "core/descriptor.h"

namespace spanlight::postgresql {

// A head is decided when so much of it is there.
constexpr std::size_t kProbeBytes = 2'048;

Verdict probe(Bytes own, Bytes peer);

std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);

}  // namespace spanlight::postgresql
