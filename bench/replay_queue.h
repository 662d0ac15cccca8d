#pragma once
// Frames that lie ready in mbufs, handed to a worker burst by burst as a NIC's queue would, lap after lap,
// without a copy. Before a frame is handed out again it is moved to the next lap (trace.h) and gets one more
// reference, so that the worker's free does not give it back to the pool. Where the records' consumer is
// behind, nothing is handed out: nothing is lost, and such waiting is not counted as work.

#include <atomic>
#include <cstdint>
#include <vector>

#include <rte_mempool.h>

#include "port/port.h"
#include "publish/batch_pool.h"
#include "trace.h"

namespace spanlight::bench {

// The mbufs of one worker's trace. Made and freed on the main thread; in between its queue's alone.
class Preloaded {
 public:
  Preloaded() = default;
  ~Preloaded();
  Preloaded(const Preloaded&) = delete;
  Preloaded& operator=(const Preloaded&) = delete;

  bool load(const Trace& trace, std::uint8_t index);  // false: not enough memory
  static std::uint64_t memory_bytes(const Trace& trace);

  struct Frame {
    rte_mbuf* mbuf;
    std::uint32_t from_client;
  };
  std::vector<Frame> frames;
  std::uint16_t lap = 0;  // of the frames that were handed out last

 private:
  rte_mempool* pool_ = nullptr;
};

// Figures of the laps that count: those after the warm-up.
struct ReplayFigures {
  std::uint64_t laps = 0, packets = 0, bytes = 0;
  std::uint64_t busy_cycles = 0;  // from a call of receive() that gave frames to the next call
  std::uint64_t wall_cycles = 0;
  std::uint64_t cpu_ns = 0;       // of the worker's thread
  std::uint64_t held_polls = 0;   // calls that gave nothing because the consumer was behind
  std::uint64_t laps_in_all = 0;  // with the warm-up
  std::uint64_t still_held = 0;   // bursts cut short because a frame of the last lap was still in use
};

class ReplayQueue final : public RxQueue {
 public:
  // `pool`: whose free buffers say whether the consumer keeps up; nullptr: nobody builds records. `hold`:
  // raised by whoever is behind for another reason.
  ReplayQueue(Preloaded& preloaded, const BatchPool* pool, const std::atomic<bool>& hold, double warm_up_s,
              double seconds);

  std::uint16_t receive(rte_mbuf** out, std::uint16_t n, TimeNs now) override;
  QueueState state() const override { return state_.load(std::memory_order_acquire); }

  const ReplayFigures& figures() const { return figures_; }  // once the state is `ended`

 private:
  bool lap_begins(std::uint64_t tsc);
  bool admitted() const;

  static constexpr std::size_t kBuffersFreeMin = 8;  // a burst cannot fill as many

  Preloaded& preloaded_;
  const BatchPool* pool_;
  const std::atomic<bool>& hold_;
  const std::uint64_t warm_up_cycles_, measured_cycles_;
  std::size_t next_ = 0;
  bool gave_ = false;  // the last call
  bool counts_ = false;
  std::uint64_t called_tsc_ = 0;  // the last call
  std::uint64_t began_tsc_ = 0;
  std::uint64_t began_cpu_ns_ = 0;
  ReplayFigures figures_;
  std::atomic<QueueState> state_{QueueState::live};
};

}  // namespace spanlight::bench
