#pragma once
// Is this RADIUS? From the bytes alone: on any port.

#include "core/descriptor.h"

namespace spanlight::radius {

Verdict probe(Bytes own, Bytes peer);

}  // namespace spanlight::radius
