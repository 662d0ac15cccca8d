#pragma once
// Redis: RESP2, RESP3, inline commands. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::redis {

extern const Descriptor kDescriptor;

}  // namespace spanlight::redis
