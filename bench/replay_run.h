#pragma once
// One replay: workers on their lcores, each with its own preloaded trace, until the time is over and a lap is
// whole. The EAL runs.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "memory_use.h"
#include "records_sink.h"
#include "replay_queue.h"
#include "settings/settings.h"

namespace spanlight::bench {

struct RunOptions {
  Settings settings;
  ReplayTime time;
  bool publish = false;  // through ZeroMQ to a subscriber, not to a sink in this process
  std::uint64_t look_every =
      16;  // of the sink in this process: looking at each batch would make it the slower side
  std::uint64_t calls_per_lap = 0;  // of one worker
  std::uint64_t targets = 0;        // addresses that nobody of the trace has: all is left out
  std::string filter;               // the same, by a capture filter
  bool leaves_out() const { return targets > 0 || !filter.empty(); }
  bool lossy = false;  // the trace lacks frames: records cannot be foretold, accounts must balance
};

// What the workers' own counters say of the run.
struct Accounts {
  std::uint64_t given = 0;     // frames that the queues handed out
  std::uint64_t received = 0;  // frames that the workers say they got
  std::uint64_t outcomes = 0;  // what became of them, in all
  std::uint64_t records = 0;   // built
  std::uint64_t gaps = 0, gap_bytes = 0, out_of_order = 0, evicted = 0, preview_exhausted = 0;
  // What the sensor itself gave up, which only a trace with loss may make it do: many holes are declared in
  // one turn, and their calls end together.
  std::uint64_t records_dropped = 0, state_exhausted = 0;
  std::uint64_t flows = 0;  // live when the last frame had been given
};

struct RunResult {
  std::string fault;  // a sentence; empty = it ran
  std::vector<ReplayFigures> workers;
  std::uint64_t expected = 0;  // records of all laps, the warm-up's too, of a trace without loss
  Found found;
  Accounts accounts;
  std::uint64_t record_bytes = 0;
  MemoryUse before, after;       // the pipeline stood; the last frame had been given
  std::vector<std::string> odd;  // what may not be and is
  bool lossy = false;
  bool left_out = false;  // nothing was to be found
  bool right() const;
};

// The whole pipeline.
RunResult run_pipeline(const RunOptions& options, std::vector<std::unique_ptr<Preloaded>>& traces);

// The same queues, and a worker that reads the clock, touches each frame's header and frees it: what any
// program pays.
RunResult run_baseline(const RunOptions& options, std::vector<std::unique_ptr<Preloaded>>& traces);

}  // namespace spanlight::bench
