#include "radius/radius.h"

#include <new>

#include "radius/connection.h"
#include "radius/recognise.h"

namespace spanlight::radius {
namespace {

constexpr std::uint16_t kPorts[] = {1812, 1813, 1645, 1646, 3799};

constexpr FieldSpec kFields[] = {
    {"code", FieldType::integer, true, true, "Code of the packet: 1 Access-Request, 2 Access-Accept, ..."},
    {"code_name", FieldType::text, true, true, "The same by name"},
    {"id", FieldType::integer, true, true, "Identifier, which pairs an answer with its request"},
    {"user_name", FieldType::text, true, true, "Whom it is about (User-Name)"},
    {"nas_ip_address", FieldType::text, true, true, "Which access server asks (NAS-IP-Address)"},
    {"nas_identifier", FieldType::text, true, true, "Its name (NAS-Identifier)"},
    {"framed_ip_address", FieldType::text, true, true, "Address of the user (Framed-IP-Address)"},
    {"reply_message", FieldType::text, true, true, "What the user is told (Reply-Message)"},
    {"called_station_id", FieldType::text, true, true, "Where the user came in (Called-Station-Id)"},
    {"calling_station_id", FieldType::text, true, true, "Where the user came from (Calling-Station-Id)"},
    {"acct_status_type", FieldType::text, true, true, "Start, Stop, Interim-Update, ... (Acct-Status-Type)"},
    {"acct_session_id", FieldType::text, true, true, "Session that is accounted (Acct-Session-Id)"},
    {"acct_terminate_cause", FieldType::text, true, true, "Why it ended (Acct-Terminate-Cause)"},
    {"error_cause", FieldType::text, true, true, "Why a change or a disconnect was refused (Error-Cause)"},
    {"retransmissions", FieldType::integer, true, false,
     "Times that the request was sent again before its answer"},
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "radius",
    .title = "RADIUS",
    .transport = Transport::udp,
    .ports = kPorts,
    .head_bytes_max = kPacketBytesMax,
    .probe = probe,
    .slot_bytes = sizeof(Connection),
    .create = create,
    .fields = kFields,
};

}  // namespace spanlight::radius
