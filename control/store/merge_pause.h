#pragma once
// While calls wait, merges do: writing a call costs half of what merging it costs later, and merges can be
// made up for when less comes. What was dropped for want of room in the queue cannot.

#include <chrono>
#include <cstdint>
#include <stop_token>

#include "store/clickhouse.h"

namespace spanlight {

struct MergePauseOptions {
  // Shares of the writer's queue, seen behind an insert. One insert of the largest kind is a quarter.
  double pause_from = 0.25, resume_below = 0.0625;
  // A merge that is stopped has to begin again: pauses are not short.
  std::chrono::milliseconds least{10'000};
  std::chrono::milliseconds look_every{5'000};  // at the parts; and the child may have been started anew
  // Each part makes questions slower: so many, and merges go on whatever waits.
  std::uint64_t parts_most = 800;
};

// Of one thread: the writer's. Only for a store that is ours alone.
class MergePause {
 public:
  using Clock = std::chrono::steady_clock;

  explicit MergePause(const ClickHouse& client, const MergePauseOptions& options = {})
      : client_(client), options_(options) {}

  // Behind each insert, and now and then while none comes; `waiting`: how much of the queue is in use, 0
  // to 1. Throws StoreError.
  void look(double waiting, Clock::time_point now, const std::stop_token& stop);

  bool paused() const { return paused_; }
  std::uint64_t pauses() const { return pauses_; }

 private:
  void pause(Clock::time_point now, const std::stop_token& stop);
  void resume(const std::stop_token& stop);
  std::uint64_t parts(const std::stop_token& stop) const;

  const ClickHouse& client_;
  const MergePauseOptions options_;
  bool paused_ = false;
  bool too_many_parts_ = false;
  std::uint64_t pauses_ = 0;
  Clock::time_point pressed_at_{}, looked_at_{};
};

}  // namespace spanlight
