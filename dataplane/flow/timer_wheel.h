#pragma once
// Timers of one worker's flows: two wheels of 1,024 slots, of 1 ms and of 1.024 s, so that a hole's 20 ms and
// an idle connection's minutes cost the same. A timer is a link inside its flow; arming, disarming and firing
// take no memory. Deadlines are capture time; a timer never fires early and fires at most one tick (1 ms)
// late, save for the budget.

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "core/time_ns.h"

namespace spanlight {

constexpr std::uint32_t kNoFlow = 0xffffffff;

constexpr DurationNs kTickNs = 1 << 20;  // 1.05 ms: a shift instead of a division

// The tick at which a deadline has passed: rounded up, never early.
constexpr std::uint64_t tick_of(TimeNs deadline) {
  return deadline / kTickNs + (deadline % kTickNs != 0 ? 1 : 0);
}

// The link inside a flow. `slot` is kNoSlot while not armed.
struct Timer {
  static constexpr std::uint16_t kNoSlot = 0xffff;
  static constexpr std::uint64_t kTickMask = (std::uint64_t{1} << 48) - 1;
  std::uint32_t next = kNoFlow;
  std::uint32_t prev = kNoFlow;
  std::uint64_t tick : 48 = 0;  // when it is due; any TimeNs fits
  std::uint64_t slot : 16 = kNoSlot;

  // It will have fired when `deadline` has passed.
  bool covers(TimeNs deadline) const { return slot != kNoSlot && tick <= tick_of(deadline); }
};
static_assert(sizeof(Timer) == 16);

// `Timers` gives a flow's Timer by index: Timer& operator()(std::uint32_t). It may have
// prefetch(std::uint32_t), for what its flow's firing reads.
template <typename Timers>
class TimerWheel {
 public:
  static constexpr unsigned kSlots = 1'024;

  explicit TimerWheel(Timers timers) : timers_(timers) { heads_.fill(kNoFlow); }

  // Where time begins; to be called before the first arm(), later calls do nothing.
  void start(TimeNs now) {
    if (tick_ == 0) restart(now);
  }

  // Time begins afresh, perhaps earlier; no timer is armed.
  void restart(TimeNs now) { tick_ = now < kTickNs ? 1 : now / kTickNs; }

  // (Re)arms the flow's timer. `deadline` in the past fires at the next advance().
  void arm(std::uint32_t flow, TimeNs deadline) {
    Timer& t = timers_(flow);
    if (t.slot != Timer::kNoSlot) unlink(t);
    t.tick = tick_of(deadline) & Timer::kTickMask;
    link(flow, t);
  }

  void disarm(std::uint32_t flow) {
    Timer& t = timers_(flow);
    if (t.slot != Timer::kNoSlot) unlink(t);
  }

  // Fires what is due at `now`, at most `budget` timers (further ones at the next call); fire(flow) runs
  // disarmed and may arm again or disarm others. Time that runs backwards is ignored.
  template <typename Fire>
  void advance(TimeNs now, std::size_t budget, Fire&& fire) {
    const std::uint64_t target = now / kTickNs;
    start(now);
    while (budget > 0 && tick_ <= target) {
      if (!drain(near_slot(tick_), budget, fire)) return;  // the budget ended inside this tick
      if (tick_ == target) return;
      step(target);
    }
  }

 private:
  static constexpr unsigned kNear = 0;
  static constexpr unsigned kFar = kSlots;

  static unsigned near_slot(std::uint64_t tick) { return kNear + static_cast<unsigned>(tick % kSlots); }
  static unsigned far_slot(std::uint64_t tick) {
    return kFar + static_cast<unsigned>(tick / kSlots % kSlots);
  }

  void link(std::uint32_t flow, Timer& t) {
    assert(tick_ != 0 && "start() comes first");
    std::uint64_t tick = t.tick;
    // While a tick fires, what is armed for it waits for the next one: a flow that always re-arms cannot
    // stall a turn.
    const std::uint64_t least = firing_ ? tick_ + 1 : tick_;
    if (tick < least) tick = least;
    unsigned slot;
    if (tick - tick_ < kSlots) {
      slot = near_slot(tick);
    } else {
      // Beyond the far wheel's horizon a timer waits in the last far slot and is placed again from there.
      const std::uint64_t far_last = (tick_ / kSlots + kSlots - 1) * kSlots;
      slot = far_slot(tick < far_last ? tick : far_last);
    }
    t.slot = static_cast<std::uint16_t>(slot);
    t.prev = kNoFlow;
    t.next = heads_[slot];
    if (t.next != kNoFlow) timers_(t.next).prev = flow;
    heads_[slot] = flow;
    occupied_[slot / 64] |= std::uint64_t{1} << slot % 64;
  }

  void unlink(Timer& t) {
    const auto slot = static_cast<unsigned>(t.slot);
    if (t.prev != kNoFlow)
      timers_(t.prev).next = t.next;
    else
      heads_[slot] = t.next;
    if (t.next != kNoFlow) timers_(t.next).prev = t.prev;
    if (heads_[slot] == kNoFlow) occupied_[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
    t.slot = Timer::kNoSlot;
  }

  template <typename Fire>
  bool drain(unsigned slot, std::size_t& budget, Fire&& fire) {
    while (heads_[slot] != kNoFlow) {
      if (budget == 0) return false;
      --budget;
      const std::uint32_t flow = heads_[slot];
      unlink(timers_(flow));
      // What fires is mostly cold: the next one comes while this one is worked on.
      if constexpr (requires { timers_.prefetch(flow); })
        if (heads_[slot] != kNoFlow) timers_.prefetch(heads_[slot]);
      firing_ = true;
      fire(flow);
      firing_ = false;
    }
    return true;
  }

  // To the next tick that has something to do, or to `target`.
  void step(std::uint64_t target) {
    const std::uint64_t round_end = (tick_ / kSlots + 1) * kSlots;
    const std::uint64_t stop = target < round_end ? target : round_end;
    do ++tick_;
    while (tick_ < stop && !occupied(near_slot(tick_)));
    if (tick_ % kSlots == 0) {
      skip_empty_rounds(target);
      cascade();
    }
  }

  bool occupied(unsigned slot) const { return (occupied_[slot / 64] >> slot % 64 & 1) != 0; }

  // A capture may rest for days: rounds in which neither wheel holds anything are passed at once.
  void skip_empty_rounds(std::uint64_t target) {
    for (unsigned i = 0; i < kSlots / 64; ++i)
      if (occupied_[i] != 0) return;
    const std::uint64_t last_round = target / kSlots * kSlots;
    while (tick_ < last_round && !occupied(far_slot(tick_))) {
      if (far_is_empty())
        tick_ = last_round;
      else
        tick_ += kSlots;
    }
  }

  bool far_is_empty() const {
    for (unsigned i = kFar / 64; i < 2 * kSlots / 64; ++i)
      if (occupied_[i] != 0) return false;
    return true;
  }

  // The far slot of the round that begins now is spread over the near wheel.
  void cascade() {
    const unsigned slot = far_slot(tick_);
    std::uint32_t flow = heads_[slot];
    heads_[slot] = kNoFlow;
    occupied_[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
    while (flow != kNoFlow) {
      Timer& t = timers_(flow);
      const std::uint32_t next = t.next;
      t.slot = Timer::kNoSlot;
      link(flow, t);
      flow = next;
    }
  }

  Timers timers_;
  std::uint64_t tick_ = 0;  // all before it has fired
  bool firing_ = false;
  std::array<std::uint32_t, std::size_t{2} * kSlots> heads_;
  std::array<std::uint64_t, std::size_t{2} * kSlots / 64> occupied_{};
};

}  // namespace spanlight
