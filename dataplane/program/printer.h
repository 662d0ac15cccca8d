#pragma once
// Batches → standard output, as a table, JSON lines, or nothing at all (only counted). Main thread.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "publish/batch_pool.h"
#include "record/json.h"
#include "record/table.h"

namespace spanlight {

enum class Format : std::uint8_t { table, json, none };

struct PrintedCounts {
  std::uint64_t records = 0;
  std::uint64_t by_state[4]{};  // wire::State
  std::uint64_t flagged_gap = 0;
  std::uint64_t errors = 0;      // records that their protocol calls an error
  std::uint64_t unreadable = 0;  // batches that did not verify: a programmer's error
};

class Printer {
 public:
  // `end`: raised when somebody wants to go; a reader that stands still is not waited for then.
  Printer(Format format, bool colour, const std::atomic<bool>& end);

  // Prints and gives back what waits in the pools. Answers how many batches that were.
  std::size_t drain(const std::vector<BatchPool*>& pools);
  void flush();

  bool broken() const { return broken_; }  // nobody reads standard output any more
  const PrintedCounts& counts() const { return counts_; }

 private:
  void print(const Batch& batch);
  void write_out(std::string_view text);

  bool writable();

  const std::atomic<bool>& end_;
  Format format_;
  JsonWriter json_;
  TableWriter table_;
  PrintedCounts counts_;
  bool broken_ = false;
};

}  // namespace spanlight
