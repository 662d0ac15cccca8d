#pragma once
// Whether a worker keeps up, and what it leaves out when it does not: first body previews, then protocols of
// low priority, then whole flows, a share that falls in steps. It has no clock and no packets: what it
// decides follows from what it is told of each turn. Why this measure and these steps: README.md, "Shedding".
//
// A turn: begin_turn(), saw() for each queue that was polled, end_turn().

#include <cstdint>

#include "core/time_ns.h"

namespace spanlight {

enum class ShedLevel : std::uint8_t {
  none,
  previews,   // bodies pass by counter
  protocols,  // and protocols of low priority are not dissected
  flows,      // and only a share of the flows is looked at
  count_
};
constexpr std::size_t kShedLevels = static_cast<std::size_t>(ShedLevel::count_);

class Shedding {
 public:
  struct Options {
    bool enabled = true;
    bool previews = true;       // there are any; a level that would leave nothing out is passed over
    bool protocols = false;     // some are of low priority
    std::uint32_t one_of = 64;  // at the worst one flow of so many is still looked at; 1: flows stay
    DurationNs patience = 0;    // a queue that was not empty for so long is too much
    DurationNs calm = 0;        // nothing was too much for so long: one level down
    DurationNs memory = 0;      // what was shed is remembered so long after the last flow was
  };

  static constexpr std::uint32_t kAllFlows = 1U << 16;
  static constexpr DurationNs kTurnsOfPatience =
      8;  // a turn with packets counts for no more than this part of it

  // One queue, as seen from turn to turn.
  struct Queue {
    DurationNs full_for = 0;  // since it was last found with less than one can take
    bool full = false;
  };

  explicit Shedding(const Options& options);

  void begin_turn(TimeNs now);
  void saw(Queue& queue, bool full);
  // `dissected`, `shed`: flows' packets of this turn. True: level() or kept() has changed.
  bool end_turn(std::uint32_t dissected, std::uint32_t shed);

  ShedLevel level() const { return level_; }
  std::uint32_t kept() const { return kept_; }      // of kAllFlows
  std::uint32_t lowest() const { return lowest_; }  // what kept() was at the least, as far as remembered
  bool keeps(std::uint64_t flow_hash) const { return point(flow_hash) < kept_; }
  // Some of the flow's packets may have been shed lately.
  bool may_have_shed(std::uint64_t flow_hash) const { return point(flow_hash) >= lowest_; }
  // Where a flow stands, below kAllFlows: bits of its hash that the flow table does not use.
  static std::uint32_t point(std::uint64_t flow_hash) {
    return static_cast<std::uint32_t>(flow_hash >> 16 & 0xffff);
  }

  DurationNs time_at(ShedLevel level) const { return time_at_[static_cast<std::size_t>(level)]; }
  std::uint64_t steps_up() const { return steps_up_; }
  std::uint64_t steps_down() const { return steps_down_; }

 private:
  static constexpr std::uint32_t kFull = 1'024;  // load() of a worker that has no time left

  DurationNs longest_turn() const;
  void count_last_turn();
  std::uint32_t load() const;
  bool step_up();
  bool step_down();
  bool cut_flows();
  bool grow_flows();
  void set_kept(std::uint32_t kept);

  const Options options_;
  const std::uint32_t least_;  // kept() is never less
  ShedLevel level_ = ShedLevel::none;
  std::uint32_t kept_ = kAllFlows;
  std::uint32_t lowest_ = kAllFlows;

  TimeNs turn_began_ = 0;
  DurationNs passed_ = 0;   // the last turn, as far as it counts
  DurationNs longest_ = 0;  // full_for of the fullest queue of this turn
  bool any_full_ = false;

  // Since the last decision.
  DurationNs period_ = 0;
  std::uint64_t period_work_ = 0;
  // What work costs: of the latest turns in which a queue was full.
  DurationNs full_time_ = 0;
  std::uint64_t full_work_ = 0;
  std::uint32_t work_ = 0;  // of this turn

  std::uint32_t in_a_row_ = 0;  // decisions that it was too much
  DurationNs calm_for_ = 0;
  DurationNs whole_for_ = 0;  // since flows were shed
  DurationNs time_at_[kShedLevels]{};
  std::uint64_t steps_up_ = 0, steps_down_ = 0;
};

}  // namespace spanlight
