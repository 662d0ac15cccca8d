#include "port/eal.h"

#include <dirent.h>
#include <sched.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <fstream>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include "port/eal_log.h"
#include "port/mempool.h"
#include "port/numa.h"
#include "port/port.h"
#include "port/source.h"
#include "settings/source.h"

namespace spanlight {
namespace {

constexpr std::uint32_t kBaseMemoryMb = 48;  // DPDK's own tables and drivers' queues
constexpr std::uint64_t kMb = 1'048'576;

std::vector<unsigned> process_cpus() {
  std::vector<unsigned> cpus;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return {0};
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

std::string joined(const std::vector<unsigned>& numbers) {
  std::string text;
  for (unsigned n : numbers) text.append(text.empty() ? "" : ",").append(std::to_string(n));
  return text;
}

std::uint64_t read_number(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  return file >> value ? value : 0;
}

// Free hugepages of all sizes, in MiB.
std::uint64_t free_hugepages_mb() {
  const std::string base = "/sys/kernel/mm/hugepages";
  std::uint64_t bytes = 0;
  DIR* directory = opendir(base.c_str());
  if (directory == nullptr) return 0;
  while (const dirent* entry = readdir(directory)) {  // "hugepages-2048kB"
    unsigned long long page_kb = 0;
    if (std::sscanf(entry->d_name, "hugepages-%llukB", &page_kb) != 1) continue;
    bytes += page_kb * 1'024 * read_number(base + "/" + entry->d_name + "/free_hugepages");
  }
  closedir(directory);
  return bytes / kMb;
}

// Empty: the CPUs are ours to use.
std::string check_cpus(const Settings& settings, const std::vector<unsigned>& workers) {
  const std::vector<unsigned> ours = process_cpus();
  const auto missing = [&](unsigned cpu) { return std::find(ours.begin(), ours.end(), cpu) == ours.end(); };
  std::vector<unsigned> wanted = workers;
  if (settings.main_cpu >= 0) wanted.push_back(static_cast<unsigned>(settings.main_cpu));
  for (unsigned cpu : wanted) {
    if (missing(cpu)) {
      return "CPU " + std::to_string(cpu) + " is not one of this process's CPUs (" + joined(ours) +
             "): name one of these as worker or main CPU";
    }
  }
  if (workers.empty()) return "there is no worker: name at least one CPU for it";
  if (workers.size() >= RTE_MAX_LCORE) {
    return std::to_string(workers.size()) + " workers are more than DPDK takes (" +
           std::to_string(RTE_MAX_LCORE - 1) + ")";
  }
  return {};
}

struct MemoryChoice {
  bool hugepages = false;
  std::string reason;  // of failure, if `failed`
  bool failed = false;
};

MemoryChoice choose_memory(Hugepages wish, std::uint32_t needed_mb) {
  if (wish == Hugepages::never) return {false, "no hugepages, as configured"};
  const std::uint64_t free_mb = free_hugepages_mb();
  const std::string figures = std::to_string(free_mb) + " MiB of hugepages are free, " +
                              std::to_string(needed_mb) + " MiB are needed";
  if (free_mb >= needed_mb) return {true, "hugepages: " + figures};
  if (wish == Hugepages::automatic) return {false, "no hugepages: " + figures};
  const std::uint32_t pages = (needed_mb + 1) / 2;
  return {false,
          figures + ": reserve them (sysctl -w vm.nr_hugepages=" + std::to_string(pages) +
              ") or set dpdk.hugepages to automatic",
          true};
}

}  // namespace

std::vector<unsigned> worker_cpus(const Settings& settings) {
  if (!settings.workers.empty()) return settings.workers;
  std::vector<unsigned> cpus = process_cpus();
  if (cpus.size() <= 1) return cpus;
  // The CPU that is left over is the main thread's: the one it asked for, else the first, where interrupts
  // tend to be.
  const auto main = std::find(cpus.begin(), cpus.end(), static_cast<unsigned>(settings.main_cpu));
  cpus.erase(main == cpus.end() ? cpus.begin() : main);
  cpus = Numa().near(settings.ports, cpus);
  if (cpus.size() >= RTE_MAX_LCORE) cpus.resize(RTE_MAX_LCORE - 1);
  return cpus;
}

std::uint32_t memory_needed_mb(const Settings& settings, unsigned workers) {
  if (settings.memory_mb != 0) return settings.memory_mb;
  std::uint64_t bytes = std::uint64_t{workers} * workers * settings.ring_size * sizeof(void*);
  for (const PortSettings& port : settings.ports) bytes += plan_pool(port, settings, workers).bytes();
  bytes += bytes / 16;  // what the heap loses to alignment and headers
  return kBaseMemoryMb + static_cast<std::uint32_t>((bytes + kMb - 1) / kMb);
}

std::vector<std::string> eal_arguments(const Settings& settings, const std::vector<unsigned>& worker_cpus,
                                       bool hugepages, std::uint32_t memory_mb) {
  std::vector<std::string> arguments;
  if (hugepages) {
    arguments = {"--in-memory"};  // nothing in hugetlbfs, nothing to clean up, nothing shared
  } else {
    // --in-memory does not go with --no-huge; these keep a process to itself just the same.
    arguments = {"--no-huge", "-m", std::to_string(memory_mb), "--no-shconf"};
  }
  arguments.insert(arguments.end(),
                   {"--no-telemetry", "--file-prefix", "spanlight_" + std::to_string(getpid())});

  bool pci = false;
  for (const PortSettings& port : settings.ports) {
    const Source source = source_of(port.source);
    if (source.kind != SourceKind::pci) continue;
    pci = true;
    arguments.insert(arguments.end(), {"-a", source.target});
  }
  if (!pci) arguments.emplace_back("--no-pci");

  const std::string main_cpus =
      settings.main_cpu >= 0 ? std::to_string(settings.main_cpu) : "(" + joined(process_cpus()) + ")";
  std::string lcores = "0@" + main_cpus;
  for (unsigned i = 0; i < worker_cpus.size(); ++i) {
    lcores += "," + std::to_string(worker_lcore(i)) + "@" + std::to_string(worker_cpus[i]);
  }
  arguments.insert(arguments.end(), {"--lcores", lcores, "--main-lcore", "0"});
  arguments.insert(arguments.end(),
                   {"--log-level", settings.log_level == LogLevel::debug ? "info" : "error"});
  return arguments;
}

std::variant<EalStart, std::string> start_eal(const Settings& settings,
                                              const std::vector<unsigned>& worker_cpus) {
  if (std::string fault = check_cpus(settings, worker_cpus); !fault.empty()) return fault;
  EalStart start;
  start.memory_mb = memory_needed_mb(settings, static_cast<unsigned>(worker_cpus.size()));
  MemoryChoice memory = choose_memory(settings.hugepages, start.memory_mb);
  if (memory.failed) return memory.reason;
  start.hugepages = memory.hugepages;
  start.sentence =
      memory.reason +
      (start.hugepages ? "" : "; using " + std::to_string(start.memory_mb) + " MiB of ordinary memory");

  std::vector<std::string> arguments = eal_arguments(settings, worker_cpus, start.hugepages, start.memory_mb);
  arguments.insert(arguments.begin(), "spanlight");
  // DPDK reorders the vector and keeps pointers into it: it lives as long as the process.
  static std::vector<std::string> kept;
  kept = std::move(arguments);
  static std::vector<char*> pointers;
  pointers.clear();
  for (std::string& argument : kept) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  if (!capture_dpdk_log(settings.log_level == LogLevel::debug))
    return std::string("no memory for DPDK's log stream");
  if (rte_eal_init(static_cast<int>(kept.size()), pointers.data()) < 0) {
    const std::string said = take_dpdk_error();
    return "DPDK does not start with " + std::to_string(start.memory_mb) +
           " MiB of memory: " + (said.empty() ? rte_strerror(rte_errno) : said);
  }
  // DPDK makes a directory of the process's own and, since nothing is shared, puts nothing into it. Now,
  // while we may.
  rmdir(rte_eal_get_runtime_dir());
  if (std::string fault = register_frame_info(); !fault.empty()) return fault;
  return start;
}

void stop_eal() {
  rte_eal_cleanup();
}

std::string register_frame_info() {
  if (frame_info_offset >= 0) return {};
  const rte_mbuf_dynfield field{"spanlight_frame_info", sizeof(FrameInfo), alignof(FrameInfo), 0};
  const int offset = rte_mbuf_dynfield_register(&field);
  if (offset < 0) {
    return std::string("DPDK's packet buffers have no room for a packet's time and port: ") +
           rte_strerror(rte_errno);
  }
  frame_info_offset = offset;
  return {};
}

}  // namespace spanlight
