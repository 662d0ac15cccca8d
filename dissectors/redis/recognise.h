#pragma once
// What is Redis's, and where its messages start. Pure.

#include "core/descriptor.h"
#include "redis/resp.h"

namespace spanlight::redis {

constexpr std::size_t kProbeBytes = 1'024;

Verdict probe(Bytes own, Bytes peer);
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);      // by proof: any connection may be asked
Sync find_again(Direction from, Bytes window);  // in a connection that is Redis's

// An inline command, or an empty line: begins with a letter, or is blank.
Line read_inline_command(Bytes in);

}  // namespace spanlight::redis
