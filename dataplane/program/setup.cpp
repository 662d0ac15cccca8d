#include "program/setup.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "core/descriptor.h"
#include "port/eal.h"
#include "port/open_port.h"
#include "process/log.h"
#include "settings/load.h"
#include "settings/source.h"

namespace spanlight {

std::optional<Settings> settings_from(const std::string& path) {
  ProtocolNames names;
  for (const Descriptor* protocol : registry())
    if (protocol->probe != nullptr) names.push_back(protocol->name);
  auto loaded = load_settings(path, names);
  if (auto* settings = std::get_if<Settings>(&loaded)) return std::move(*settings);
  for (const SettingsFault& fault : std::get<std::vector<SettingsFault>>(loaded))
    std::fprintf(stderr, "%s\n", fault.sentence().c_str());
  return std::nullopt;
}

bool eal_is_up(const Settings& settings, const std::vector<unsigned>& cpus, bool quiet) {
  auto started = start_eal(settings, cpus);
  if (const auto* fault = std::get_if<std::string>(&started)) {
    std::fprintf(stderr, "spanlight: %s\n", fault->c_str());
    return false;
  }
  if (!quiet) log(LogLevel::info, std::get<EalStart>(started).sentence);
  return true;
}

std::vector<unsigned> all_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof(set), &set);
  std::vector<unsigned> cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

bool reads_capture(const Settings& settings) {
  return std::any_of(settings.ports.begin(), settings.ports.end(),
                     [](const PortSettings& p) { return source_of(p.source).kind == SourceKind::file; });
}

std::uint64_t new_epoch() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace spanlight
