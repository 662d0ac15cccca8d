#pragma once
// spanlight-replay's command line.

#include <cstdint>
#include <optional>
#include <string>

#include "settings/settings.h"
#include "trace.h"

namespace spanlight::bench {

struct Arguments {
  std::string mix = "web";
  std::uint64_t seconds = 3, warm_up_ms = 500, workers = 1, seed = 1, body_preview = 16'384;
  std::uint64_t connections = 0, calls = 0, frames = 0, loss = 0, disorder = 0;
  std::uint64_t look_every = 16;
  std::uint64_t laps = 1, gap_ns = 2'000;
  std::uint64_t targets = 0, keep_mb = 0, keep_bytes = 65'536;
  std::string filter, connection_records = "none";
  std::string write;
  bool publish = false, json = false, no_huge = false, no_baseline = false, keep_duplicates = false;
  bool idle_flows = false;

  TraceOptions trace() const;
};

// Exit status, if the program shall end at once.
std::optional<int> parse(int argc, char** argv, Arguments& arguments);

// Of the workers: as the sensor's, with room for as many flows as the trace will leave behind.
Settings settings_of(const Arguments& arguments, const TraceOptions& trace);

}  // namespace spanlight::bench
