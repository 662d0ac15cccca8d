#pragma once
// Batches → standard output, as a table, JSON lines, a stream for another program
// (config/record/batch_stream.h), or nothing at all (only counted). Main thread.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filter/filter.h"
#include "publish/batch_pool.h"
#include "publish/publisher.h"
#include "record/json.h"
#include "record/table.h"

namespace spanlight {

enum class Format : std::uint8_t { table, json, flatbuffers, none };

struct PrintedCounts {
  std::uint64_t records = 0;
  std::uint64_t by_state[4]{};  // wire::State
  std::uint64_t flagged_gap = 0;
  std::uint64_t errors = 0;      // records that their protocol calls an error
  std::uint64_t matching = 0;    // with a filter: records that it let through
  std::uint64_t unreadable = 0;  // batches that did not verify: a programmer's error
};

class Printer {
 public:
  // `end`: raised when somebody wants to go; a reader that stands still is not waited for then.
  Printer(Format format, bool colour, const std::atomic<bool>& end);

  // Of what is built only what matches is printed; a stream has no filter.
  void set_filter(Filter filter) { filter_ = std::move(filter); }
  bool filters() const { return filter_.has_value(); }

  // Prints and gives back what waits in the pools. Answers how many batches that were.
  std::size_t drain(const std::vector<BatchPool*>& pools);
  void flush();

  // Of a stream. What stands around the batches: each may wait for the reader.
  void begin_stream();
  void begin_capture(const std::string& name, const SensorIdentity& identity);
  void end_capture(const SensorIdentity& identity, StatsSnapshot snapshot);
  void end_stream(bool whole);

  bool broken() const { return broken_; }  // nothing more goes to standard output
  // The errno that broke it; 0: none did, its reader went away or stood still when the end was asked for.
  int fault() const { return fault_; }
  const PrintedCounts& counts() const { return counts_; }

 private:
  void print(const Batch& batch);
  void print_matching(const wire::RecordBatch& batch);
  void write_out(std::string_view text);
  void write_message(std::string_view topic, std::span<const std::uint8_t> message);

  bool writable();

  const std::atomic<bool>& end_;
  Format format_;
  const std::vector<std::string> topics_;  // of Batch::topic
  std::map<std::pair<std::uint16_t, std::uint16_t>, std::uint64_t>
      next_sequences_;  // (worker, topic), of this capture
  JsonWriter json_;
  TableWriter table_;
  std::optional<Filter> filter_;
  PrintedCounts counts_;
  bool broken_ = false;
  int fault_ = 0;
};

}  // namespace spanlight
