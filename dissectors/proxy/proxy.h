#pragma once
// What stands before a connection's first byte where a balancer passes it on. What is and is not handled:
// README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::proxy {

extern const Descriptor kDescriptor;

}  // namespace spanlight::proxy
