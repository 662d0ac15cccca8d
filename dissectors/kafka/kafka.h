#pragma once
// Apache Kafka's protocol. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::kafka {

extern const Descriptor kDescriptor;

}  // namespace spanlight::kafka
