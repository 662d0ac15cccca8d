#pragma once
// Which memory is near to what, as the kernel tells in sysfs. A worker far from its card reads every frame
// through the link between the sockets. On machines with one node everything here says nothing.

#include <optional>
#include <string>
#include <vector>

#include "settings/settings.h"

namespace spanlight {

class Numa {
 public:
  explicit Numa(std::string sysfs = "/sys");  // another root: for tests

  // nullopt: one node only, not a device of its own, or not known.
  std::optional<unsigned> node_of_port(const PortSettings& port) const;
  std::optional<unsigned> node_of_cpu(unsigned cpu) const;

  // Those of `cpus` that are on a node of one of the ports' devices; all of them where no such node is known
  // or none would be left.
  std::vector<unsigned> near(const std::vector<PortSettings>& ports, const std::vector<unsigned>& cpus) const;

  // A sentence for each port all of whose workers are elsewhere.
  std::vector<std::string> far_ports(const std::vector<PortSettings>& ports,
                                     const std::vector<unsigned>& cpus) const;

 private:
  std::string sysfs_;
  std::vector<std::vector<unsigned>> cpus_of_node_;  // by node
};

// "0-3,8": the kernel's lists of CPUs. What is not one is left out.
std::vector<unsigned> parse_cpu_list(std::string_view text);

}  // namespace spanlight
