#pragma once
// One message of WebSocket as it is told, and the fields that its record has, whatever carried it.

#include <cstdint>

#include "core/descriptor.h"
#include "core/preview.h"
#include "core/ws/frame.h"
#include "core/ws/terms.h"

namespace spanlight::ws {

// Data or control; its payload as it was sent: unmasked, and inflated where it was compressed.
struct Message {
  Opcode opcode = Opcode::text;
  Direction from = Direction::c2s;
  std::uint32_t flags = 0;
  std::uint32_t fragments = 0;
  std::uint32_t stream_id = 0;       // of HTTP/2; 0: the connection is its own
  std::uint64_t size = 0;            // frames with their heads
  std::uint64_t payload_length = 0;  // on the wire
  std::uint64_t length = 0;          // of what was sent; exact unless `deflated` and not `inflated`
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  bool fin = false;    // its last frame was seen to its end
  bool begun = false;  // its first frame was seen
  bool deflated = false;
  bool inflated = false;  // all of it
  bool shed = false;      // its preview, by overload
  Pieces payload = {};
};

inline constexpr FieldSpec kMessageFields[] = {
    {"opcode", FieldType::integer, true, false,
     "1 text, 2 binary, 8 close, 9 ping, 10 pong; 0: the message began unseen"},
    {"type", FieldType::text, true, false, "Its name"},
    {"direction", FieldType::text, true, false, "Who sent it, c2s or s2c"},
    {"fin", FieldType::boolean, true, false, "The message was seen to its end"},
    {"payload_length", FieldType::integer, true, false, "Bytes of payload on the wire, of all its frames"},
    {"length", FieldType::integer, true, false,
     "Bytes of the message, inflated; missing where that is not known"},
    {"fragments", FieldType::integer, true, false, "Frames that it came in, where there are several"},
    {"compressed", FieldType::boolean, true, false, "It was compressed (permessage-deflate)"},
    {"inflated", FieldType::boolean, true, false,
     "False: it was compressed, and could not be read to its end"},
    {"close_code", FieldType::integer, true, false, "Status code of a close"},
    {"close_reason", FieldType::text, true, false, "What the sender says of it"},
    {"stream_id", FieldType::integer, true, false, "The stream of HTTP/2 that it came on, if it did"},
    {"subprotocol", FieldType::text, true, false, "The sub-protocol that the handshake agreed on"},
    {"text", FieldType::text, true, false,
     "The first 2,000 bytes of a text that is not JSON; the body has it all"},
};

// Tells of it under `protocol`, or as GraphQL's where that is what it says.
void emit_message(const Message& message, const Terms& terms, const Descriptor& protocol,
                  bool credentials_shown, Sink& sink);

}  // namespace spanlight::ws
