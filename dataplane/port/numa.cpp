#include "port/numa.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "settings/source.h"

namespace spanlight {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool contains(const std::vector<unsigned>& all, unsigned one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

std::vector<unsigned> parse_cpu_list(std::string_view text) {
  constexpr unsigned kCpusMax = 4'096;
  std::vector<unsigned> cpus;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const std::size_t dash = item.find('-');
    const std::optional<unsigned> first = number(item.substr(0, dash));
    const std::optional<unsigned> last =
        dash == std::string_view::npos ? first : number(item.substr(dash + 1));
    if (!first || !last) continue;
    for (unsigned cpu = *first; cpu <= *last && cpu < kCpusMax; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

Numa::Numa(std::string sysfs) : sysfs_(std::move(sysfs)) {
  const std::string nodes = sysfs_ + "/devices/system/node/";
  for (const unsigned node : parse_cpu_list(first_line(nodes + "online"))) {
    cpus_of_node_.resize(std::max<std::size_t>(cpus_of_node_.size(), node + 1));
    cpus_of_node_[node] = parse_cpu_list(first_line(nodes + "node" + std::to_string(node) + "/cpulist"));
  }
}

std::optional<unsigned> Numa::node_of_port(const PortSettings& port) const {
  if (cpus_of_node_.size() < 2) return std::nullopt;
  const Source source = source_of(port.source);
  std::optional<unsigned> node;  // the kernel says -1 where it does not know
  if (source.kind == SourceKind::pci)
    node = number(first_line(sysfs_ + "/bus/pci/devices/" + source.target + "/numa_node"));
  else if (source.kind == SourceKind::interface)
    node = number(first_line(sysfs_ + "/class/net/" + source.target + "/device/numa_node"));
  return node && *node < cpus_of_node_.size() ? node : std::nullopt;
}

std::optional<unsigned> Numa::node_of_cpu(unsigned cpu) const {
  for (unsigned node = 0; node < cpus_of_node_.size(); ++node)
    if (contains(cpus_of_node_[node], cpu)) return node;
  return std::nullopt;
}

std::vector<unsigned> Numa::near(const std::vector<PortSettings>& ports,
                                 const std::vector<unsigned>& cpus) const {
  std::vector<unsigned> nodes;
  for (const PortSettings& port : ports)
    if (const auto node = node_of_port(port)) nodes.push_back(*node);
  std::vector<unsigned> chosen;
  for (const unsigned cpu : cpus) {
    const auto node = node_of_cpu(cpu);
    if (node && contains(nodes, *node)) chosen.push_back(cpu);
  }
  return chosen.empty() ? cpus : chosen;
}

std::vector<std::string> Numa::far_ports(const std::vector<PortSettings>& ports,
                                         const std::vector<unsigned>& cpus) const {
  std::vector<std::string> sentences;
  for (const PortSettings& port : ports) {
    const auto node = node_of_port(port);
    const auto is_near = [&](unsigned cpu) { return node_of_cpu(cpu) == node; };
    if (!node || std::any_of(cpus.begin(), cpus.end(), is_near)) continue;
    sentences.push_back(
        port.source + " is on NUMA node " + std::to_string(*node) +
        ", and no worker is: every frame crosses the link between the sockets; name CPUs of that "
        "node in lcores.workers");
  }
  return sentences;
}

}  // namespace spanlight
