#pragma once
// Memory of fixed size that is reserved at start and backed by pages later: as it is used, or at once.

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace spanlight {

// nullptr: there is no address space. Zeroes, where nothing was written.
inline void* reserve_pages(std::size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  madvise(p, bytes, MADV_HUGEPAGE);  // fewer TLB misses where the kernel grants it; nothing is lost where not
  return p;
}

// False: the system has not so much.
inline bool take_pages(void* begin, std::size_t bytes) {
#ifdef MADV_POPULATE_WRITE  // since Linux 5.14
  if (madvise(begin, bytes, MADV_POPULATE_WRITE) == 0) return true;
  if (errno != EINVAL) return false;
#endif
  auto* page = static_cast<volatile std::uint8_t*>(begin);
  for (std::size_t at = 0; at < bytes; at += 4'096) page[at] = page[at];
  return true;
}

}  // namespace spanlight
