#pragma once
// HTTP/2 (RFC 9113) over TCP, and gRPC on it. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::http2 {

extern const Descriptor kDescriptor;
extern const Descriptor kWebSocket;  // never looked for: messages on streams of kDescriptor's connections

}  // namespace spanlight::http2
