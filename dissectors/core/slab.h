#pragma once
// Memory of one worker for what must outlive its burst: out-of-order segments, heads of messages, body
// previews. One region is taken when the worker starts; afterwards nothing comes from the system allocator.
// The region is cut into 64 KiB pages, a page into blocks of one size class; a page whose blocks are all free
// serves any class again. Exhaustion is an empty answer, which the caller counts and survives. One owner
// thread; no locks.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/bytes.h"

namespace spanlight {

class SlabPool {
 public:
  static constexpr std::size_t kPageBytes = 65'536;
  static constexpr std::size_t kClasses = 7;
  // Multiples of a cache line: a flow's inspection or HTTP connection, an HTTP call, heads, one full segment,
  // larger ones.
  static constexpr std::array<std::size_t, kClasses> kClassBytes = {256,   704,    1'024, 2'048,
                                                                    4'096, 16'384, 65'536};

  // `bytes` is rounded down to whole pages; less than one page makes a pool that is always exhausted.
  explicit SlabPool(std::size_t bytes);
  ~SlabPool();
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;

  // For pools that live long and are touched at random: fewer TLB misses, where the kernel grants it. At
  // start.
  void prefer_huge_pages();

  // A block of at least `bytes_min` (its size is that of its class), or an empty span when nothing is left or
  // `bytes_min` is larger than a page. The contents are not defined.
  MutableBytes take(std::size_t bytes_min);

  // Gives a block back; the span as take() gave it, or any part that starts where it starts. Empty is
  // allowed.
  void give(MutableBytes block);

  std::size_t capacity_bytes() const { return page_count_ * kPageBytes; }
  std::size_t used_bytes() const { return used_bytes_; }  // whole blocks handed out
  std::uint64_t refused() const { return refused_; }      // take() calls that came back empty

 private:
  struct Page {
    std::uint32_t next, prev;    // neighbours among pages of this class with a free block; or next free page
    std::uint16_t free_offset;   // of the block that was given back last, kNoOffset = none
    std::uint16_t blocks_begun;  // handed out at least once since the page was opened
    std::uint16_t blocks_used;
    std::uint8_t size_class;
    bool listed;
  };

  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint16_t kNoOffset = 0xffff;

  std::uint32_t open_page(std::uint8_t size_class);
  void list(std::uint32_t page);
  void unlist(std::uint32_t page);

  std::uint8_t* mapped_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::uint8_t* region_ = nullptr;  // within it, aligned to huge pages
  std::size_t page_count_ = 0;
  std::vector<Page> pages_;
  std::uint32_t free_pages_ = kNone;
  std::array<std::uint32_t, kClasses> partial_{};  // per class: a page with a free block
  std::size_t used_bytes_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace spanlight
