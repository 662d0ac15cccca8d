#pragma once

#include "core/descriptor.h"

namespace spanlight::sctp {

extern const Descriptor kDescriptor;

}  // namespace spanlight::sctp
