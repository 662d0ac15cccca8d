#include "tls/tls.h"

#include <new>

#include "core/tls/handshake.h"
#include "tls/connection.h"
#include "tls/recognise.h"

namespace spanlight::tls {
namespace {

constexpr std::uint16_t kPorts[] = {443, 8443, 853, 993, 995, 465, 636, 6443};

constexpr FieldSpec kMore[] = {
    {"certificate_subject", FieldType::text, false, true,
     "Common name of the server's certificate (TLS 1.2 and older)"},
    {"certificate_names", FieldType::list, false, true, "Names and addresses that the certificate is for"},
    {"certificate_issuer", FieldType::text, false, true, "Common name of who signed it"},
    {"certificate_not_before", FieldType::text, false, true, "From when on it is valid"},
    {"certificate_not_after", FieldType::text, false, true, "Until when it is valid"},
    {"client_certificate_requested", FieldType::boolean, false, true,
     "The server asked the client for a certificate (TLS 1.2 and older)"},
};
constexpr auto kFields = with_hello_fields(kMore);

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "tls",
    .title = "TLS",
    .transport = Transport::tcp,
    .ports = kPorts,
    .head_bytes_max = kProbeBytes,
    .probe = probe,
    .begins = begins,
    .signs = signs,
    .sync = sync,
    .slot_bytes = sizeof(Connection),
    .create = create,
    .fields = kFields,
    .reads_encrypted = true,
};

}  // namespace spanlight::tls
