#include "port/open_port.h"

#include <rte_lcore.h>

#include "port/ethdev_port.h"
#include "port/mempool.h"
#include "port/pcap_file_port.h"
#include "port/pcap_live_port.h"
#include "settings/source.h"

namespace spanlight {
namespace {

std::string no_memory(const PoolPlan& plan, const std::string& name) {
  return "no memory for " + std::to_string(plan.mbufs) + " packet buffers (" +
         std::to_string(plan.bytes() / 1'048'576) + " MiB) of " + name +
         ": raise dpdk.memoryMb or lower dpdk.mbufs";
}

OpenPort open_files(const std::vector<std::string>& paths, const PortSettings& port, const Settings& settings,
                    std::uint8_t index, unsigned workers) {
  const std::string& name = port.name.empty() ? port.source : port.name;
  const PoolPlan plan = plan_pool(port, settings, workers);
  rte_mempool* pool = create_software_pool(plan, index);
  if (pool == nullptr) return no_memory(plan, name);
  auto files = std::make_unique<PcapFilePort>(name, paths, settings.bpf, pool, index);
  if (!files->open_first()) return files->why();
  return std::unique_ptr<Port>(std::move(files));
}

}  // namespace

OpenPort open_port(const PortSettings& port, const Settings& settings, std::uint8_t index, unsigned workers) {
  const Source source = source_of(port.source);
  if (source.target.empty()) return "the port \"" + port.name + "\" names no source";
  switch (source.kind) {
    case SourceKind::pci:
    case SourceKind::vdev:
      return EthdevPort::open(port, source, settings, index, workers);
    case SourceKind::file:
      return open_files({source.target}, port, settings, index, workers);
    case SourceKind::interface:
      break;
  }
  const PoolPlan plan = plan_pool(port, settings, workers);
  rte_mempool* pool = create_software_pool(plan, index);
  if (pool == nullptr) return no_memory(plan, port.source);
  OpenPort opened = PcapLivePort::open(port, source.target, settings.bpf, pool, index);
  if (std::holds_alternative<std::string>(opened)) release_pool(pool);
  return opened;
}

OpenPort open_capture_files(const std::vector<std::string>& paths, const Settings& settings,
                            std::uint8_t index, unsigned workers) {
  if (paths.empty()) return std::string("there is no capture file to read");
  PortSettings port;
  port.source = "file:" + paths.front();
  port.name = paths.front() + (paths.size() > 1 ? " and " + std::to_string(paths.size() - 1) + " more" : "");
  return open_files(paths, port, settings, index, workers);
}

}  // namespace spanlight
