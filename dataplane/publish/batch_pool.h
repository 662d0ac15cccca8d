#pragma once
// One worker's batches: a fixed number of buffers, and the two rings between the worker and the thread that
// sends.
//   worker:    take() … fill … submit()          publishing side:  next() … send … release()
// take() is empty when all buffers are in flight: the worker drops and counts, it never waits.
// release() may be called by any thread (ZeroMQ frees messages on its I/O thread); the rest by one thread
// each. Needs no EAL: the rings stand in the pool's own memory. The pool outlives the publisher.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "publish/batch.h"

struct rte_ring;

namespace spanlight {

class BatchPool {
 public:
  // `buffer_bytes`: of each buffer, rounded up to a cache line; `count`: exactly so many buffers, at least
  // one. All pages are touched here, so that the worker never faults one in; large ones where they can be
  // had.
  BatchPool(std::uint16_t worker, std::size_t buffer_bytes, std::size_t count);
  ~BatchPool();
  BatchPool(const BatchPool&) = delete;
  BatchPool& operator=(const BatchPool&) = delete;

  Batch* take();              // worker; nullptr = all in flight; else what came back last
  void submit(Batch* batch);  // worker; never fails: the ring holds all buffers
  Batch* next();              // publishing side; nullptr = nothing there
  void release(Batch* batch);

  // A batch whose buffer ZeroMQ holds until it has been sent: counted, so that the publisher knows how many
  // of the buffers hang in subscribers' queues. lend() by the publishing thread, give_back() (releases too)
  // by any.
  // The pair is also the ordering between the two threads: ZeroMQ's own is not for us to rely on.
  void lend() { lent_.fetch_add(1, std::memory_order_release); }
  void give_back(Batch* batch);
  std::size_t lent() const { return lent_.load(std::memory_order_relaxed); }

  std::uint16_t worker() const { return worker_; }
  std::size_t count() const { return batches_.size(); }
  std::size_t waiting() const;    // submitted, not yet taken
  std::size_t available() const;  // free to take; a snapshot

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::uint16_t worker_;
  std::vector<Batch> batches_;
  std::unique_ptr<std::uint8_t[], Free> memory_;
  std::unique_ptr<rte_ring, Free> free_;  // many threads release, the worker takes
  std::vector<Batch*> at_hand_;           // worker: taken from the ring, the last to come back on top
  std::atomic<std::size_t> at_hand_count_{0};
  std::unique_ptr<rte_ring, Free> full_;  // the worker submits, the publishing thread takes
  std::atomic<std::size_t> lent_{0};
};

}  // namespace spanlight
