#pragma once
// One worker's batches: a fixed number of buffers, and the two rings between the worker and the thread that sends.
//   worker:    take() … fill … submit()          publishing side:  next() … send … release()
// take() is empty when all buffers are in flight: the worker drops and counts, it never waits.
// release() may be called by any thread (ZeroMQ frees messages on its I/O thread); the rest by one thread each.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "publish/batch.h"

struct rte_ring;

namespace spanlight {

class BatchPool {
 public:
  // `buffer_bytes`: of each buffer; `count`: rounded up to a power of two minus one by the rings.
  BatchPool(std::uint16_t worker, std::size_t buffer_bytes, std::size_t count);
  ~BatchPool();
  BatchPool(const BatchPool&) = delete;
  BatchPool& operator=(const BatchPool&) = delete;

  Batch* take();             // worker; nullptr = all in flight
  void submit(Batch* batch);  // worker; never fails: the ring holds all buffers
  Batch* next();             // publishing side; nullptr = nothing there
  void release(Batch* batch);

  std::size_t count() const { return batches_.size(); }
  std::size_t waiting() const;  // submitted, not yet taken

 private:
  std::vector<Batch> batches_;
  std::unique_ptr<std::uint8_t[]> memory_;
  rte_ring* free_ = nullptr;
  rte_ring* full_ = nullptr;
};

}  // namespace spanlight
