#pragma once
// AMQP 0-9-1. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::amqp {

extern const Descriptor kDescriptor;

}  // namespace spanlight::amqp
