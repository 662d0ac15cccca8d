#include "pipeline.h"

#include <rte_launch.h>

#include "port/eal.h"

namespace spanlight::bench {

namespace {

constexpr std::uint64_t kEpoch = 1;

int call(void* argument) {
  (*static_cast<std::function<void()>*>(argument))();
  return 0;
}

std::size_t buffer_bytes(const Settings& settings) {
  return settings.batch_bytes + RecordWriter::record_bytes_max(settings);
}

}  // namespace

Pipeline::Pipeline(const Settings& the_settings, std::size_t worker_count)
    : settings(the_settings),
      count(worker_count),
      hand_over(1, 2),
      targets(static_cast<std::uint16_t>(worker_count)) {}

std::string Pipeline::make() {
  std::string fault;
  identifier = Identifier::make({}, fault);
  if (identifier == nullptr) return fault;
  if (!hand_over.ok()) return "there is no memory for a ring";
  shared.reset(new WorkerShared{.settings = settings,
                                .identifier = *identifier,
                                .hand_over = hand_over,
                                .sensor = "replay",
                                .sensor_epoch = kEpoch,
                                .pace = Pace::live});
  for (std::size_t i = 0; i < count; ++i) {
    auto redactor = Redactor::create(settings);
    if (auto* sentence = std::get_if<std::string>(&redactor)) return *sentence;
    redactors.push_back(std::move(std::get<std::unique_ptr<Redactor>>(redactor)));
    const auto index = static_cast<std::uint16_t>(i);
    pools.push_back(std::make_unique<BatchPool>(index, buffer_bytes(settings), settings.batches_per_worker));
    workers.push_back(
        std::make_unique<Worker>(index, *shared, *pools[i], *redactors[i], targets.reader(index)));
    if (workers.back()->failed()) return "there is no address space for flows and slabs";
    if (settings.packet_ring_mb == 0) continue;
    rings.push_back(
        std::make_unique<PacketRing>(std::size_t{settings.packet_ring_mb} << 20, settings.packet_snap_bytes));
    if (!rings.back()->ok()) return "there is no address space for the packet ring";
    rings.back()->populate();
    workers.back()->keep_packets(*rings.back());
  }
  shared->ports_lend.set();
  hand_over.reading = static_cast<unsigned>(count);
  return {};
}

std::vector<BatchPool*> Pipeline::batch_pools() const {
  std::vector<BatchPool*> all;
  for (const auto& pool : pools) all.push_back(pool.get());
  return all;
}

std::uint64_t Pipeline::memory_bytes(const Settings& settings, std::size_t workers) {
  return workers *
         (flow_bytes(settings) + (std::uint64_t{settings.state_memory_mb} << 20) +
          (std::uint64_t{settings.preview_memory_mb} << 20) + (std::uint64_t{settings.packet_ring_mb} << 20) +
          buffer_bytes(settings) * settings.batches_per_worker);
}

std::uint64_t Pipeline::flow_bytes(const Settings& settings) {
  const bool records = settings.connection_records != ConnectionRecords::none;
  return FlowTable::memory_bytes(settings.flows_max) +
         (records ? HealthArray::memory_bytes(settings.flows_max) : 0);
}

void run_on_lcores(std::vector<std::function<void()>>& bodies, const std::function<void()>& wait,
                   std::atomic<bool>& stop) {
  for (unsigned i = 0; i < bodies.size(); ++i) rte_eal_remote_launch(call, &bodies[i], worker_lcore(i));
  wait();
  stop.store(true);
  for (unsigned i = 0; i < bodies.size(); ++i) rte_eal_wait_lcore(worker_lcore(i));
}

}  // namespace spanlight::bench
