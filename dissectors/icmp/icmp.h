#pragma once

#include "core/descriptor.h"

namespace spanlight::icmp {

extern const Descriptor kDescriptor;    // ICMP
extern const Descriptor kV6Descriptor;  // ICMPv6

}  // namespace spanlight::icmp
