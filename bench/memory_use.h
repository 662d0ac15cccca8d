#pragma once
// What this process holds of the machine's memory, and what is left of it, by the kernel's own figures.

#include <cstdint>

namespace spanlight::bench {

struct MemoryUse {
  std::uint64_t resident_bytes = 0;   // ordinary pages
  std::uint64_t hugepages_bytes = 0;  // of hugetlbfs, where DPDK's memory lies
  std::uint64_t bytes() const { return resident_bytes + hugepages_bytes; }
};
MemoryUse memory_use();

std::uint64_t memory_available();  // ordinary pages and free hugepages, in bytes

}  // namespace spanlight::bench
