// The ring functions are inlined into this file alone. The C11 variant costs nothing at a few thousand
// batches a second and is the one whose ordering a thread sanitizer can follow.
#ifndef RTE_USE_C11_MEM_MODEL
#define RTE_USE_C11_MEM_MODEL
#endif

#include "publish/batch_pool.h"

#include <rte_ring.h>
#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace spanlight {

namespace {

constexpr std::size_t kCacheLineBytes = 64;

constexpr std::size_t kLargePageBytes = std::size_t{2} << 20;

std::size_t round_up(std::size_t n, std::size_t unit = kCacheLineBytes) {
  return (n + unit - 1) / unit * unit;
}

// A failure here is at start, before there is any traffic: there is nothing to go on with.
void* allocate(std::size_t bytes) {
  const std::size_t unit = bytes >= kLargePageBytes ? kLargePageBytes : kCacheLineBytes;
  bytes = round_up(bytes, unit);
  void* memory = std::aligned_alloc(unit, bytes);
  if (memory == nullptr) std::abort();
  if (unit == kLargePageBytes) madvise(memory, bytes, MADV_HUGEPAGE);  // a kernel without them: small pages
  std::memset(memory, 0, bytes);
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
  at_hand_.reserve(batches_.size());
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

// The ring alone would hand out the buffer that has been idle for longest: none of its lines is in the
// worker's cache any more. So the worker empties the ring and begins with what came back last.
Batch* BatchPool::take() {
  std::size_t count = at_hand_.size();
  at_hand_.resize(batches_.size());
  count += rte_ring_sc_dequeue_burst(free_.get(), reinterpret_cast<void**>(at_hand_.data() + count),
                                     static_cast<unsigned>(at_hand_.size() - count), nullptr);
  at_hand_.resize(count);
  Batch* batch = nullptr;
  if (!at_hand_.empty()) {
    batch = at_hand_.back();
    at_hand_.pop_back();
  }
  at_hand_count_.store(at_hand_.size(), std::memory_order_relaxed);
  return batch;
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
  batch->tally = {};
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
  return rte_ring_count(free_.get()) + at_hand_count_.load(std::memory_order_relaxed);
}

}  // namespace spanlight
