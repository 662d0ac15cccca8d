#pragma once
// Is it MySQL, and where does a message begin? Pure.

#include "core/descriptor.h"

namespace spanlight::mysql {

// A greeting, a login, or a message that stands alone is recognised in so many bytes.
constexpr std::size_t kProbeBytes = 512;

Verdict probe(Bytes own, Bytes peer);
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);

}  // namespace spanlight::mysql
