#pragma once
// NATS: the client protocol. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::nats {

extern const Descriptor kDescriptor;

}  // namespace spanlight::nats
