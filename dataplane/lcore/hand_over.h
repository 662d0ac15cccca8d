#pragma once
// Packets on their way to the worker that owns their flow: one ring for each worker, many producers, one
// consumer. An mbuf carries its time and length with it (FrameInfo). Made on the main thread.

#include <atomic>
#include <cstdint>
#include <vector>

struct rte_mbuf;
struct rte_ring;

namespace spanlight {

class HandOver {
 public:
  // `fault`: a sentence if the rings could not be made.
  HandOver(unsigned workers, std::uint32_t ring_size);
  ~HandOver();
  HandOver(const HandOver&) = delete;
  HandOver& operator=(const HandOver&) = delete;

  bool ok() const;
  unsigned workers() const { return static_cast<unsigned>(rings_.size()); }

  bool push(unsigned owner, rte_mbuf* frame);                             // false: the ring is full
  std::uint16_t pop(unsigned owner, rte_mbuf** frames, std::uint16_t n);  // by the owner alone
  std::uint32_t used(unsigned owner) const;

  // Capture pace only, where a shared write is allowed: workers whose sources have not ended, and frames
  // pushed and not yet worked through (a frame that leads to another push is subtracted after it). Both 0:
  // nothing can come any more.
  std::atomic<unsigned> reading{0};
  std::atomic<std::uint64_t> in_flight{0};

 private:
  std::vector<rte_ring*> rings_;
};

}  // namespace spanlight
