#include "lcore/shedding.h"

#include <algorithm>

namespace spanlight {

namespace {

// A packet that goes to its flow is so many of those that are shed.
constexpr std::uint32_t kWorkOfDissected = 8;

// The first cut takes 1/32, and so does the second: the queue may still be working off what came before the
// first. Each further one takes twice as much, up to half.
constexpr std::uint32_t kCutShiftMost = 5;

// Prices are those of so much full time; older ones fade.
constexpr DurationNs kPricesOfPatience = 2;

// A turn may take so long for whatever else is to be done.
constexpr DurationNs kTurnWithoutWorkNs = 20 * kMicrosecondNs;

}  // namespace

Shedding::Shedding(const Options& options)
    : options_(options), least_(std::max(kAllFlows / std::max(options.one_of, 1U), 1U)) {}

void Shedding::begin_turn(TimeNs now) {
  const DurationNs took = turn_began_ != 0 && now > turn_began_ ? now - turn_began_ : 0;
  passed_ = std::min(took, longest_turn());
  turn_began_ = now;
  count_last_turn();
  longest_ = 0;
  any_full_ = false;
}

// A turn in which the thread was stopped, or a clock that was set, says nothing of the load: of how long the
// last turn took no more counts than its work explains twice over.
DurationNs Shedding::longest_turn() const {
  const bool idle = work_ == 0 && !any_full_;
  if (idle) return options_.patience;
  const DurationNs most = options_.patience / kTurnsOfPatience;
  if (full_work_ == 0) return most;
  return std::min(most, std::max(work_ * full_time_ / full_work_ * 2, kTurnWithoutWorkNs));
}

void Shedding::count_last_turn() {
  time_at_[static_cast<std::size_t>(level_)] += passed_;
  period_ += passed_;
  period_work_ += work_;
  if (any_full_) {
    full_time_ += passed_;
    full_work_ += work_;
  }
  work_ = 0;
}

void Shedding::saw(Queue& queue, bool full) {
  queue.full_for = full && queue.full ? queue.full_for + passed_ : 0;
  queue.full = full;
  longest_ = std::max(longest_, queue.full_for);
  any_full_ = any_full_ || full;
}

bool Shedding::end_turn(std::uint32_t dissected, std::uint32_t shed) {
  work_ = dissected * kWorkOfDissected + shed;
  if (!options_.enabled || period_ < options_.patience) return false;
  const bool too_much = longest_ >= options_.patience;
  const bool changed = too_much ? step_up() : step_down();
  while (full_time_ > kPricesOfPatience * options_.patience) {
    full_time_ /= 2;
    full_work_ /= 2;
  }
  whole_for_ = kept_ < kAllFlows ? 0 : whole_for_ + period_;
  if (whole_for_ >= options_.memory) lowest_ = kAllFlows;
  period_ = 0;
  period_work_ = 0;
  return changed;
}

// How much of its time the worker would need for what came in this period, at the price that work had when
// there was always more. How long its turns took says less: short bursts are dear, and cheapen as they grow.
std::uint32_t Shedding::load() const {
  if (full_work_ == 0) return 0;
  const std::uint64_t wanted = period_work_ * full_time_ / full_work_;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted * kFull / period_, kFull));
}

bool Shedding::step_up() {
  calm_for_ = 0;
  ++in_a_row_;
  const bool flows_may_go = least_ < kAllFlows;
  if (level_ < ShedLevel::previews && options_.previews)
    level_ = ShedLevel::previews;
  else if (level_ < ShedLevel::protocols && options_.protocols)
    level_ = ShedLevel::protocols;
  else if (flows_may_go)
    return cut_flows();
  else
    return false;
  ++steps_up_;
  return true;
}

bool Shedding::cut_flows() {
  const std::uint32_t further = std::clamp(in_a_row_, 2U, kCutShiftMost + 1) - 2;
  const std::uint32_t shift = kCutShiftMost - further;
  const std::uint32_t kept = std::max(kept_ - std::max(kept_ >> shift, 1U), least_);
  if (level_ == ShedLevel::flows && kept == kept_) return false;
  level_ = ShedLevel::flows;
  set_kept(kept);
  ++steps_up_;
  return true;
}

bool Shedding::step_down() {
  in_a_row_ = 0;
  calm_for_ += period_;
  if (level_ == ShedLevel::none) return false;
  if (kept_ < kAllFlows) return grow_flows();
  if (calm_for_ < options_.calm) return false;
  calm_for_ = 0;
  ++steps_down_;
  if (level_ == ShedLevel::flows && options_.protocols)
    level_ = ShedLevel::protocols;
  else if (level_ > ShedLevel::previews && options_.previews)
    level_ = ShedLevel::previews;
  else
    level_ = ShedLevel::none;
  return true;
}

// By no more than there is time for: the load grows at most as the share does. Where that cannot be told, by
// a little, and only after some calm.
bool Shedding::grow_flows() {
  const std::uint32_t now = load();
  std::uint32_t more;
  if (now < kFull / 2)
    more = kept_ / 2;
  else if (now < kFull * 3 / 4)
    more = kept_ / 8;
  else if (now < kFull * 7 / 8)
    more = kept_ / 32;
  else if (now < kFull * 15 / 16)
    more = kept_ / 64;
  else if (calm_for_ >= options_.calm)
    more = kept_ / 128;
  else
    return false;
  set_kept(std::min(kept_ + std::max(more, 1U), kAllFlows));
  if (kept_ == kAllFlows) calm_for_ = 0;
  ++steps_down_;
  return true;
}

void Shedding::set_kept(std::uint32_t kept) {
  kept_ = kept;
  lowest_ = std::min(lowest_, kept);
}

}  // namespace spanlight
