// The ring functions are inlined into this file alone. The C11 variant costs nothing at a few thousand
// batches a second and is the one whose ordering a thread sanitizer can follow.
#ifndef RTE_USE_C11_MEM_MODEL
#define RTE_USE_C11_MEM_MODEL
#endif

#include "publish/batch_pool.h"

#include <rte_ring.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace spanlight {

namespace {

constexpr std::size_t kCacheLineBytes = 64;

std::size_t round_up(std::size_t n) {
  return (n + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes;
}

// A failure here is at start, before there is any traffic: there is nothing to go on with.
void* allocate(std::size_t bytes) {
  void* memory = std::aligned_alloc(kCacheLineBytes, round_up(bytes));
  if (memory == nullptr) std::abort();
  std::memset(memory, 0, round_up(bytes));
  return memory;
}

rte_ring* make_ring(const char* name, std::size_t count, unsigned flags) {
  // RING_F_EXACT_SZ: the ring holds `count` entries, its array is the next power of two above.
  const ssize_t bytes = rte_ring_get_memsize(rte_align32pow2(static_cast<std::uint32_t>(count) + 1));
  if (bytes < 0) std::abort();
  auto* ring = static_cast<rte_ring*>(allocate(static_cast<std::size_t>(bytes)));
  if (rte_ring_init(ring, name, static_cast<unsigned>(count), flags | RING_F_EXACT_SZ) != 0) std::abort();
  return ring;
}

}  // namespace

BatchPool::BatchPool(std::uint16_t worker, std::size_t buffer_bytes, std::size_t count)
    : worker_(worker), batches_(std::max<std::size_t>(count, 1)) {
  const std::size_t stride = round_up(std::max<std::size_t>(buffer_bytes, 1));
  memory_.reset(static_cast<std::uint8_t*>(allocate(stride * batches_.size())));
  free_.reset(make_ring("batches_free", batches_.size(), RING_F_SC_DEQ));
  full_.reset(make_ring("batches_full", batches_.size(), RING_F_SP_ENQ | RING_F_SC_DEQ));
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    Batch& batch = batches_[i];
    batch.pool = this;
    batch.worker = worker;
    batch.storage = memory_.get() + i * stride;
    batch.storage_bytes = stride;
    release(&batch);
  }
}

BatchPool::~BatchPool() = default;

Batch* BatchPool::take() {
  void* batch = nullptr;
  return rte_ring_sc_dequeue(free_.get(), &batch) == 0 ? static_cast<Batch*>(batch) : nullptr;
}

void BatchPool::submit(Batch* batch) {
  assert(batch->pool == this);
  [[maybe_unused]] const int full = rte_ring_sp_enqueue(full_.get(), batch);
  assert(full == 0);  // there are as many places as batches
}

Batch* BatchPool::next() {
  void* batch = nullptr;
  return rte_ring_sc_dequeue(full_.get(), &batch) == 0 ? static_cast<Batch*>(batch) : nullptr;
}

void BatchPool::release(Batch* batch) {
  assert(batch->pool == this);
  batch->data_offset = 0;
  batch->data_bytes = 0;
  batch->records = 0;
  [[maybe_unused]] const int full = rte_ring_mp_enqueue(free_.get(), batch);
  assert(full == 0);
}

void BatchPool::give_back(Batch* batch) {
  lent_.fetch_sub(1, std::memory_order_acq_rel);
  release(batch);
}

std::size_t BatchPool::waiting() const {
  return rte_ring_count(full_.get());
}

std::size_t BatchPool::available() const {
  return rte_ring_count(free_.get());
}

}  // namespace spanlight
