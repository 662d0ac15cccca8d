#pragma once
// The clock of names, counters and the API: nanoseconds since the Unix epoch. Any thread.

#include <chrono>
#include <cstdint>

namespace spanlight {

inline std::uint64_t wall_clock_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

}  // namespace spanlight
