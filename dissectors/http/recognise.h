#pragma once
// Is this HTTP/1, and where does the next message start? Pure functions of the bytes; the same answer however
// they are cut.

#include "core/descriptor.h"

namespace spanlight::http {

constexpr std::size_t kLineBytesMax = 8'192;  // of a start line that probe() and sync() accept
constexpr std::size_t kLeadingLineBytesMax = 16;

Verdict probe(Bytes own, Bytes peer);
Sync sync(Direction from, Bytes window);

}  // namespace spanlight::http
