#include "port/capture_blocks.h"

#include "port/large_memory.h"

namespace spanlight {
namespace {

constexpr std::size_t kMemoryBytes = (kCaptureBlocks + 1) * kCaptureBlockBytes;

// Frames of no bytes at all are the shortest, 16 bytes of the file each.
static_assert(kCaptureBlockBytes / 16 < UINT16_MAX, "DPDK counts references in 16 bits");

void last_mbuf_freed(void*, void* block) {
  static_cast<CaptureBlock*>(block)->taken.store(false, std::memory_order_release);
}

}  // namespace

CaptureBlocks::CaptureBlocks() : blocks_(std::make_unique<CaptureBlock[]>(kCaptureBlocks + 1)) {
  memory_ = static_cast<std::uint8_t*>(allocate_large(kMemoryBytes));
  if (memory_ == nullptr) return;
  for (std::size_t i = 0; i <= kCaptureBlocks; ++i) {
    CaptureBlock& block = blocks_[i];
    block.bytes = memory_ + i * kCaptureBlockBytes;
    block.shared.free_cb = last_mbuf_freed;
    block.shared.fcb_opaque = &block;
  }
}

CaptureBlocks::~CaptureBlocks() {
  for (std::size_t i = 0; i < kCaptureBlocks; ++i) {
    if (!blocks_[i].taken.load(std::memory_order_acquire)) continue;
    static_cast<void>(blocks_.release());
    return;
  }
  std::free(memory_);
}

CaptureBlock* CaptureBlocks::take() {
  for (std::size_t i = 0; i < kCaptureBlocks; ++i) {
    CaptureBlock& block = blocks_[i];
    if (block.taken.load(std::memory_order_acquire)) continue;
    block.taken.store(true, std::memory_order_relaxed);
    rte_mbuf_ext_refcnt_set(&block.shared, 1);
    return &block;
  }
  return nullptr;
}

void CaptureBlocks::leave(CaptureBlock& block) {
  if (rte_mbuf_ext_refcnt_update(&block.shared, -1) == 0) last_mbuf_freed(nullptr, &block);
}

}  // namespace spanlight
