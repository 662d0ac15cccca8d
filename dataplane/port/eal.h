#pragma once
// DPDK's environment (EAL): started once by the main thread before any port is opened, stopped after all are
// gone. lcore 0 is the main thread, which floats over the process's CPUs (or sits on Settings::main_cpu);
// worker i is lcore i + 1, pinned to its CPU. Several processes may run beside each other: nothing is shared
// and nothing has a fixed name.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "settings/settings.h"

namespace spanlight {

struct EalStart {
  bool hugepages = false;
  std::uint32_t memory_mb = 0;
  std::string sentence;  // for the log: which memory is used and why
};

// The CPUs of the workers: Settings::workers, or all but one of the process's CPUs, at least one; of several
// NUMA nodes those that the ports' devices are on.
std::vector<unsigned> worker_cpus(const Settings& settings);

// The lcore id of worker `index`.
constexpr unsigned worker_lcore(unsigned index) {
  return index + 1;
}

// Memory that the ports' mempools, rings and DPDK itself need.
std::uint32_t memory_needed_mb(const Settings& settings, unsigned workers);

// Pure: the arguments that start_eal() hands to rte_eal_init(), without the program's name.
std::vector<std::string> eal_arguments(const Settings& settings, const std::vector<unsigned>& worker_cpus,
                                       bool hugepages, std::uint32_t memory_mb);

// Starts the EAL and reserves FrameInfo. The string is the reason of failure, one sentence with the mend.
// Only the first call of a process can succeed (DPDK cannot be started twice).
std::variant<EalStart, std::string> start_eal(const Settings& settings,
                                              const std::vector<unsigned>& worker_cpus);
void stop_eal();

}  // namespace spanlight
