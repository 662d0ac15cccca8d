// The sensor's keys.

#include "settings/settings.h"
#include "settings/table.h"

namespace spanlight {

namespace {

constexpr std::string_view kHugepages[] = {"auto", "always", "never"};
constexpr std::string_view kIdle[] = {"backOff", "poll"};
constexpr std::string_view kConnectionRecords[] = {"none", "sampled", "all"};

std::string name_port(void* item, const Written&) {
  auto& port = *static_cast<PortSettings*>(item);
  if (port.name.empty()) port.name = port.source;
  return {};
}

std::string whole_pattern(void* item, const Written&) {
  const auto& pattern = *static_cast<const Settings::UserPattern*>(item);
  if (!pattern.protocol.empty() && !pattern.regex.empty()) return {};
  return "needs both a protocol and a regex; give the one that is missing";
}

constexpr ItemRules kPorts = {
    "a list, such as [eth1], or one of maps with source:, name:, pair: and promiscuous:",
    "a source, or source: and the port's other keys", "source", name_port};
constexpr ItemRules kPatterns = {"a list of maps, such as [{protocol: http, regex: '^PROPFIND '}]",
                                 "a protocol and a regex",
                                 {},
                                 whole_pattern};

}  // namespace

// Found by value_at() and kListOf, which the table below makes.
static std::span<const std::string_view> names_of(Hugepages) {
  return kHugepages;
}
static std::span<const std::string_view> names_of(Idle) {
  return kIdle;
}
static std::span<const std::string_view> names_of(ConnectionRecords) {
  return kConnectionRecords;
}
static const ItemRules& rules_of(const PortSettings*) {
  return kPorts;
}
static const ItemRules& rules_of(const Settings::UserPattern*) {
  return kPatterns;
}

namespace {

using S = Settings;
using P = PortSettings;
using U = Settings::UserPattern;

constexpr std::int64_t kKiB = 1'024;
constexpr std::int64_t kMiB = kKiB * kKiB;
constexpr std::int64_t kHour = 3'600;
constexpr std::int64_t kCpuMost = 1'023;  // CPU_SETSIZE - 1
constexpr std::int64_t kUdpPortMost = 65'535;
constexpr std::int64_t kSlabBlock = 65'536;      // the largest block of a worker's slabs (core/slab.h)
constexpr std::int64_t kMemoryMost = 64 * kKiB;  // MiB per worker

constexpr Range seconds(std::int64_t least, std::int64_t most) {
  return {least, most, Unit::seconds};
}
constexpr Range milliseconds(std::int64_t least, std::int64_t most) {
  return {least, most, Unit::milliseconds};
}
constexpr Range bytes(std::int64_t least, std::int64_t most) {
  return {least, most, Unit::bytes};
}
constexpr Range mebibytes(std::int64_t least, std::int64_t most) {
  return {least, most, Unit::mebibytes};
}

const Key kTable[] = {
    {"sensor.name", &S::sensor_name,
     "How records, statistics and metrics name this sensor; empty = the host name."},
    {"sensor.runAs", &S::run_as,
     "The user to become once everything is open, when started as root; empty = stay root."},

    {"ports", &S::ports, "What to listen to. None: the program must be told on its command line."},
    {"ports[].source", &P::source,
     "A PCI address (0000:3b:00.0), a DPDK vdev string (net_af_packet0,iface=eth1), a kernel interface (eth1 "
     "or "
     "pcap:eth1), or a capture file (file:NAME, a path with a slash, or a name that ends in .pcap or "
     ".pcapng)."},
    {"ports[].name", &P::name, "How people and counters name the port; empty = its source."},
    {"ports[].pair", &P::pair,
     "The name of the port that carries the other direction of the same TAP; it may name this one back."},
    {"ports[].promiscuous", &P::promiscuous, "Take frames that are addressed to others; a mirror needs it."},
    {"bpf",
     &S::bpf,
     "Capture filter in libpcap's syntax, on every port; empty = everything.",
     {},
     Content::capture_filter},

    {"lcores.workers",
     &S::workers,
     "CPUs that each run one worker, as numbers or ranges (2-5); [] = all CPUs of the process but one.",
     {0, kCpuMost}},
    {"lcores.main",
     &S::main_cpu,
     "CPU of the main and publishing threads; any = let the kernel choose.",
     {0, kCpuMost, Unit::count, "any", -1}},
    {"lcores.idle", &S::idle,
     "backOff: a worker with nothing to do sleeps for microseconds; poll: it never sleeps, for the least "
     "delay."},

    {"dpdk.hugepages", &S::hugepages,
     "auto: use them when there are any; always: refuse to start without; never: do not touch them."},
    {"dpdk.memoryMb",
     &S::memory_mb,
     "MiB that DPDK takes at start; auto = computed from the mbufs.",
     {64, kMiB, Unit::count, "auto", 0}},
    {"dpdk.rxDescriptors",
     &S::rx_descriptors,
     "Frames that a queue of a NIC holds until its worker comes by.",
     {64, 32'768}},
    {"dpdk.mbufs",
     &S::mbufs,
     "Packet buffers of each port; auto = computed from descriptors, queues and bursts.",
     {1'024, 16'777'216, Unit::count, "auto", 0}},
    {"dpdk.ringSize",
     &S::ring_size,
     "Packets that may wait between two workers; a power of two.",
     {64, 1'048'576, Unit::count, {}, 0, true}},

    {"decode.vlanInKey", &S::vlan_in_key,
     "Connections with equal addresses in different VLANs are different ones."},
    {"decode.decapsulate", &S::decapsulate,
     "Look inside VXLAN, Geneve, GRE, ERSPAN, IP in IP, Teredo and GTP-U; false = dissect the outer "
     "packets."},
    {"decode.vxlanPorts", &S::vxlan_ports, "UDP ports that carry VXLAN, two at most.", {1, kUdpPortMost}},
    {"decode.genevePort", &S::geneve_port, "UDP port that carries Geneve.", {1, kUdpPortMost}},
    {"decode.removeDuplicates", &S::remove_duplicates,
     "Drop the second copy of a packet that a mirror saw twice; it is counted."},

    {"flows.max",
     &S::flows_max,
     "Connections that each worker remembers; beyond it the oldest is evicted.",
     {1'024, 100'000'000}},
    {"flows.tcpIdle", &S::tcp_idle_s, "A TCP connection without packets is forgotten after this.",
     seconds(1, 24 * kHour)},
    {"flows.tcpClosed", &S::tcp_closed_s, "A TCP connection is kept this long after both FINs or a RST.",
     seconds(1, kHour)},
    {"flows.tcpOpening", &S::tcp_opening_s,
     "A TCP connection of which only a SYN was seen is forgotten after this.", seconds(1, kHour)},
    {"flows.udpIdle", &S::udp_idle_s, "A UDP flow without packets is forgotten after this.",
     seconds(1, 24 * kHour)},

    {"connections.records", &S::connection_records,
     "Records of TCP connections and UDP flows themselves: none, of one in connections.oneOf, or of all. "
     "With them come ICMP and SCTP."},
    {"connections.oneOf",
     &S::connection_one_of,
     "With sampled: of so many connections one has a record, the same ones on every sensor.",
     {1, 65'536}},
    {"connections.interval", &S::connection_interval_s,
     "A connection that lasts is reported after this, again and again; 0 = only when it ends.",
     seconds(0, 24 * kHour)},

    {"sampling.keep",
     &S::sample_keep,
     "Connections that are looked at, of every sampling.of; the rest is dropped whole and counted.",
     {1, 65'536}},
    {"sampling.of", &S::sample_of, "Of so many connections sampling.keep are looked at.", {1, 65'536}},

    {"shedding.enabled", &S::shedding_enabled,
     "A worker that has more to do than it can leaves out body previews, then protocols, then connections."},
    {"shedding.lowPriority",
     &S::low_priority,
     "Protocols that are left out before whole connections are, by name.",
     {},
     Content::protocol},
    {"shedding.oneOf",
     &S::shedding_one_of,
     "At the worst one connection of so many is still looked at; 1 = connections are never left out.",
     {1, 65'536}},
    {"shedding.patience", &S::shedding_patience_ms,
     "A queue that was never found empty for so long is too much: more is left out.", milliseconds(1, 1'000)},
    {"shedding.calm", &S::shedding_calm_ms, "Nothing was too much for so long: less is left out.",
     milliseconds(1, 60'000)},

    {"reassembly.stateMemory", &S::state_memory_mb,
     "Memory of each worker for out-of-order segments, heads of messages and IP fragments.",
     mebibytes(1, kMemoryMost)},
    {"reassembly.previewMemory", &S::preview_memory_mb, "Memory of each worker for body previews.",
     mebibytes(0, kMemoryMost)},
    {"reassembly.lentBuffers",
     &S::lent_buffers,
     "Packet buffers of each worker that may wait as body previews; beyond, previews are copied.",
     {0, 1'048'576}},
    {"reassembly.skewAllowance", &S::skew_allowance_ms,
     "How much later one direction of a TAP may arrive than the other before missing bytes count as lost.",
     milliseconds(0, 10'000)},
    {"reassembly.holeTimeout", &S::hole_timeout_ms,
     "How long missing bytes are waited for when nobody acknowledges them (a mirror of one direction).",
     milliseconds(10, 60'000)},
    {"reassembly.heldBytes", &S::held_bytes_max,
     "Out-of-order bytes held for each direction of a connection.", bytes(64 * kKiB, 1'024 * kMiB)},
    {"reassembly.heldSegments",
     &S::held_segments_max,
     "Out-of-order segments held for each direction of a connection.",
     {1, 65'535}},

    {"packets.ringMb",
     &S::packet_ring_mb,
     "MiB of recent packets that each worker keeps, unredacted, for whoever may send commands; 0 = none.",
     {0, kMemoryMost}},
    {"packets.keepSeconds",
     &S::packet_keep_s,
     "Packets that are older are not given out, though the ring may still hold them.",
     {1, 24 * kHour}},
    {"packets.snapLength", &S::packet_snap_bytes, "Bytes of each packet that are kept.",
     bytes(64, kSlabBlock)},

    {"enabledDissectors",
     &S::enabled_dissectors,
     "Protocols to dissect, by name; [] = all.",
     {},
     Content::protocol},
    {"portMapping",
     &S::port_mapping,
     "For each protocol the ports where it is looked for first. It is found on any other port as well.",
     {1, kUdpPortMost},
     Content::protocol},

    {"dissectors.bodyPreview", &S::body_preview_bytes, "Bytes of each body that a record keeps; 0 = none.",
     bytes(0, kSlabBlock)},
    {"dissectors.headBytes", &S::head_bytes_max,
     "Bytes of a message's head beyond which its headers are cut.", bytes(kKiB, kSlabBlock)},
    {"dissectors.headers",
     &S::headers_max,
     "Headers of a message beyond which the rest is left out.",
     {8, 4'096}},
    {"dissectors.openCalls",
     &S::open_calls_max,
     "Requests of one connection that may wait for their answers.",
     {1, 65'536}},
    {"dissectors.answerTimeout", &S::answer_timeout_s, "A request without an answer is given up after this.",
     seconds(1, kHour)},
    {"dissectors.patterns", &S::user_patterns,
     "Heads that look like a protocol in ways the dissector does not know itself."},
    {"dissectors.patterns[].protocol", &U::protocol, "The protocol to try, by name.", {}, Content::protocol},
    {"dissectors.patterns[].regex",
     &U::regex,
     "What the head looks like (Hyperscan's syntax, that of PCRE).",
     {},
     Content::regex},

    {"redaction.enabled", &S::redaction_enabled,
     "Mask secrets before a record exists; false = publish everything."},
    {"redaction.credentials", &S::redact_credentials,
     "What protocols log in with (passwords, AUTH, SASL, bind credentials) is told as [redacted]."},
    {"redaction.headers",
     &S::redact_headers,
     "Headers whose values are masked; case does not count.",
     {},
     Content::header_name},
    {"redaction.cookies", &S::redact_cookies,
     "Cookies whose values are masked where the header itself is shown."},
    {"redaction.queryValues", &S::redact_query_values,
     "Query parameters and form fields whose values are masked."},
    {"redaction.jsonKeys", &S::redact_json_keys,
     "Keys of JSON whose values are masked, at any depth, in bodies, URLs and all other texts."},
    {"redaction.patterns",
     &S::redact_patterns,
     "What is masked wherever it stands: header values, URLs, bodies (Hyperscan's syntax, that of PCRE).",
     {},
     Content::regex},

    {"publishing.records",
     &S::records_endpoint,
     "Where subscribers connect: ipc://PATH or tcp://ADDRESS:PORT.",
     {},
     Content::endpoint},
    {"publishing.commands",
     &S::command_endpoint,
     "Where the control process connects: ipc://PATH or tcp://ADDRESS:PORT.",
     {},
     Content::endpoint},
    {"publishing.ipcGroup", &S::ipc_group,
     "Group that may connect to the ipc sockets; empty = that of sensor.runAs."},
    {"publishing.batchBytes", &S::batch_bytes, "Size of a batch; a full one is sent at once.",
     bytes(4 * kKiB, 16 * kMiB)},
    {"publishing.batchTime", &S::batch_ms, "A batch that is not full is sent after this.",
     milliseconds(1, 10'000)},
    {"publishing.batches",
     &S::batches_per_worker,
     "Batches of each worker that may be on their way.",
     {4, 65'536}},
    {"publishing.highWaterMark",
     &S::high_water_mark,
     "Batches that wait for a slow subscriber before it loses some.",
     {1, 1'000'000}},
    {"publishing.curve.publicKey",
     &S::curve_public_key,
     "This sensor's CURVE public key (40 characters, Z85).",
     {},
     Content::z85_key},
    {"publishing.curve.secretKey",
     &S::curve_secret_key,
     "This sensor's CURVE secret key (40 characters, Z85).",
     {},
     Content::z85_key,
     true},
    {"publishing.curve.clients",
     &S::curve_clients,
     "Public keys that may connect; [] = everyone who knows the sensor's.",
     {},
     Content::z85_key},
    {"publishing.metrics",
     &S::metrics_address,
     "Where /metrics is served, ADDRESS:PORT; empty = not at all.",
     {},
     Content::address},

    {"logging.level", &S::log_level, "The least important messages that are written."},
    {"logging.json", &S::log_json, "One JSON object per line instead of text."},
};

}  // namespace

Table settings_table() {
  return kTable;
}

}  // namespace spanlight
