#pragma once
// MySQL and MariaDB. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::mysql {

extern const Descriptor kDescriptor;

}  // namespace spanlight::mysql
