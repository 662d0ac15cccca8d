#pragma once
// HTTP/1.0 and HTTP/1.1 (RFC 9112) over TCP. What is and is not handled: README.md beside this file.

#include "core/descriptor.h"

namespace spanlight::http {

extern const Descriptor kDescriptor;

}  // namespace spanlight::http
