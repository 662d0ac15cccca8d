#pragma once
// RADIUS. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::radius {

extern const Descriptor kDescriptor;

}  // namespace spanlight::radius
