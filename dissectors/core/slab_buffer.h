#pragma once
// Bytes that grow through the size classes of a SlabPool: the head of a message, its header table, its body
// preview. Plain data, so that it can live in a slab block itself: whoever holds one releases it; nothing is
// released by itself. One worker, no locks. The largest buffer is one slab page (65,536 bytes).

#include <cstddef>
#include <cstdint>

#include "core/bytes.h"
#include "core/slab.h"

namespace spanlight {

class SlabBuffer {
 public:
  static constexpr std::size_t kBytesMax = SlabPool::kPageBytes;

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  const std::uint8_t* data() const { return data_; }
  Bytes bytes() const { return {data_, size_}; }

  // The room behind them, for what its holder keeps there until it appends again.
  MutableBytes spare() { return {data_ + size_, capacity_ - size_}; }

  // Makes room for `bytes` in all. False: more than a page, or the pool is exhausted; what is held stays.
  bool reserve(SlabPool& pool, std::size_t bytes);

  // All or nothing.
  bool append(SlabPool& pool, Bytes more);

  void shrink(std::size_t size) {
    if (size < size_) size_ = static_cast<std::uint32_t>(size);
  }
  void release(SlabPool& pool);

 private:
  std::uint8_t* data_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace spanlight
