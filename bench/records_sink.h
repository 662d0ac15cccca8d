#pragma once
// Who takes the records of a replay. NullSink empties the workers' pools; WireSink lets the sensor's own
// publisher do it and receives what it sends, as a program beside the sensor would. Each counts what it found
// and looks at samples: a record of a trace without loss is complete and not touched by a gap.

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
  std::uint64_t wrong = 0;   // looked at, and not complete or touched by a gap
  std::uint64_t missed = 0;  // batches that the subscriber knows it did not get
  std::uint64_t cpu_ns = 0;  // of the thread that takes them
};

class RecordsSink {
 public:
  virtual ~RecordsSink() = default;
  virtual std::string start() = 0;                   // a sentence, empty = it runs
  virtual Found finish(std::uint64_t expected) = 0;  // the workers have ended: takes what is left, and stops
  std::atomic<bool> hold{false};                     // it is behind: nothing more, please
};

std::unique_ptr<RecordsSink> make_null_sink(std::vector<BatchPool*> pools);
std::unique_ptr<RecordsSink> make_wire_sink(const Settings& settings, std::vector<BatchPool*> pools);

}  // namespace spanlight::bench
