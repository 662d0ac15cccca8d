#pragma once
// Frames that come at a rate of their own, whether the worker takes them or not: a queue of limited length in
// between, as a NIC's descriptors are, and what finds it full is lost. The frames are those of a trace that
// lies in mbufs, lap after lap. Time is that in which the worker's thread runs: what others do on its CPU is
// not an overload of it. Made on the main thread, which sets the rate; otherwise the worker's.

#include <atomic>
#include <cstdint>
#include <vector>

#include "port/port.h"
#include "replay_queue.h"

namespace spanlight::bench {

class OfferedQueue final : public RxQueue {
 public:
  static constexpr double kAlwaysMore = -1;  // as fast as the worker takes them: nothing is lost

  // Nobody may hold a frame for longer than its burst: no previews are lent.
  OfferedQueue(Preloaded& preloaded, std::uint32_t length);
  ~OfferedQueue() override;  // leaves the frames as it found them; the worker has ended
  OfferedQueue(const OfferedQueue&) = delete;
  OfferedQueue& operator=(const OfferedQueue&) = delete;

  std::uint16_t receive(rte_mbuf** out, std::uint16_t n, TimeNs now) override;
  QueueState state() const override { return state_.load(std::memory_order_acquire); }

  // A second is one of the worker's CPU time.
  void set_rate(double frames_per_s) { rate_.store(frames_per_s); }
  void end() { state_.store(QueueState::ended, std::memory_order_release); }

  std::uint64_t offered() const { return offered_.load(std::memory_order_relaxed); }
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }
  std::uint64_t given() const { return given_.load(std::memory_order_relaxed); }
  std::uint64_t cpu_ns() const { return cpu_ns_.load(std::memory_order_relaxed); }

 private:
  // Frames in a row that lie in the queue.
  struct Run {
    std::uint64_t first, frames;
  };

  void arrive(std::uint64_t cpu_ns);
  void move(std::size_t at, std::uint16_t lap);
  rte_mbuf* frame(std::uint64_t number, TimeNs now);

  Preloaded& preloaded_;
  const std::uint64_t length_;
  std::vector<std::uint16_t> laps_;  // by frame: the lap it was last written for
  std::atomic<double> rate_{0};
  double paced_at_ = 0;
  std::uint64_t arrived_at_ = 0;  // CPU time
  double part_ = 0;               // of a frame
  std::uint64_t next_ = 0;        // the frame that comes next, counted over all laps
  std::uint64_t waiting_ = 0;
  std::vector<Run> runs_;  // a ring: what waits
  std::size_t first_run_ = 0, run_count_ = 0;
  std::atomic<std::uint64_t> offered_{0}, lost_{0}, given_{0}, cpu_ns_{0};
  std::atomic<QueueState> state_{QueueState::live};
};

}  // namespace spanlight::bench
