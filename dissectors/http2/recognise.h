#pragma once
// What HTTP/2 looks like from its first byte, and behind a hole. Pure: the answers depend on the bytes, never
// on how they were cut.

#include "core/descriptor.h"

namespace spanlight::http2 {

Verdict probe(Bytes own, Bytes peer);

// A chain of frame heads each of which stands where the one before it ends, and that says enough to be no
// accident. README.md, "Found again".
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);

}  // namespace spanlight::http2
