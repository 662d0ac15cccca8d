#pragma once
// Ordinary memory in large pages, where the kernel has them to give: fewer misses of the TLB, fewer faults.

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>

namespace spanlight {

// Free it with std::free(). nullptr: there is no address space. Pages come when they are touched.
inline void* allocate_large(std::size_t bytes) {
  constexpr std::size_t kLargePageBytes = std::size_t{2} << 20;
  bytes = (bytes + kLargePageBytes - 1) / kLargePageBytes * kLargePageBytes;
  void* memory = std::aligned_alloc(kLargePageBytes, bytes);
  if (memory != nullptr) madvise(memory, bytes, MADV_HUGEPAGE);  // a kernel without them: small pages
  return memory;
}

}  // namespace spanlight
