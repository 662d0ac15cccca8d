#include "replay_queue.h"

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "standing.h"
#include "thread_times.h"

namespace spanlight::bench {

namespace {

std::uint64_t cycles_of(double seconds) {
  return static_cast<std::uint64_t>(seconds * static_cast<double>(rte_get_tsc_hz()));
}

}  // namespace

ReplayQueue::ReplayQueue(Preloaded& preloaded, const BatchPool* pool, const std::atomic<bool>& hold,
                         const ReplayTime& time)
    : preloaded_(preloaded),
      pool_(pool),
      hold_(hold),
      warm_up_cycles_(cycles_of(time.laps == 0 ? time.warm_up_s : 0)),
      measured_cycles_(cycles_of(time.seconds)),
      laps_(time.laps) {}

bool ReplayQueue::admitted() const {
  return !hold_.load(std::memory_order_relaxed) &&
         (pool_ == nullptr || pool_->available() >= kBuffersFreeMin);
}

void ReplayQueue::begin_to_count(std::uint64_t tsc) {
  counts_ = true;
  began_tsc_ = tsc;
  began_cpu_ns_ = thread_cpu_ns();
  figures_ = {.laps_in_all = figures_.laps_in_all,
              .packets_in_all = figures_.packets_in_all,
              .replaced_in_all = figures_.replaced_in_all,
              .still_held = figures_.still_held};
}

bool ReplayQueue::over(std::uint64_t tsc) const {
  return laps_ == 0 ? tsc - began_tsc_ >= measured_cycles_ : figures_.laps == laps_;
}

void ReplayQueue::end(std::uint64_t tsc) {
  figures_.wall_cycles = tsc - began_tsc_;
  figures_.cpu_ns = thread_cpu_ns() - began_cpu_ns_;
  state_.store(QueueState::ended, std::memory_order_release);
}

// False when the last lap is over. The burst before is done with when this is called: the worker asks for the
// next.
bool ReplayQueue::lap_begins(std::uint64_t tsc) {
  opening_ = preloaded_.opening_frames > 0 && preloaded_.opening_lap < kOpeningLaps;
  lap_frames_ = opening_ ? preloaded_.opening_frames : preloaded_.frames.size();
  if (opening_) return true;
  if (began_tsc_ == 0) began_tsc_ = tsc;
  if (counts_) {
    ++figures_.laps;
    if (over(tsc)) {
      end(tsc);
      return false;
    }
  } else if (tsc - began_tsc_ >= warm_up_cycles_) {
    begin_to_count(tsc);
  }
  ++figures_.laps_in_all;
  step_ = LapStep::between(preloaded_.lap, static_cast<std::uint16_t>(preloaded_.lap + 1));
  ++preloaded_.lap;
  return true;
}

// Far enough ahead for the buffer's own fields to have landed when the frame's turn comes.
void ReplayQueue::prefetch(std::size_t index) const {
  const rte_mbuf* mbuf = preloaded_.frames[index].mbuf;
  rte_prefetch0(mbuf);
  rte_prefetch0(reinterpret_cast<const char*>(mbuf + 1) + preloaded_.data_offset);
}

void ReplayQueue::show(std::size_t index, rte_mbuf* mbuf) const {
  const Preloaded::Frame& frame = preloaded_.frames[index];
  auto* bytes = rte_pktmbuf_mtod(mbuf, std::uint8_t*);
  if (opening_) return show_opening(bytes, preloaded_.opening_lap, index, preloaded_.ip_id_step);
  if (preloaded_.opening_frames > 0) return move_ip_id(bytes, preloaded_.ip_id_step);
  renew(bytes, frame.from_client, frame.has_ack, step_);
}

std::uint16_t ReplayQueue::receive(rte_mbuf** out, std::uint16_t n, TimeNs now) {
  if (state_.load(std::memory_order_relaxed) != QueueState::live) return 0;
  const std::uint64_t tsc = rte_rdtsc();
  if (gave_) figures_.busy_cycles += tsc - called_tsc_;
  called_tsc_ = tsc;
  gave_ = false;
  if (!admitted()) {
    ++figures_.held_polls;
    return 0;
  }
  if (!in_lap_ && !lap_begins(tsc)) return 0;
  in_lap_ = true;
  constexpr std::size_t kAhead = 6;
  const std::size_t left = lap_frames_ - next_;
  const std::uint16_t wanted = left < n ? static_cast<std::uint16_t>(left) : n;
  std::uint16_t given = 0;
  for (; given < wanted; ++given) {
    if (given + kAhead < left) prefetch(next_ + given + kAhead);
    Preloaded::Frame& frame = preloaded_.frames[next_ + given];
    const Preloaded::Turn turn = preloaded_.reclaim(frame);
    if (turn == Preloaded::Turn::held) {
      ++figures_.still_held;
      break;
    }
    figures_.replaced_in_all += turn == Preloaded::Turn::replaced ? 1 : 0;
    rte_mbuf* mbuf = frame.mbuf;
    show(next_ + given, mbuf);
    frame_info(mbuf).time = now;
    figures_.bytes += rte_pktmbuf_pkt_len(mbuf);
    rte_mbuf_refcnt_update(mbuf, 1);
    out[given] = mbuf;
  }
  figures_.packets += given;
  figures_.packets_in_all += given;
  next_ += given;
  if (next_ == lap_frames_) {
    next_ = 0;
    in_lap_ = false;
    preloaded_.opening_lap += opening_ ? 1 : 0;
  }
  gave_ = given > 0;
  return given;
}

}  // namespace spanlight::bench
