#pragma once
// Memory that a capture file is read into, and that the mbufs of its frames point into: a frame is not copied
// once more. A block goes back when its reader has left it and the last mbuf that points into it is freed, by
// whatever thread. take() by one thread: the one that reads.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <rte_mbuf.h>

namespace spanlight {

constexpr std::size_t kCaptureBlockBytes =
    524'288;                                // twice the largest frame: most blocks begin with none cut
constexpr std::size_t kCaptureBlocks = 64;  // beyond them frames are copied (README)

struct CaptureBlock {
  std::uint8_t* bytes = nullptr;
  // Its count: one for the reader while it fills the block, and one for each mbuf.
  rte_mbuf_ext_shared_info shared{};
  std::atomic<bool> taken{false};
};

class CaptureBlocks {
 public:
  CaptureBlocks();
  // With mbufs still out the memory stays until the process ends, since someone still reads it.
  ~CaptureBlocks();
  CaptureBlocks(const CaptureBlocks&) = delete;
  CaptureBlocks& operator=(const CaptureBlocks&) = delete;

  bool ok() const { return memory_ != nullptr; }  // false: no address space

  // A block with one reference, the taker's; nullptr: mbufs hold them all. Always the first that is free: the
  // fewer are in use, the longer their lines stay in the caches, and what was never needed never takes a
  // page.
  CaptureBlock* take();

  // Gives back the taker's reference.
  static void leave(CaptureBlock& block);

  // Where frames are read to that will be copied: no mbuf ever points into it.
  CaptureBlock& spare() { return blocks_[kCaptureBlocks]; }

 private:
  std::unique_ptr<CaptureBlock[]> blocks_;
  std::uint8_t* memory_ = nullptr;
};

// An mbuf of `bytes` (at most 65,535) that lie in `block`, by reference. The caller adds the reference to the
// block: once for many.
inline void attach_frame(rte_mbuf& mbuf, CaptureBlock& block, const std::uint8_t* bytes, std::uint16_t n) {
  // No device will read it: its I/O address is nobody's.
  rte_pktmbuf_attach_extbuf(&mbuf, const_cast<std::uint8_t*>(bytes), RTE_BAD_IOVA, n, &block.shared);
  mbuf.data_len = n;
  mbuf.pkt_len = n;
}

}  // namespace spanlight
