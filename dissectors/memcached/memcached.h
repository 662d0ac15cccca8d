#pragma once
// memcached: text and meta commands, the binary protocol, datagrams. What is and is not handled: README.md
// beside this file.

#include "core/descriptor.h"

namespace spanlight::memcached {

extern const Descriptor kDescriptor;  // lines over streams, and datagrams
extern const Descriptor kBinary;      // told as the other

}  // namespace spanlight::memcached
