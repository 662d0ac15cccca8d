#pragma once
// One replay: workers on their lcores, each with its own preloaded trace, until the time is over and a lap is
// whole. Every worker shards for itself, as behind a NIC with RSS: the ring between workers is not part of
// it. The EAL runs.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "replay_queue.h"
#include "settings/settings.h"

namespace spanlight::bench {

struct RunOptions {
  Settings settings;
  double warm_up_s = 0.5;
  double seconds = 3;
  bool publish = false;  // through ZeroMQ to a subscriber, not to a sink in this process
  std::uint64_t calls_per_lap = 0;
};

struct RunResult {
  std::string fault;  // a sentence; empty = it ran
  std::vector<ReplayFigures> workers;
  std::uint64_t expected = 0;  // records of all laps, the warm-up's too
  std::uint64_t found = 0;
  std::uint64_t wrong = 0;
  std::uint64_t missed_batches = 0;
  std::uint64_t sink_cpu_ns = 0;
  std::uint64_t record_bytes = 0;
  std::vector<std::string> odd;  // counters that must be zero and are not
  bool right() const { return fault.empty() && found == expected && wrong == 0 && odd.empty(); }
};

// The whole pipeline.
RunResult run_pipeline(const RunOptions& options, std::vector<std::unique_ptr<Preloaded>>& traces);

// The same queues, and a worker that reads the clock, touches each frame's header and frees it: what any
// program pays.
RunResult run_baseline(const RunOptions& options, std::vector<std::unique_ptr<Preloaded>>& traces);

}  // namespace spanlight::bench
