#pragma once
// TLS: the hellos and what stands in the clear behind them. What is and is not handled: README.md beside this
// file.

#include "core/descriptor.h"

namespace spanlight::tls {

extern const Descriptor kDescriptor;

}  // namespace spanlight::tls
