#pragma once
// What is memcached's, and where its messages start. Pure.

#include "core/descriptor.h"
#include "memcached/parse.h"

namespace spanlight::memcached {

constexpr std::size_t kProbeBytes = 1'024;

Verdict probe_text(Bytes own, Bytes peer);
Verdict probe_binary(Bytes own, Bytes peer);
Verdict probe_datagram(Bytes own, Bytes peer);
std::span<const Signs> signs(Direction from);
Look begins(Direction from, Bytes window);
Sync find_again(Direction from, Bytes window);  // lines, in a connection that is memcached's
std::span<const Signs> binary_signs(Direction from);
Look begins_binary(Direction from, Bytes window);

// Printable, and begins with a letter: may be a command that we do not know.
bool is_wordlike(std::string_view line);

// The value in a message that is whole: behind its first line or its header, key and extras.
Bytes value_of(Bytes message);

}  // namespace spanlight::memcached
