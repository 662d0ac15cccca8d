#pragma once
// PostgreSQL's frontend/backend protocol, version 3. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::postgresql {

extern const Descriptor kDescriptor;

}  // namespace spanlight::postgresql
