#include "offered_queue.h"

#include <algorithm>
#include <ctime>

#include <rte_mbuf.h>

#include "frame_edit.h"

namespace spanlight::bench {

namespace {

std::uint64_t cpu_ns_of_this_thread() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * kSecondNs + static_cast<std::uint64_t>(t.tv_nsec);
}

void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace

// Between two polls frames are queued first and lost then, if at all: one run more at the most for each poll
// that takes something, so that there are never more runs than frames.
OfferedQueue::OfferedQueue(Preloaded& preloaded, std::uint32_t length)
    : preloaded_(preloaded),
      length_(length),
      laps_(preloaded.frames.size(), preloaded.lap),
      runs_(length + 1) {}

OfferedQueue::~OfferedQueue() {
  for (std::size_t at = 0; at < laps_.size(); ++at) move(at, preloaded_.lap);
}

void OfferedQueue::move(std::size_t at, std::uint16_t lap) {
  const Preloaded::Frame& frame = preloaded_.frames[at];
  renew(rte_pktmbuf_mtod(frame.mbuf, std::uint8_t*), frame.from_client, frame.has_ack,
        LapStep::between(laps_[at], lap));
  laps_[at] = lap;
}

// What has come since the last poll.
void OfferedQueue::arrive(std::uint64_t cpu_ns) {
  const double rate = rate_.load(std::memory_order_relaxed);
  if (rate != paced_at_) {
    paced_at_ = rate;
    arrived_at_ = cpu_ns;
  }
  std::uint64_t came = length_ - waiting_;
  if (rate != kAlwaysMore) {
    part_ += rate * static_cast<double>(cpu_ns - arrived_at_) / 1e9;
    came = static_cast<std::uint64_t>(part_);
    part_ -= static_cast<double>(came);
  }
  arrived_at_ = cpu_ns;
  if (came == 0) return;
  const std::uint64_t queued = std::min(came, length_ - waiting_);
  if (queued > 0) {
    Run& last = runs_[(first_run_ + run_count_ + runs_.size() - 1) % runs_.size()];
    if (run_count_ > 0 && last.first + last.frames == next_)
      last.frames += queued;
    else
      runs_[(first_run_ + run_count_++) % runs_.size()] = {next_, queued};
  }
  waiting_ += queued;
  next_ += came;
  add(offered_, came);
  add(lost_, came - queued);
}

rte_mbuf* OfferedQueue::frame(std::uint64_t number, TimeNs now) {
  const std::size_t at = number % preloaded_.frames.size();
  const auto lap = static_cast<std::uint16_t>(number / preloaded_.frames.size() + 1);
  const Preloaded::Frame& frame = preloaded_.frames[at];
  move(at, lap);
  frame_info(frame.mbuf).time = now;
  rte_mbuf_refcnt_update(frame.mbuf, 1);
  return frame.mbuf;
}

std::uint16_t OfferedQueue::receive(rte_mbuf** out, std::uint16_t n, TimeNs now) {
  if (state() != QueueState::live) return 0;
  const std::uint64_t cpu_ns = cpu_ns_of_this_thread();
  cpu_ns_.store(cpu_ns, std::memory_order_relaxed);
  arrive(cpu_ns);
  constexpr std::size_t kAhead = 6;
  std::uint16_t given = 0;
  while (given < n && waiting_ > 0) {
    Run& run = runs_[first_run_];
    const Preloaded::Frame& ahead = preloaded_.frames[(run.first + kAhead) % preloaded_.frames.size()];
    rte_prefetch0(ahead.mbuf);
    rte_prefetch0(static_cast<const char*>(ahead.mbuf->buf_addr) + RTE_PKTMBUF_HEADROOM);
    out[given++] = frame(run.first++, now);
    --waiting_;
    if (--run.frames > 0) continue;
    first_run_ = (first_run_ + 1) % runs_.size();
    --run_count_;
  }
  add(given_, given);
  return given;
}

}  // namespace spanlight::bench
