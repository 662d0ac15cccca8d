#pragma once
// Numbers as the file writes them: "4096", "300s", "5m", "64MiB". Text ↔ number in the unit of its key, and
// the words of a range. Durations: ms, s, m, h. Sizes: B, KiB, MiB, GiB (and KB, MB, GB, powers of 1000). A
// number without a unit counts in the unit of its key.

#include <cstdint>
#include <string>
#include <string_view>

#include "settings/table.h"

namespace spanlight {

// Reads `text`. On a fault gives its sentence ("99 is below the least, 1024; give a number from 1024 to
// 100000000") and leaves `out` alone; otherwise gives the empty string.
std::string read_number(std::string_view text, const Range& range, std::int64_t& out);

std::string format_number(std::int64_t value, const Range& range);

// "a number from 1 to 10, or auto"
std::string describe_range(const Range& range);

}  // namespace spanlight
