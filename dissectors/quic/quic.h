#pragma once
// QUIC: the hellos in its Initial packets. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::quic {

extern const Descriptor kDescriptor;

}  // namespace spanlight::quic
