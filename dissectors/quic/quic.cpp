#include "quic/quic.h"

#include <new>

#include "quic/connection.h"
#include "quic/recognise.h"

namespace spanlight::quic {
namespace {

constexpr std::uint16_t kPorts[] = {443, 8443, 853};

constexpr FieldSpec kMore[] = {
    {"quic_version", FieldType::text, true, true,
     "Version of QUIC: that the client began with, that the server answered in"},
    {"dcid", FieldType::text, true, false, "Connection id that the client chose for the server"},
    {"retry", FieldType::boolean, false, true, "The server had the client come again with a token"},
    {"spoken_versions", FieldType::list, false, true,
     "Versions that the server speaks; the client's is not among them"},
    {"close_code", FieldType::integer, true, true, "Error code with which this side closed the connection"},
    {"close_reason", FieldType::text, true, true, "What it said of it"},
};
constexpr auto kFields = tls::with_hello_fields(kMore);

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "quic",
    .title = "QUIC",
    .transport = Transport::udp,
    .ports = kPorts,
    .head_bytes_max = kClientDatagramMin,
    .probe = probe,
    .slot_bytes = sizeof(Connection),
    .create = create,
    .fields = kFields,
    .wakes = begins_connection,
};

}  // namespace spanlight::quic
