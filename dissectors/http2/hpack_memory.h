#pragma once
// What one header decompressor takes: small pieces of slab blocks, through the library's own hooks, so that
// it is bounded, counted, and given back as a whole. nghttp2 wants some hundred pieces of 16 to 200 bytes for
// a full table of 4 KiB, which the slabs' smallest block would waste. One connection, one direction, one
// worker.

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/slab.h"

namespace spanlight::http2 {

class HpackMemory {
 public:
  static constexpr std::size_t kBytesMax = 1u << 20;  // of one direction; refused beyond

  explicit HpackMemory(SlabPool& pool) : pool_(pool) {}
  HpackMemory(const HpackMemory&) = delete;
  HpackMemory& operator=(const HpackMemory&) = delete;

  // nullptr: the slabs are exhausted, or the bound is reached, or it is more than fits a slab page. Aligned
  // to 8 bytes, as all that the library keeps there wants.
  void* take(std::size_t bytes);
  void give(void* piece);

  // Everything at once; what was taken is gone.
  void release();

  nghttp2_mem hooks();

 private:
  // In front of each piece: its class, or that it has a block of its own.
  struct Piece {
    std::uint32_t size_class;
    std::uint32_t bytes;
  };
  struct Block {  // in front of each slab block
    Block* next;
    Block* before;
    std::size_t bytes;
  };
  struct Free {
    Free* next;
  };
  static constexpr std::array<std::uint32_t, 10> kClassBytes = {24,  40,  56,  72,  104,
                                                                136, 200, 328, 584, 1'096};
  static constexpr std::uint32_t kOwnBlock = 0xffff'ffff;
  static constexpr std::size_t kBlockBytes = 4'096;

  std::uint8_t* carve(std::size_t bytes);
  Block* open_block(std::size_t bytes);
  void* whole_block(std::size_t bytes);

  SlabPool& pool_;
  Block* blocks_ = nullptr;
  std::uint8_t* at_ = nullptr;  // not handed out yet, of the block opened last
  std::size_t left_ = 0;
  std::size_t used_bytes_ = 0;
  std::array<Free*, kClassBytes.size()> free_{};
};

}  // namespace spanlight::http2
