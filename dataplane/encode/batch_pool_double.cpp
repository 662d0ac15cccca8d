// The pool without DPDK's rings: one thread, two stacks. Buffers start at odd addresses on purpose: the
// contract says nothing of alignment.

#include "encode/batch_pool_double.h"

#include <algorithm>

namespace spanlight {

namespace {

using Line = std::vector<Batch*>;
Line& line(rte_ring* ring) {
  return *reinterpret_cast<Line*>(ring);
}

Batch* first_of(Line& waiting) {
  if (waiting.empty()) return nullptr;
  Batch* batch = waiting.front();
  waiting.erase(waiting.begin());
  return batch;
}

}  // namespace

BatchPool::BatchPool(std::uint16_t worker, std::size_t buffer_bytes, std::size_t count)
    : batches_(count), memory_(std::make_unique<std::uint8_t[]>((buffer_bytes + 1) * count + 1)) {
  auto* free = new Line;
  auto* full = new Line;
  free->reserve(count);
  full->reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    batches_[i].storage = memory_.get() + 1 + i * (buffer_bytes + 1);
    batches_[i].storage_bytes = buffer_bytes;
    batches_[i].worker = worker;
    free->push_back(&batches_[i]);
  }
  free_ = reinterpret_cast<rte_ring*>(free);
  full_ = reinterpret_cast<rte_ring*>(full);
}

BatchPool::~BatchPool() {
  delete &line(free_);
  delete &line(full_);
}

Batch* BatchPool::take() {
  Line& free = line(free_);
  if (free.empty()) return nullptr;
  Batch* batch = free.back();
  free.pop_back();
  return batch;
}

void BatchPool::submit(Batch* batch) {
  line(full_).push_back(batch);
}
Batch* BatchPool::next() {
  return first_of(line(full_));
}
void BatchPool::release(Batch* batch) {
  line(free_).push_back(batch);
}
std::size_t BatchPool::waiting() const {
  return line(full_).size();
}

void recycle_all(BatchPool& pool) {
  while (Batch* batch = pool.next()) pool.release(batch);
}

}  // namespace spanlight
