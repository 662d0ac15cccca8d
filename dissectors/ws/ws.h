#pragma once
// WebSocket (RFC 6455) behind the Upgrade of HTTP/1. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::ws {

extern const Descriptor kDescriptor;

}  // namespace spanlight::ws
