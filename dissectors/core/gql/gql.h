#pragma once
// GraphQL is no protocol of its own on the wire: it rides on calls of HTTP/1 and HTTP/2 and on messages of
// WebSocket, whose dissectors tell of each through here. What is one comes out as `gql`, with what they said
// of it and more; what is not comes out as it is. Recognised by content, never by path.

#include "core/descriptor.h"
#include "core/dissector.h"
#include "core/transaction.h"

namespace spanlight::gql {

extern const Descriptor kDescriptor;  // never looked for

void emit_if_gql(Transaction& call, Workshop& workshop, Sink& sink);

// Tells of a call of HTTP. What can be no GraphQL costs the test of a byte or two.
inline void emit_call(Transaction& call, Workshop& workshop, Sink& sink) {
  const bool asks = call.method == "POST" ? !call.request.body.empty() || !call.response.content_type.empty()
                                          : !call.query_string.empty() && call.method == "GET";
  if (!asks) return sink.emit(call);
  emit_if_gql(call, workshop, sink);
}

// Tells of a message of WebSocket whose payload is text. False: it is not GraphQL's, and was not told.
// `agreed`: the handshake named a sub-protocol of GraphQL's; otherwise more has to speak for it.
bool emit_message(Transaction& message, bool agreed, bool credentials_shown, Sink& sink);

}  // namespace spanlight::gql
