#pragma once
// Capture time. Live it is the sensor's clock, read once a burst; from a capture it is each packet's own
// timestamp. No code on the data path reads a clock: time is always a parameter.

#include <cstdint>

namespace spanlight {

using TimeNs = std::uint64_t;      // nanoseconds since the Unix epoch; 0 = not known
using DurationNs = std::uint64_t;  // nanoseconds

constexpr DurationNs kMicrosecondNs = 1'000;
constexpr DurationNs kMillisecondNs = 1'000'000;
constexpr DurationNs kSecondNs = 1'000'000'000;
constexpr TimeNs kNever = ~TimeNs{0};

}  // namespace spanlight
