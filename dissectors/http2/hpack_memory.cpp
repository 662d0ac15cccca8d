#include "http2/hpack_memory.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace spanlight::http2 {

HpackMemory::Block* HpackMemory::open_block(std::size_t bytes) {
  if (bytes > SlabPool::kPageBytes || used_bytes_ >= kBytesMax) return nullptr;
  const MutableBytes slab = pool_.take(bytes);
  if (slab.empty()) return nullptr;
  auto* block = new (slab.data()) Block{blocks_, nullptr, slab.size()};
  if (blocks_ != nullptr) blocks_->before = block;
  blocks_ = block;
  used_bytes_ += slab.size();
  return block;
}

std::uint8_t* HpackMemory::carve(std::size_t bytes) {
  if (bytes > left_) {
    Block* block = open_block(kBlockBytes);
    if (block == nullptr) return nullptr;
    at_ = reinterpret_cast<std::uint8_t*>(block) + sizeof(Block);
    left_ = block->bytes - sizeof(Block);
  }
  std::uint8_t* out = at_;
  at_ += bytes;
  left_ -= bytes;
  return out;
}

void* HpackMemory::whole_block(std::size_t bytes) {
  if (bytes > SlabPool::kPageBytes) return nullptr;
  Block* block = open_block(sizeof(Block) + sizeof(Piece) + bytes);
  if (block == nullptr) return nullptr;
  auto* piece = new (block + 1) Piece{kOwnBlock, static_cast<std::uint32_t>(bytes)};
  return piece + 1;
}

void* HpackMemory::take(std::size_t bytes) {
  const auto fits = std::find_if(kClassBytes.begin(), kClassBytes.end(),
                                 [&](std::uint32_t class_bytes) { return bytes <= class_bytes; });
  if (fits == kClassBytes.end()) return whole_block(bytes);
  const auto size_class = static_cast<std::size_t>(fits - kClassBytes.begin());
  if (Free* free = free_[size_class]; free != nullptr) {
    free_[size_class] = free->next;
    return free;
  }
  std::uint8_t* room = carve(sizeof(Piece) + *fits);
  if (room == nullptr) return nullptr;
  auto* piece = new (room) Piece{static_cast<std::uint32_t>(size_class), *fits};
  return piece + 1;
}

void HpackMemory::give(void* at) {
  if (at == nullptr) return;
  Piece* piece = static_cast<Piece*>(at) - 1;
  if (piece->size_class != kOwnBlock) {
    auto* free = new (at) Free{free_[piece->size_class]};
    free_[piece->size_class] = free;
    return;
  }
  Block* block = reinterpret_cast<Block*>(piece) - 1;
  (block->before != nullptr ? block->before->next : blocks_) = block->next;
  if (block->next != nullptr) block->next->before = block->before;
  used_bytes_ -= block->bytes;
  pool_.give({reinterpret_cast<std::uint8_t*>(block), block->bytes});
}

void HpackMemory::release() {
  while (blocks_ != nullptr) {
    Block* block = blocks_;
    blocks_ = block->next;
    pool_.give({reinterpret_cast<std::uint8_t*>(block), block->bytes});
  }
  at_ = nullptr;
  left_ = used_bytes_ = 0;
  free_.fill(nullptr);
}

nghttp2_mem HpackMemory::hooks() {
  nghttp2_mem out{};
  out.mem_user_data = this;
  out.malloc = [](std::size_t bytes, void* memory) { return static_cast<HpackMemory*>(memory)->take(bytes); };
  out.free = [](void* piece, void* memory) { static_cast<HpackMemory*>(memory)->give(piece); };
  out.calloc = [](std::size_t count, std::size_t bytes, void* memory) -> void* {
    if (bytes != 0 && count > SlabPool::kPageBytes / bytes) return nullptr;
    void* piece = static_cast<HpackMemory*>(memory)->take(count * bytes);
    if (piece != nullptr) std::memset(piece, 0, count * bytes);
    return piece;
  };
  out.realloc = [](void* old, std::size_t bytes, void* memory) -> void* {
    void* piece = static_cast<HpackMemory*>(memory)->take(bytes);
    if (piece == nullptr || old == nullptr) return piece;
    std::memcpy(piece, old, std::min<std::size_t>(bytes, (static_cast<Piece*>(old) - 1)->bytes));
    static_cast<HpackMemory*>(memory)->give(old);
    return piece;
  };
  return out;
}

}  // namespace spanlight::http2
