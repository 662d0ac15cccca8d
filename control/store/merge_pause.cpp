#include "store/merge_pause.h"

#include <charconv>
#include <string>

namespace spanlight {

void MergePause::look(double waiting, Clock::time_point now, const std::stop_token& stop) {
  const bool pressed = waiting >= options_.pause_from;
  if (pressed) pressed_at_ = now;
  if (paused_ && waiting < options_.resume_below && now >= pressed_at_ + options_.least) return resume(stop);
  const bool due = now >= looked_at_ + options_.look_every;
  if (paused_ ? due : pressed && (!too_many_parts_ || due)) pause(now, stop);
}

// Also of a store that was told before: one that was started anew has forgotten it.
void MergePause::pause(Clock::time_point now, const std::stop_token& stop) {
  looked_at_ = now;
  const std::uint64_t there = parts(stop);
  too_many_parts_ = there >= (too_many_parts_ ? options_.parts_most / 2 : options_.parts_most);
  if (too_many_parts_) {
    if (paused_) resume(stop);
    return;
  }
  client_.ask({.sql = "SYSTEM STOP MERGES calls"}, stop);
  if (!paused_) ++pauses_;
  paused_ = true;
}

void MergePause::resume(const std::stop_token& stop) {
  client_.ask({.sql = "SYSTEM START MERGES calls"}, stop);
  paused_ = false;
}

std::uint64_t MergePause::parts(const std::stop_token& stop) const {
  const std::string answer =
      client_.ask({.sql = "SELECT count() FROM system.parts WHERE active AND database = "
                          "currentDatabase() AND table = 'calls' FORMAT TabSeparated"},
                  stop);
  std::uint64_t count = 0;
  std::from_chars(answer.data(), answer.data() + answer.size(), count);
  return count;
}

}  // namespace spanlight
