#pragma once
// Cassandra's native protocol (CQL). What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::cassandra {

extern const Descriptor kDescriptor;

}  // namespace spanlight::cassandra
