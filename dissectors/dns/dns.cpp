#include "dns/dns.h"

#include <new>

#include "dns/connection.h"
#include "dns/recognise.h"

namespace spanlight::dns {
namespace {

constexpr std::uint16_t kPorts[] = {53};
constexpr std::uint16_t kMulticastPorts[] = {5353};
constexpr std::uint16_t kLinkLocalPorts[] = {5355};

constexpr FieldSpec kFields[] = {
    {"id", FieldType::integer, true, true, "Transaction id"},
    {"opcode", FieldType::integer, true, false,
     "0 query, 1 inverse query, 2 status, 4 notify, 5 update, 6 stateful operations"},
    {"name", FieldType::text, true, false, "Name of the first question"},
    {"type", FieldType::text, true, false,
     "Type of the first question, such as AAAA; TYPE65280 where it has no name"},
    {"class", FieldType::text, true, false, "Class of the first question, unless it is IN"},
    {"questions", FieldType::list, true, true, "Names that are asked for"},
    {"question_types", FieldType::list, true, true, "Types that are asked for, in the order of the names"},
    {"header_flags", FieldType::text, true, true, "Flags of the header: aa tc rd ra ad cd"},
    {"truncated", FieldType::boolean, true, true,
     "The answer did not fit its datagram: asked again over TCP"},
    {"edns_udp_size", FieldType::integer, true, true, "EDNS: the largest datagram that the sender takes"},
    {"edns_version", FieldType::integer, true, true, "EDNS version, unless it is 0"},
    {"dnssec_ok", FieldType::boolean, true, true, "EDNS: DNSSEC's records are wanted"},
    {"client_subnet", FieldType::text, true, true, "EDNS: for whom the question is asked"},
    {"extended_error", FieldType::text, true, true, "EDNS: why there is an error, or a stale answer"},
    {"retransmissions", FieldType::integer, true, false,
     "Times that the query was sent again before its answer"},
    {"retransmission", FieldType::boolean, true, false, "The same query was answered just before"},
    {"direction", FieldType::text, true, false, "s2c: the query was sent by what is shown as the server"},
    {"rcode", FieldType::integer, false, true,
     "Response code of the header; status_code has EDNS's bits too"},
    {"rcode_name", FieldType::text, false, true, "Response code by name, such as NXDOMAIN"},
    {"answer_count", FieldType::integer, true, true, "Records of the answer section"},
    {"answers", FieldType::list, true, true,
     "Records of the answer section: name, type, ttl, and data or rdata"},
    {"answers_left_out", FieldType::integer, true, true, "Answers that did not fit the record"},
    {"authorities", FieldType::list, false, true, "Records of the authority section"},
    {"authorities_left_out", FieldType::integer, false, true, "Authorities that did not fit the record"},
    {"updates", FieldType::list, true, false, "Dynamic update: records to add or delete"},
    {"updates_left_out", FieldType::integer, true, false, "Updates that did not fit the record"},
    {"messages", FieldType::integer, false, true, "Messages of a zone transfer"},
};

constexpr FieldSpec kMulticastFields[] = {
    {"id", FieldType::integer, true, false, "Transaction id, mostly 0"},
    {"opcode", FieldType::integer, true, false, "Always 0"},
    {"qr", FieldType::integer, true, false, "0 question, 1 answer"},
    {"name", FieldType::text, true, false, "Name of the first question"},
    {"type", FieldType::text, true, false, "Type of the first question"},
    {"class", FieldType::text, true, false, "Class of the first question, unless it is IN"},
    {"questions", FieldType::list, true, false, "Names that are asked for"},
    {"question_types", FieldType::list, true, false, "Types that are asked for, in the order of the names"},
    {"header_flags", FieldType::text, true, false, "Flags of the header: aa tc"},
    {"truncated", FieldType::boolean, true, false, "More known answers follow"},
    {"edns_udp_size", FieldType::integer, true, false, "EDNS: the largest datagram that the sender takes"},
    {"direction", FieldType::text, true, false, "s2c: sent by what is shown as the server"},
    {"answer_count", FieldType::integer, true, false, "Records of the answer section"},
    {"answers", FieldType::list, true, false,
     "Records of the answer section; of a question: those known already"},
    {"answers_left_out", FieldType::integer, true, false, "Answers that did not fit the record"},
};

constexpr Flavour kDatagrams{.protocol = &kDescriptor,
                             .datagrams = true,
                             .pairs = true,
                             .asks_many = false,
                             .style = NameStyle::zone_file};
constexpr Flavour kStream{.protocol = &kDescriptor,
                          .datagrams = false,
                          .pairs = true,
                          .asks_many = false,
                          .style = NameStyle::zone_file};
constexpr Flavour kMulticastDatagrams{
    .protocol = &kMulticast, .datagrams = true, .pairs = false, .asks_many = true, .style = NameStyle::utf8};
constexpr Flavour kLinkLocalDatagrams{
    .protocol = &kLinkLocal, .datagrams = true, .pairs = true, .asks_many = true, .style = NameStyle::utf8};
constexpr Flavour kLinkLocalStream{
    .protocol = &kLinkLocal, .datagrams = false, .pairs = true, .asks_many = false, .style = NameStyle::utf8};

template <const Flavour& kFlavour>
Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop, kFlavour);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "dns",
    .title = "DNS",
    .transport = Transport::both,
    .ports = kPorts,
    .head_bytes_max = kProbeBytes,
    .probe = probe_stream,
    .begins = begins,
    .signs = signs,
    .slot_bytes = sizeof(Connection),
    .create = create<kStream>,
    .fields = kFields,
    .datagram_probe = probe_datagram,
    .hinted_probe = probe_hinted,
    .cut_datagram_probe = probe_cut_datagram,
    .datagram_create = create<kDatagrams>,
};

const Descriptor kMulticast{
    .name = "mdns",
    .title = "Multicast DNS",
    .transport = Transport::udp,
    .ports = kMulticastPorts,
    .head_bytes_max = kProbeBytes,
    .probe = probe_multicast,
    .slot_bytes = sizeof(Connection),
    .create = create<kMulticastDatagrams>,
    .fields = kMulticastFields,
    .cut_datagram_probe = probe_cut_multicast,
};

const Descriptor kLinkLocal{
    .name = "llmnr",
    .title = "LLMNR",
    .transport = Transport::both,
    .ports = kLinkLocalPorts,
    .head_bytes_max = kProbeBytes,
    .probe = probe_stream,
    .begins = begins,
    .signs = signs,
    .slot_bytes = sizeof(Connection),
    .create = create<kLinkLocalStream>,
    .fields = kFields,
    .datagram_probe = probe_datagram,
    .cut_datagram_probe = probe_cut_datagram,
    .datagram_create = create<kLinkLocalDatagrams>,
};

}  // namespace spanlight::dns
