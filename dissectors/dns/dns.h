#pragma once
// DNS, multicast DNS and LLMNR: one message format, three protocols. What is and is not handled: README.md
// beside this file.

#include "core/descriptor.h"

namespace spanlight::dns {

extern const Descriptor kDescriptor;
extern const Descriptor kMulticast;
extern const Descriptor kLinkLocal;

}  // namespace spanlight::dns
