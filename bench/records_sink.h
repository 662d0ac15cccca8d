#pragma once
// Who takes the records of a replay. NullSink empties the workers' pools; WireSink lets the sensor's own
// publisher do it and receives what it sends, as a program beside the sensor would. Each counts what it found
// and looks at samples of it: of a trace without loss every record is complete and not touched by a gap.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "publish/batch_pool.h"
#include "settings/settings.h"

namespace spanlight::bench {

struct Found {
  std::uint64_t records = 0;
  std::uint64_t batches = 0;
  std::uint64_t looked_at = 0;         // records
  std::uint64_t touched = 0;           // of those, complete but touched by a gap
  std::uint64_t incomplete = 0;        // of those, without request or answer
  std::uint64_t unreadable = 0;        // records in batches that did not open
  std::uint64_t missed = 0;            // batches that the subscriber knows it did not get
  std::uint64_t cpu_ns = 0;            // of the thread that takes them
  std::uint64_t publisher_cpu_ns = 0;  // of the sensor's publishing thread and ZeroMQ's threads under it
  std::uint64_t wrong() const { return touched + incomplete + unreadable; }
};

class RecordsSink {
 public:
  virtual ~RecordsSink() = default;
  virtual std::string start() = 0;                   // a sentence, empty = it runs
  virtual Found finish(std::uint64_t expected) = 0;  // the workers have ended: takes what is left, and stops
  std::atomic<bool> hold{false};                     // it is behind: nothing more, please
};

// `look_every`: that many batches are counted for one that is looked at; 0: none is.
std::unique_ptr<RecordsSink> make_null_sink(std::vector<BatchPool*> pools, std::uint64_t look_every);
std::unique_ptr<RecordsSink> make_wire_sink(const Settings& settings, std::vector<BatchPool*> pools);

}  // namespace spanlight::bench
