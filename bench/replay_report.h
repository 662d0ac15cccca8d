#pragma once
// The figures of a replay, as lines or as JSON.

#include <cstdint>
#include <string>

#include "replay_arguments.h"
#include "replay_run.h"

namespace spanlight::bench {

// What was known before the first frame.
struct Scene {
  std::uint64_t frames = 0, bytes = 0, connections = 0, calls = 0;  // of one lap of one worker
  std::uint64_t lost = 0, disordered = 0;
  bool hugepages = false;
  std::uint64_t frames_memory = 0;    // mbufs of all workers, bytes
  std::uint64_t pipeline_memory = 0;  // tables, slabs and batches at their bounds
  std::uint64_t table_memory = 0;     // of that, flow tables
};

// Sums and means over the workers.
struct Rates {
  double packets_s = 0, gbit_s = 0, calls_s = 0;  // all workers together
  double cycles_packet = 0, cycles_byte = 0, cycles_call = 0;
  double held_share = 0;  // of the polls' time: waiting for the consumer
  double cpu_share =
      0;  // of the wall clock that the workers' threads got; below 1: somebody else ran on their CPU
  double seconds = 0;
  std::uint64_t packets = 0, calls = 0, laps = 0, replaced = 0, still_held = 0;
};
Rates rates_of(const RunResult& result, std::uint64_t calls_per_lap);

std::string memory_sentence(const Scene& scene);

// `baseline`: nullptr = not measured.
void print_lines(const Arguments& a, const Scene& scene, const RunResult& whole, const RunResult* baseline);
void print_json(const Arguments& a, const Scene& scene, const RunResult& whole, const RunResult* baseline);

}  // namespace spanlight::bench
