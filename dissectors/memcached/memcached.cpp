#include "memcached/memcached.h"

#include <algorithm>
#include <new>

#include "memcached/connection.h"
#include "memcached/recognise.h"

namespace spanlight::memcached {
namespace {

constexpr std::uint16_t kPorts[] = {11211};

constexpr FieldSpec kFields[] = {
    {"protocol", FieldType::text, true, false, "text, for lines and meta commands, or binary"},
    {"command", FieldType::text, true, false,
     "Command, such as get, cas, mg; of the binary protocol getkq and so on"},
    {"key", FieldType::text, true, false, "First key"},
    {"keys", FieldType::list, true, true, "Keys asked for, and keys found; 128 at most"},
    {"opaque", FieldType::integer, true, true, "Binary: the number that an answer repeats"},
    {"value_len", FieldType::integer, true, true, "Bytes of the value"},
    {"value_lens", FieldType::list, false, true, "Bytes of each value found"},
    {"quiet", FieldType::boolean, true, false, "The client wants no answer where there is nothing to say"},
    {"pipelined", FieldType::boolean, true, false,
     "Sent before the answer to the previous command had ended"},
    {"direction", FieldType::text, true, false, "Of a command without an answer: c2s"},
    {"credentials", FieldType::text, true, false, "What a SASL login says, where credentials are shown"},
    {"status", FieldType::text, false, true,
     "First word of the answer, such as STORED or VALUE; binary: the number"},
    {"status_name", FieldType::text, false, true, "Binary: what the status means"},
    {"message", FieldType::text, false, true,
     "What stands behind the status: an error's text, a meta answer's flags"},
    {"count", FieldType::integer, false, true, "Statistics in the answer"},
    {"cas", FieldType::text, false, true, "Binary: the item's unique number"},
};

template <typename Kind>
Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Kind(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "memcached",
    .title = "memcached",
    .transport = Transport::both,
    .ports = kPorts,
    .head_bytes_max = kProbeBytes,
    .probe = probe_text,
    .begins = begins,
    .signs = signs,
    .slot_bytes = std::max(sizeof(Connection), sizeof(Datagrams)),
    .create = create<Connection>,
    .fields = kFields,
    .datagram_probe = probe_datagram,
    .datagram_create = create<Datagrams>,
};

const Descriptor kBinary{
    .name = "memcached_binary",
    .told_as = "memcached",
    .title = "memcached (binary)",
    .transport = Transport::tcp,
    .ports = kPorts,
    .head_bytes_max = kHeaderBytes,
    .probe = probe_binary,
    .begins = begins_binary,
    .signs = binary_signs,
    .slot_bytes = sizeof(BinaryConnection),
    .create = create<BinaryConnection>,
};

}  // namespace spanlight::memcached
