#pragma once
// What the workers of one run stand on: the sensor's Engine for queues that are already there. Every worker
// shards for itself, as behind a NIC with RSS: the ring between workers is not part of it. The EAL runs.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "command/targets.h"
#include "lcore/worker.h"
#include "settings/settings.h"

namespace spanlight::bench {

struct Pipeline {
  // `settings` outlive it.
  Pipeline(const Settings& settings, std::size_t workers);

  std::string make();  // a sentence; empty = it stands
  std::vector<BatchPool*> batch_pools() const;

  // What make() takes beside the frames' mbufs, told before: flow tables, slabs, batches.
  static std::uint64_t memory_bytes(const Settings& settings, std::size_t workers);
  static std::uint64_t flow_bytes(const Settings& settings);  // of that: one worker's flow table

  const Settings& settings;
  const std::size_t count;
  HandOver hand_over;  // of one: nothing is ever handed over
  TargetBoard targets;
  std::unique_ptr<Identifier> identifier;
  std::unique_ptr<WorkerShared> shared;
  std::vector<std::unique_ptr<Redactor>> redactors;
  std::vector<std::unique_ptr<BatchPool>> pools;
  std::vector<std::unique_ptr<PacketRing>> rings;  // with the setting
  std::vector<std::unique_ptr<Worker>> workers;
};

// Runs each body on its worker's lcore. `wait` returns when they shall end; then `stop` is raised.
void run_on_lcores(std::vector<std::function<void()>>& bodies, const std::function<void()>& wait,
                   std::atomic<bool>& stop);

}  // namespace spanlight::bench
