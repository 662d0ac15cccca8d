// What only this machine can say of the settings: its CPUs, devices, files, users.

#include <grp.h>
#include <net/if.h>
#include <pwd.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "settings/load.h"
#include "settings/source.h"
#include "text/text.h"

namespace spanlight {

namespace {

namespace fs = std::filesystem;

constexpr const char* kPciDevices = "/sys/bus/pci/devices";
constexpr const char* kHugepagesFolder = "/sys/kernel/mm/hugepages";
constexpr std::size_t kListedMax = 12;  // names in a sentence; beyond it nobody reads on

std::string names_listed(std::vector<std::string> names, const std::string& none) {
  if (names.empty()) return none;
  const bool more = names.size() > kListedMax;
  names.resize(std::min(names.size(), kListedMax));
  const std::vector<std::string_view> views(names.begin(), names.end());
  return more ? text::one_of(views, ",") + " and more" : text::one_of(views, "and");
}

// "0-3, 8" of a set in rising order.
std::string cpu_ranges(const std::vector<unsigned>& cpus) {
  std::string out;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    if (!out.empty()) out += ", ";
    out += std::to_string(cpus[i]);
    if (last > i) out.append(1, '-').append(std::to_string(cpus[last]));
    i = last + 1;
  }
  return out;
}

std::vector<unsigned> process_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<unsigned> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

std::vector<std::string> interfaces() {
  std::vector<std::string> names;
  struct if_nameindex* const all = if_nameindex();
  for (const struct if_nameindex* i = all; i != nullptr && i->if_index != 0; ++i)
    names.emplace_back(i->if_name);
  if (all != nullptr) if_freenameindex(all);
  return names;
}

// PCI functions of class 0x02, network controllers.
std::vector<std::string> network_devices() {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kPciDevices, error)) {
    std::ifstream in(entry.path() / "class");
    std::string pci_class;
    if (in >> pci_class && pci_class.starts_with("0x02")) found.push_back(entry.path().filename().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::uint64_t free_hugepages() {
  std::uint64_t pages = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kHugepagesFolder, error)) {
    std::ifstream in(entry.path() / "free_hugepages");
    std::uint64_t n = 0;
    if (in >> n) pages += n;
  }
  return pages;
}

// DPDK's drivers for network devices, from the plug-ins where packages put them (librte_net_pcap.so is
// net_pcap). Empty: there is no such folder, and nothing can be said.
std::vector<std::string> network_drivers() {
  constexpr std::string_view kPrefix = "librte_", kEnd = ".so";
  std::vector<std::string> names;
  std::error_code error;
  for (const char* const root : {"/usr/lib", "/usr/local/lib"})
    for (const fs::directory_entry& triplet : fs::directory_iterator(root, error))
      for (const fs::directory_entry& version : fs::directory_iterator(triplet.path() / "dpdk", error))
        for (const fs::directory_entry& file : fs::directory_iterator(version.path(), error)) {
          const std::string name = file.path().filename().string();
          if (name.starts_with("librte_net_") && name.ends_with(kEnd))
            names.push_back(name.substr(kPrefix.size(), name.size() - kPrefix.size() - kEnd.size()));
        }
  std::sort(names.begin(), names.end());
  return names;
}

// As DPDK finds it: a driver's name begins the device's.
bool has_driver(const std::string& device, const std::vector<std::string>& drivers) {
  if (drivers.empty() || !device.starts_with("net_") || device.starts_with("net_tun")) return true;
  return std::any_of(drivers.begin(), drivers.end(),
                     [&](const std::string& driver) { return device.starts_with(driver); });
}

class Machine {
 public:
  Machine(const Settings& settings, const std::string& path) : s_(settings), path_(path) {}

  std::vector<SettingsFault> check() {
    lcores();
    for (std::size_t i = 0; i < s_.ports.size(); ++i)
      port("ports[" + std::to_string(i) + "].source", s_.ports[i].source);
    if (s_.hugepages == Hugepages::always && free_hugepages() == 0)
      fault("dpdk.hugepages",
            "there are no free hugepages on this machine; reserve some (sysctl -w vm.nr_hugepages=512), or "
            "say auto");
    if (!s_.run_as.empty() && getpwnam(s_.run_as.c_str()) == nullptr)
      fault("sensor.runAs", "there is no user " + s_.run_as + " on this machine; make one, or name another");
    if (!s_.ipc_group.empty() && getgrnam(s_.ipc_group.c_str()) == nullptr)
      fault("publishing.ipcGroup",
            "there is no group " + s_.ipc_group + " on this machine; make one, or name another");
    return std::move(faults_);
  }

 private:
  void fault(const std::string& key, std::string text) {
    faults_.push_back({path_, s_.origin.line_of(key), key, std::move(text)});
  }

  void lcores() {
    const std::vector<unsigned> cpus = process_cpus();
    if (cpus.empty()) return;
    const auto check_cpu = [&](const std::string& key, unsigned cpu) {
      if (!std::binary_search(cpus.begin(), cpus.end(), cpu))
        fault(key, "CPU " + std::to_string(cpu) + " is not one that this process may use; choose from " +
                       cpu_ranges(cpus));
    };
    for (const unsigned cpu : s_.workers) check_cpu("lcores.workers", cpu);
    if (s_.main_cpu >= 0) check_cpu("lcores.main", static_cast<unsigned>(s_.main_cpu));
  }

  void port(const std::string& key, const std::string& text) {
    const Source source = source_of(text);
    switch (source.kind) {
      case SourceKind::interface:
        return interface(key, source.target);
      case SourceKind::file:
        return file(key, source.target);
      case SourceKind::pci:
        return pci(key, source.target);
      case SourceKind::vdev:
        return vdev(key, source.target);
    }
  }

  void interface(const std::string& key, const std::string& name) {
    // "any" is libpcap's own.
    if (name == "any" || if_nametoindex(name.c_str()) != 0) return;
    fault(key, "there is no interface " + name + " on this machine; there are " +
                   names_listed(interfaces(), "none"));
  }

  void file(const std::string& key, const std::string& name) {
    if (name == "-") return;
    struct stat status {};
    if (stat(name.c_str(), &status) != 0)
      return fault(key,
                   name + " cannot be read (" + std::strerror(errno) + "); give the path of a capture file");
    if (S_ISDIR(status.st_mode)) return fault(key, name + " is a directory; give the path of a capture file");
    if (access(name.c_str(), R_OK) != 0)
      fault(key, name + " cannot be read (" + std::strerror(errno) + "); make it readable for this user");
  }

  void pci(const std::string& key, std::string address) {
    for (char& c : address)
      if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    std::error_code error;
    if (fs::exists(fs::path(kPciDevices) / address, error)) return;
    fault(key, "there is no PCI device " + address + " on this machine; network devices are " +
                   names_listed(network_devices(), "none"));
  }

  // The kernel interface behind net_af_packet, net_af_xdp or net_pcap (net_tap makes its own); other
  // arguments are the driver's own matter.
  void vdev(const std::string& key, const std::string& text) {
    const std::string device = text.substr(0, text.find(','));
    if (!has_driver(device, network_drivers()))
      return fault(key,
                   "DPDK has no driver for " + device +
                       " on this machine; those for kernel interfaces are net_af_packet and net_af_xdp, for "
                       "capture files net_pcap");
    for (std::size_t at = text.find(','); at != std::string::npos;) {
      const std::size_t end = text.find(',', at + 1);
      const std::string argument = text.substr(at + 1, end == std::string::npos ? end : end - at - 1);
      at = end;
      for (const char* const name : {"iface=", "rx_iface="})
        if (argument.starts_with(name) && !text.starts_with("net_tap"))
          interface(key, argument.substr(std::strlen(name)));
    }
  }

  const Settings& s_;
  const std::string& path_;
  std::vector<SettingsFault> faults_;
};

}  // namespace

std::vector<SettingsFault> check_against_machine(const Settings& settings, const std::string& path) {
  return Machine(settings, path).check();
}

}  // namespace spanlight
