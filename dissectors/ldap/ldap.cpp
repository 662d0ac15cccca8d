#include "ldap/ldap.h"

#include <new>

#include "ldap/connection.h"
#include "ldap/recognise.h"

namespace spanlight::ldap {
namespace {

constexpr std::uint16_t kPorts[] = {389, 3268};

constexpr FieldSpec kFields[] = {
    {"op", FieldType::text, true, true, "Operation, such as searchRequest or searchResDone"},
    {"type", FieldType::text, true, false, "Operation that is asked for, as op"},
    {"message_id", FieldType::integer, true, true, "What pairs an answer with its request"},
    {"direction", FieldType::text, true, false, "s2c: the request was sent by what is shown as the server"},
    {"dn", FieldType::text, true, false,
     "Whom or what the request is about: who binds, where a search begins"},
    {"base", FieldType::text, true, false, "Where a search begins"},
    {"scope", FieldType::integer, true, false, "0 the base alone, 1 one level, 2 the subtree"},
    {"filter", FieldType::text, true, false, "What is searched for (RFC 4515)"},
    {"deref", FieldType::integer, true, false,
     "Aliases: 0 never, 1 in searching, 2 finding the base, 3 always"},
    {"size_limit", FieldType::integer, true, false, "Entries that the client wants at most"},
    {"time_limit", FieldType::integer, true, false, "Seconds that the client waits at most"},
    {"types_only", FieldType::boolean, true, false, "Values are not wanted"},
    {"attributes", FieldType::list, true, false, "Attributes that are wanted, added or modified"},
    {"attribute", FieldType::text, true, false, "Attribute that is compared"},
    {"value", FieldType::text, true, false, "Value that it is compared with"},
    {"version", FieldType::integer, true, false, "Version of the protocol that the client binds with"},
    {"auth", FieldType::text, true, false, "anonymous, simple, sasl or ntlm"},
    {"mechanism", FieldType::text, true, false, "SASL mechanism"},
    {"credentials", FieldType::text, true, false, "What the client binds with: redacted"},
    {"old_password", FieldType::text, true, false, "Password that is changed: redacted"},
    {"new_password", FieldType::text, true, false, "Password that it is changed to: redacted"},
    {"new_rdn", FieldType::text, true, false, "New name of an entry"},
    {"new_superior", FieldType::text, true, false, "Entry that it is moved under"},
    {"delete_old_rdn", FieldType::boolean, true, false, "The old name goes"},
    {"abandoned_id", FieldType::integer, true, false, "Message id of the request whose answer is not wanted"},
    {"abandoned", FieldType::boolean, true, false, "The client gave this request up"},
    {"retransmissions", FieldType::integer, true, false, "Times that the request was sent again (UDP)"},
    {"oid", FieldType::text, true, true, "Which extended operation"},
    {"oid_name", FieldType::text, true, true, "Its name, such as StartTLS"},
    {"controls", FieldType::list, true, false, "Controls of the request by OID"},
    {"result_code", FieldType::integer, false, true, "Result code"},
    {"result", FieldType::text, false, true, "Result code by name, such as invalidCredentials"},
    {"matched_dn", FieldType::text, false, true, "As far as the name was found"},
    {"diagnostic", FieldType::text, false, true, "What the server says of the result"},
    {"entries", FieldType::integer, false, true, "Entries that a search found"},
    {"references", FieldType::integer, false, true, "References to other servers that a search gave"},
    {"intermediates", FieldType::integer, false, true, "Intermediate answers"},
    {"referrals", FieldType::list, false, true, "Where to ask instead"},
};

template <bool kDatagrams>
Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop, kDatagrams);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "ldap",
    .title = "LDAP",
    .transport = Transport::both,
    .ports = kPorts,
    .head_bytes_max = kProbeBytes,
    .probe = probe,
    .begins = begins,
    .signs = signs,
    .slot_bytes = sizeof(Connection),
    .create = create<false>,
    .fields = kFields,
    .datagram_probe = probe_datagram,
    .datagram_create = create<true>,
};

}  // namespace spanlight::ldap
