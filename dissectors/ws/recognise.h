#pragma once
// Frames of WebSocket where nobody saw the handshake: joined midstream, or behind a hole. Pure.

#include "core/descriptor.h"

namespace spanlight::ws {

Verdict probe(Bytes own, Bytes peer);
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);

}  // namespace spanlight::ws
