#pragma once
// Diameter over TCP; over SCTP its calls are found by sctp. What is and is not handled: README.md beside this
// file.

#include "core/descriptor.h"

namespace spanlight::diameter {

extern const Descriptor kDescriptor;

}  // namespace spanlight::diameter
