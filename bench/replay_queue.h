#pragma once
// Frames that lie ready in mbufs, handed to a worker burst by burst as a NIC's queue would, lap after lap,
// without a copy. Before a frame is handed out again it is moved to the next lap (frame_edit.h) and gets one
// more reference, so that the worker's free does not give it back to the pool. Where the records' consumer is
// behind, nothing is handed out: nothing is lost, and such waiting is not counted as work.

#include <atomic>
#include <cstdint>

#include "port/port.h"
#include "preloaded.h"
#include "publish/batch_pool.h"

namespace spanlight::bench {

struct ReplayTime {
  double warm_up_s = 0.5;
  double seconds = 3;
  std::uint64_t laps = 0;  // not 0: ends after so many, all of them measured, whatever the time
};

// Figures of the laps that count: those after the warm-up.
struct ReplayFigures {
  std::uint64_t laps = 0, packets = 0, bytes = 0;
  std::uint64_t busy_cycles = 0;  // from a call of receive() that gave frames to the next call
  std::uint64_t wall_cycles = 0;
  std::uint64_t cpu_ns = 0;      // of the worker's thread
  std::uint64_t held_polls = 0;  // calls that gave nothing because the consumer was behind
  // With the opening of connections and the warm-up:
  std::uint64_t laps_in_all = 0;  // opening laps apart
  std::uint64_t packets_in_all = 0;
  std::uint64_t replaced_in_all = 0;  // frames that were still in use when due: a spare took their place
  std::uint64_t still_held = 0;       // bursts cut short because there was no spare either
};

class ReplayQueue final : public RxQueue {
 public:
  // `pool`: whose free buffers say whether the consumer keeps up; nullptr: nobody builds records. `hold`:
  // raised by whoever is behind for another reason.
  ReplayQueue(Preloaded& preloaded, const BatchPool* pool, const std::atomic<bool>& hold,
              const ReplayTime& time);

  std::uint16_t receive(rte_mbuf** out, std::uint16_t n, TimeNs now) override;
  QueueState state() const override { return state_.load(std::memory_order_acquire); }

  const ReplayFigures& figures() const { return figures_; }  // once the state is `ended`

 private:
  bool lap_begins(std::uint64_t tsc);
  void begin_to_count(std::uint64_t tsc);
  bool over(std::uint64_t tsc) const;
  void end(std::uint64_t tsc);
  bool admitted() const;
  void prefetch(std::size_t index) const;
  void show(std::size_t index, rte_mbuf* mbuf) const;

  static constexpr std::size_t kBuffersFreeMin = 8;  // a burst cannot fill as many

  Preloaded& preloaded_;
  const BatchPool* pool_;
  const std::atomic<bool>& hold_;
  const std::uint64_t warm_up_cycles_, measured_cycles_, laps_;
  std::size_t next_ = 0;
  std::size_t lap_frames_ = 0;  // of the lap under way
  LapStep step_;
  bool in_lap_ = false;
  bool opening_ = false;
  bool gave_ = false;  // the last call
  bool counts_ = false;
  std::uint64_t called_tsc_ = 0;  // the last call
  std::uint64_t began_tsc_ = 0;
  std::uint64_t began_cpu_ns_ = 0;
  ReplayFigures figures_;
  std::atomic<QueueState> state_{QueueState::live};
};

}  // namespace spanlight::bench
