#pragma once
// Moments as people and programs write them in queries: RFC 3339 ("2026-11-23T04:20:00.5Z", with any offset),
// nanoseconds since the epoch ("1795407600123456789"), so long ago ("5m", "1h30m"), or "now". Pure; any
// thread.

#include <cstdint>
#include <optional>
#include <string_view>

namespace spanlight::serve {

std::optional<std::uint64_t> parse_moment(std::string_view text, std::uint64_t now_ns);

// "90s", "1h30m", "250ms"; units ns, us, ms, s, m, h, d, w. At most a hundred years.
std::optional<std::uint64_t> parse_duration(std::string_view text);

}  // namespace spanlight::serve
