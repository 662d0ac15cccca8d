#pragma once
// Calls that came before the watch event of their pod: they wait for a moment, so that they are named rightly
// instead of quickly. Bounded in number and time; what did not get its name in time goes on without it.
// Belongs to one ingest thread.

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "ingest/named_batch.h"
#include "ingest/naming.h"

namespace spanlight {

struct HoldCounters {
  std::uint64_t held = 0;        // calls that waited
  std::uint64_t named_late = 0;  // and got their name
  std::uint64_t expired = 0;     // and did not
  std::uint64_t overflowed = 0;  // could not wait, since too many did
};

// Names both ends of `call`. False if it is worth waiting for one of them.
bool name_call(Call& call, const NameState& names);

class HeldCalls {
 public:
  HeldCalls(std::uint64_t hold_ns, std::size_t calls_max) : hold_ns_(hold_ns), calls_max_(calls_max) {}

  // Takes the calls that wait for a name out of `batch` (`waiting`: their places, rising) as far as there is
  // room.
  void hold(NamedBatch& batch, const std::vector<std::size_t>& waiting);

  // Those that have their names by now, or waited long enough: a batch for each that was held.
  std::vector<std::shared_ptr<NamedBatch>> release(const std::shared_ptr<const NameState>& names,
                                                   std::uint64_t now_ns);
  // All of them, named or not: at the end.
  std::vector<std::shared_ptr<NamedBatch>> release_all(const std::shared_ptr<const NameState>& names);

  std::size_t size() const { return size_; }
  const HoldCounters& counters() const { return counters_; }

 private:
  struct Held {
    NamedBatch batch;
    std::uint64_t deadline_ns;
  };
  std::shared_ptr<NamedBatch> release(Held& held, const std::shared_ptr<const NameState>& names, bool all);

  std::uint64_t hold_ns_;
  std::size_t calls_max_;
  std::deque<Held> held_;  // by deadline
  std::size_t size_ = 0;
  std::shared_ptr<const NameState> tried_;  // held calls were looked up in this state
  HoldCounters counters_;
};

}  // namespace spanlight
