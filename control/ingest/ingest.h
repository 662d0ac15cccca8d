#pragma once
// Records from sensors, on one thread for each: received, verified, counted, named, and handed to the sinks
// (live view, RED, store). Sinks and naming must outlive it.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "ingest/held_calls.h"
#include "ingest/named_batch.h"
#include "ingest/naming.h"
#include "ingest/sensor_board.h"
#include "red/red.h"
#include "settings/control.h"

namespace spanlight {

class Ingest {
 public:
  Ingest(const ControlSettings& settings, const Naming& naming, SensorBoard& board,
         std::vector<CallSink*> sinks);
  ~Ingest();  // stops
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  void start();
  void stop();  // held calls go on without a name; returns when all threads have ended

  // One for each sensor; to be merged by who reads.
  std::vector<const RedTable*> red() const;

  struct Counters {
    std::uint64_t calls = 0;
    std::uint64_t unnamed = 0;  // calls neither of whose ends has a name
    std::uint64_t waiting = 0;  // for a name, now
    HoldCounters hold;
    std::uint64_t dns_named = 0;      // ends of calls that have a name from a DNS answer
    std::uint64_t dns_addresses = 0;  // that have such a name, now
    std::uint64_t dns_learned = 0;    // answers that named an address
    std::uint64_t dns_forgotten = 0;  // addresses that made room for others
    std::uint64_t dns_refused = 0;    // names that are none
  };
  Counters counters() const;

 private:
  class Link;
  const std::vector<CallSink*> sinks_;
  std::vector<std::unique_ptr<Link>> links_;
};

}  // namespace spanlight
