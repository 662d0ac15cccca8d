#include "memory_use.h"

#include <fstream>
#include <string>

namespace spanlight::bench {

namespace {

// The value behind "key:" in a file of lines "key: N unit"; 0 = not there.
std::uint64_t value_of(const char* file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string word; lines >> word;) {
    if (word != key + ":") continue;
    std::uint64_t value = 0;
    lines >> value;
    return value;
  }
  return 0;
}

}  // namespace

MemoryUse memory_use() {
  constexpr const char* kStatus = "/proc/self/status";
  return {.resident_bytes = value_of(kStatus, "VmRSS") << 10,
          .hugepages_bytes = value_of(kStatus, "HugetlbPages") << 10};
}

std::uint64_t memory_available() {
  constexpr const char* kMemory = "/proc/meminfo";
  return (value_of(kMemory, "MemAvailable") +
          value_of(kMemory, "HugePages_Free") * value_of(kMemory, "Hugepagesize"))
         << 10;
}

}  // namespace spanlight::bench
