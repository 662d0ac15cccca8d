#include "core/slab_buffer.h"

#include <cstring>

namespace spanlight {

bool SlabBuffer::reserve(SlabPool& pool, std::size_t bytes) {
  if (bytes <= capacity_) return true;
  if (bytes > kBytesMax) return false;
  const MutableBytes block = pool.take(bytes);
  if (block.empty()) return false;
  if (size_ > 0) std::memcpy(block.data(), data_, size_);
  if (data_ != nullptr) pool.give({data_, capacity_});
  data_ = block.data();
  capacity_ = static_cast<std::uint32_t>(block.size());
  return true;
}

bool SlabBuffer::append(SlabPool& pool, Bytes more) {
  if (more.empty()) return true;
  if (more.size() > kBytesMax - size_) return false;
  if (!reserve(pool, size_ + more.size())) return false;
  std::memcpy(data_ + size_, more.data(), more.size());
  size_ += static_cast<std::uint32_t>(more.size());
  return true;
}

void SlabBuffer::release(SlabPool& pool) {
  if (data_ != nullptr) pool.give({data_, capacity_});
  *this = SlabBuffer{};
}

}  // namespace spanlight
