#pragma once
// gRPC is told under its own name, whatever carries it: HTTP/2 message by message as they pass; HTTP/1, where
// only gRPC-Web can be, from what it kept of the bodies.

#include "core/descriptor.h"
#include "core/transaction.h"

namespace spanlight::grpc {

extern const Descriptor kDescriptor;  // never looked for

inline bool is_web(const Transaction& call) {
  constexpr std::string_view kType = "application/grpc-web";
  return call.request.content_type.starts_with(kType) || call.response.content_type.starts_with(kType);
}

// Tells of a call of HTTP/1 for which is_web() holds.
void emit_web(Transaction& call, Sink& sink);

}  // namespace spanlight::grpc
