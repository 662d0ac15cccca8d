#include "core/slab.h"

#include <sys/mman.h>

#include <cassert>
#include <cstring>

namespace spanlight {

// A free block's first four bytes hold the index of the page's next free block.

SlabPool::SlabPool(std::size_t bytes) : page_count_(bytes / kPageBytes) {
  partial_.fill(kNone);
  if (page_count_ == 0) return;
  // Reserved whole, backed by the kernel as it is touched: an idle sensor stays small.
  void* region = mmap(nullptr, page_count_ * kPageBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) {
    page_count_ = 0;
    return;
  }
  region_ = static_cast<std::uint8_t*>(region);
  pages_.resize(page_count_);
  for (std::size_t i = page_count_; i > 0; --i) {
    pages_[i - 1].next = free_pages_;
    free_pages_ = static_cast<std::uint32_t>(i - 1);
  }
}

SlabPool::~SlabPool() {
  if (region_ != nullptr) munmap(region_, page_count_ * kPageBytes);
}

std::uint8_t* SlabPool::block_at(std::uint32_t page, std::uint32_t block) const {
  return region_ + page * kPageBytes + block * kClassBytes[pages_[page].size_class];
}

std::uint32_t SlabPool::open_page(std::uint8_t size_class) {
  const std::uint32_t page = free_pages_;
  if (page == kNone) return kNone;
  free_pages_ = pages_[page].next;
  pages_[page] = {.free_head = 0,
                  .next = kNone,
                  .prev = kNone,
                  .blocks_used = 0,
                  .size_class = size_class,
                  .listed = false};
  const std::size_t block_bytes = kClassBytes[size_class];
  const auto blocks = static_cast<std::uint32_t>(kPageBytes / block_bytes);
  std::uint8_t* block = region_ + page * kPageBytes;
  for (std::uint32_t b = 0; b < blocks; ++b, block += block_bytes) {
    const std::uint32_t next = b + 1 < blocks ? b + 1 : kNone;
    std::memcpy(block, &next, sizeof(next));
  }
  list(page);
  return page;
}

void SlabPool::list(std::uint32_t page) {
  Page& p = pages_[page];
  p.prev = kNone;
  p.next = partial_[p.size_class];
  if (p.next != kNone) pages_[p.next].prev = page;
  partial_[p.size_class] = page;
  p.listed = true;
}

void SlabPool::unlist(std::uint32_t page) {
  Page& p = pages_[page];
  if (p.prev != kNone)
    pages_[p.prev].next = p.next;
  else
    partial_[p.size_class] = p.next;
  if (p.next != kNone) pages_[p.next].prev = p.prev;
  p.listed = false;
}

MutableBytes SlabPool::take(std::size_t bytes_min) {
  std::uint8_t size_class = 0;
  while (size_class < kClasses && kClassBytes[size_class] < bytes_min) ++size_class;
  const std::uint32_t page = size_class == kClasses          ? kNone
                             : partial_[size_class] != kNone ? partial_[size_class]
                                                             : open_page(size_class);
  if (page == kNone) {
    ++refused_;
    return {};
  }
  Page& p = pages_[page];
  std::uint8_t* block = block_at(page, p.free_head);
  std::memcpy(&p.free_head, block, sizeof(p.free_head));
  ++p.blocks_used;
  if (p.free_head == kNone) unlist(page);
  used_bytes_ += kClassBytes[size_class];
  return {block, kClassBytes[size_class]};
}

void SlabPool::give(MutableBytes block) {
  if (block.data() == nullptr) return;
  const auto offset = static_cast<std::size_t>(block.data() - region_);
  const auto page = static_cast<std::uint32_t>(offset / kPageBytes);
  assert(page < page_count_);
  Page& p = pages_[page];
  assert(p.blocks_used > 0);
  assert(offset % kPageBytes % kClassBytes[p.size_class] == 0);
  const auto index = static_cast<std::uint32_t>(offset % kPageBytes / kClassBytes[p.size_class]);
  std::memcpy(block.data(), &p.free_head, sizeof(p.free_head));
  p.free_head = index;
  used_bytes_ -= kClassBytes[p.size_class];
  if (--p.blocks_used == 0) {
    if (p.listed) unlist(page);
    p.next = free_pages_;
    free_pages_ = page;
  } else if (!p.listed) {
    list(page);
  }
}

}  // namespace spanlight
