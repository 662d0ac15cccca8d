#pragma once
// MongoDB's wire protocol. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::mongodb {

extern const Descriptor kDescriptor;

}  // namespace spanlight::mongodb
