#include "core/slab.h"

#include <sys/mman.h>

#include <cassert>
#include <cstring>

namespace spanlight {

namespace {

constexpr std::size_t kHugePageBytes = 2u << 20;

}  // namespace

// A block that was given back holds in its first two bytes the offset of the one given back before it. Blocks
// that were never handed out are not touched: opening a page costs nothing.

SlabPool::SlabPool(std::size_t bytes) : page_count_(bytes / kPageBytes) {
  partial_.fill(kNone);
  if (page_count_ == 0) return;
  // Reserved whole, backed by the kernel as it is touched: an idle sensor stays small.
  mapped_bytes_ = page_count_ * kPageBytes + kHugePageBytes;
  void* region = mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) {
    page_count_ = 0;
    return;
  }
  mapped_ = static_cast<std::uint8_t*>(region);
  region_ = mapped_ + (kHugePageBytes - reinterpret_cast<std::uintptr_t>(mapped_) % kHugePageBytes);
  pages_.resize(page_count_);
  for (std::size_t i = page_count_; i > 0; --i) {
    pages_[i - 1].next = free_pages_;
    free_pages_ = static_cast<std::uint32_t>(i - 1);
  }
}

SlabPool::~SlabPool() {
  if (mapped_ != nullptr) munmap(mapped_, mapped_bytes_);
}

void SlabPool::prefer_huge_pages() {
  if (region_ != nullptr) madvise(region_, page_count_ * kPageBytes, MADV_HUGEPAGE);
}

std::uint32_t SlabPool::open_page(std::uint8_t size_class) {
  const std::uint32_t page = free_pages_;
  if (page == kNone) return kNone;
  free_pages_ = pages_[page].next;
  pages_[page] = {.next = kNone,
                  .prev = kNone,
                  .free_offset = kNoOffset,
                  .blocks_begun = 0,
                  .blocks_used = 0,
                  .size_class = size_class,
                  .listed = false};
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
  const std::size_t bytes = kClassBytes[size_class];
  std::uint8_t* block = region_ + page * kPageBytes;
  if (p.free_offset != kNoOffset) {
    block += p.free_offset;
    std::memcpy(&p.free_offset, block, sizeof(p.free_offset));
  } else {
    block += p.blocks_begun++ * bytes;
  }
  ++p.blocks_used;
  if (p.free_offset == kNoOffset && (p.blocks_begun + 1u) * bytes > kPageBytes) unlist(page);
  used_bytes_ += bytes;
  return {block, bytes};
}

void SlabPool::give(MutableBytes block) {
  if (block.data() == nullptr) return;
  const auto offset = static_cast<std::size_t>(block.data() - region_);
  const auto page = static_cast<std::uint32_t>(offset / kPageBytes);
  assert(page < page_count_);
  Page& p = pages_[page];
  assert(p.blocks_used > 0);
  assert(offset % kPageBytes % kClassBytes[p.size_class] == 0);
  std::memcpy(block.data(), &p.free_offset, sizeof(p.free_offset));
  p.free_offset = static_cast<std::uint16_t>(offset % kPageBytes);
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
