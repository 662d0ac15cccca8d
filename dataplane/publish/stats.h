#pragma once
// What the sensor counts, as one picture: built once a second on the publishing thread from the counters of
// ports and workers, sent under `stats.` and served by /metrics. Names are those of /metrics without the
// prefix `spanlight_`; those that end in `_total` only rise, the others are gauges.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/time_ns.h"

namespace spanlight {

struct CounterValue {
  std::string name;
  std::string
      label;  // what it is of: a drop's cause, a protocol; empty = of the whole port, worker or publisher
  std::uint64_t value = 0;
};

struct PortStats {
  std::string port;
  std::vector<CounterValue> counters;
};

struct WorkerStats {
  std::uint16_t worker = 0;
  std::vector<CounterValue> counters;
};

// The sequence number that the next batch of this worker and topic will carry.
struct NextSequence {
  std::uint16_t worker = 0;
  std::string topic;
  std::uint64_t next = 0;
};

// collect() fills `ports` and `workers`; the publisher fills the rest.
struct StatsSnapshot {
  std::vector<PortStats> ports;
  std::vector<WorkerStats> workers;
  std::vector<CounterValue> publisher;
  // Of every (worker, topic) that has sent anything. Told by the sending thread, not by the workers: every
  // batch below `next` went out before the stats message that says so.
  std::vector<NextSequence> next_sequences;
  std::uint64_t sequence = 0;  // of stats messages
  TimeNs time = 0;             // system clock; 0 = no picture yet
};

// For people who read /metrics: what a name means and what its label is called.
struct MetricInfo {
  std::string_view name;
  std::string_view label;  // the label's key: "cause", "protocol", …
  std::string_view help;   // one sentence
};

}  // namespace spanlight
