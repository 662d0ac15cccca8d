// What the sensor's keys show only together.

#include <algorithm>

#include "settings/content.h"
#include "settings/settings.h"
#include "settings/source.h"
#include "settings/together.h"

namespace spanlight {

namespace {

// Two previews, and what else a record of usual size holds. Larger heads are possible; such a record is
// dropped and counted when no batch can hold it.
constexpr std::uint32_t kRecordBytesBesidePreviews = 16'384;
constexpr std::size_t kPortsMax = 256;  // a frame remembers its port in one byte
constexpr std::size_t kWorkersMax =
    127;  // DPDK as Debian builds it knows 128 lcores; one is the main thread's

class SensorTogether : Together {
 public:
  SensorTogether(const Settings& settings, std::vector<SettingsFault>& faults)
      : Together(settings.origin, faults), s_(settings) {}

  void all() {
    ports();
    lcores();
    memory();
    tunnels();
    publishing();
    curve();
  }

 private:
  static std::string port_key(std::size_t i, const char* name) { return item_key("ports", i, name); }

  const PortSettings* port_named(const std::string& name) const {
    const auto found =
        std::find_if(s_.ports.begin(), s_.ports.end(), [&](const auto& p) { return p.name == name; });
    return found == s_.ports.end() ? nullptr : &*found;
  }

  void ports() {
    if (s_.ports.size() > kPortsMax)
      fault("ports", "has " + std::to_string(s_.ports.size()) + " ports; at most " +
                         std::to_string(kPortsMax) + " are possible");
    for (std::size_t i = 0; i < std::min(s_.ports.size(), kPortsMax); ++i) {
      const PortSettings& port = s_.ports[i];
      if (source_of(port.source).target.empty()) {
        fault(port_key(i, "source"),
              "is missing; give a PCI address, a vdev string, an interface or a capture file");
        continue;
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (s_.ports[j].source == port.source)
          fault(port_key(i, "source"),
                port.source + " is ports[" + std::to_string(j) + "] already; keep one of the two");
        else if (s_.ports[j].name == port.name)
          fault(port_key(i, "name"),
                port.name + " is the name of ports[" + std::to_string(j) + "] already; choose another");
      }
      if (!port.pair.empty()) pair(i, port);
    }
  }

  void pair(std::size_t i, const PortSettings& port) {
    const std::string key = port_key(i, "pair");
    const PortSettings* other = port_named(port.pair);
    if (other == nullptr)
      return fault(key, "there is no port with the name " + port.pair + "; give the name of another port");
    if (other == &port)
      return fault(key, "a port cannot be its own pair; give the name of the TAP's other port");
    if (!other->pair.empty() && other->pair != port.name)
      return fault(key,
                   port.pair + " is paired with " + other->pair + "; the two ports of a TAP name each other");
    for (const PortSettings& third : s_.ports)
      if (&third < &port && third.pair == port.pair)
        return fault(key, port.pair + " is the pair of " + third.name + " already; a TAP has two ports");
    const bool file = source_of(port.source).kind == SourceKind::file;
    if (file != (source_of(other->source).kind == SourceKind::file))
      fault(key, "a capture file and a live port cannot be a pair; pair two of a kind");
  }

  void lcores() {
    if (s_.workers.size() > kWorkersMax)
      fault("lcores.workers", "names " + std::to_string(s_.workers.size()) + " CPUs; at most " +
                                  std::to_string(kWorkersMax) + " workers are possible");
    for (const unsigned cpu : s_.workers)
      if (s_.main_cpu == static_cast<int>(cpu))
        fault("lcores.main",
              "CPU " + std::to_string(cpu) + " runs a worker already; choose another CPU, or any");
  }

  void memory() {
    if (s_.mbufs != 0 && s_.mbufs <= s_.rx_descriptors)
      fault("dpdk.mbufs", std::to_string(s_.mbufs) + " buffers cannot fill the " +
                              std::to_string(s_.rx_descriptors) +
                              " descriptors of a queue; give more of them, or auto");
    if (s_.held_bytes_max / 1'048'576 > s_.state_memory_mb)
      fault("reassembly.heldBytes",
            "one direction may hold more than all of reassembly.stateMemory, " +
                std::to_string(s_.state_memory_mb) + "MiB; lower it, or raise that",
            "reassembly.stateMemory");
    if (s_.preview_memory_mb == 0 && s_.body_preview_bytes > 0)
      fault("reassembly.previewMemory",
            "0MiB has no room for previews; give more, or set dissectors.bodyPreview to 0",
            "dissectors.bodyPreview");
    if (s_.sample_keep > s_.sample_of)
      fault("sampling.keep",
            std::to_string(s_.sample_keep) + " of " + std::to_string(s_.sample_of) +
                " cannot be kept; make it no more than sampling.of",
            "sampling.of");
    if (s_.skew_allowance_ms > s_.hole_timeout_ms)
      fault("reassembly.skewAllowance",
            std::to_string(s_.skew_allowance_ms) + "ms is longer than reassembly.holeTimeout, " +
                std::to_string(s_.hole_timeout_ms) + "ms; make it shorter",
            "reassembly.holeTimeout");
    const std::uint32_t record = 2 * s_.body_preview_bytes + kRecordBytesBesidePreviews;
    if (s_.batch_bytes < record)
      fault("publishing.batchBytes",
            std::to_string(s_.batch_bytes) + " bytes cannot hold a call with two previews of " +
                std::to_string(s_.body_preview_bytes) + " bytes; give " + std::to_string(record) +
                " or more, or lower dissectors.bodyPreview",
            "dissectors.bodyPreview");
  }

  void tunnels() {
    for (const std::uint16_t port : s_.vxlan_ports)
      if (port != 0 && port == s_.geneve_port)
        fault("decode.genevePort",
              std::to_string(port) + " is in decode.vxlanPorts as well; a port carries one of the two");
    if (s_.vxlan_ports[0] != 0 && s_.vxlan_ports[0] == s_.vxlan_ports[1])
      fault("decode.vxlanPorts",
            std::to_string(s_.vxlan_ports[0]) + " stands in the list twice; keep one of the two");
  }

  void publishing() {
    if (s_.records_endpoint == s_.command_endpoint)
      fault("publishing.commands", "is the endpoint of publishing.records as well; choose another");
  }

  void curve() {
    const bool has_public = !s_.curve_public_key.empty();
    const bool has_secret = !s_.curve_secret_key.empty();
    if (has_public && !has_secret)
      fault("publishing.curve.publicKey",
            "has no publishing.curve.secretKey beside it; give both, or neither");
    if (has_secret && !has_public)
      fault("publishing.curve.secretKey",
            "has no publishing.curve.publicKey beside it; give both, or neither");
    if (!s_.curve_clients.empty() && !has_secret && !has_public)
      fault("publishing.curve.clients",
            "clients are only told apart by keys; give publishing.curve.publicKey and secretKey");
    if (has_public && has_secret) return;
    const std::pair<const char*, const std::string*> endpoints[] = {
        {"publishing.records", &s_.records_endpoint}, {"publishing.commands", &s_.command_endpoint}};
    for (const auto& [key, endpoint] : endpoints)
      if (!is_local_endpoint(*endpoint))
        fault(key, *endpoint +
                       " can be reached from other machines and is not encrypted; give "
                       "publishing.curve.publicKey and "
                       "secretKey, or an address of this machine alone (tcp://127.0.0.1:PORT, ipc://PATH)");
  }

  const Settings& s_;
};

}  // namespace

void check_together(const Settings& settings, std::vector<SettingsFault>& faults) {
  SensorTogether(settings, faults).all();
}

}  // namespace spanlight
