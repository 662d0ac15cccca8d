#pragma once
// MQTT 3.1, 3.1.1 and 5. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::mqtt {

extern const Descriptor kDescriptor;

}  // namespace spanlight::mqtt
