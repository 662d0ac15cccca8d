#pragma once
// What the programs do alike before packets flow: settings, faults told, EAL started.

#include <optional>
#include <string>
#include <vector>

#include "settings/settings.h"

namespace spanlight {

// The settings of `path` (empty: the defaults); faults are told on standard error, one line each. Nothing =
// give up.
std::optional<Settings> settings_from(const std::string& path);

// Starts the EAL and says on standard error why it cannot; `quiet` leaves out the line about memory.
bool eal_is_up(const Settings& settings, const std::vector<unsigned>& cpus, bool quiet);

// The CPUs that this process may run on.
std::vector<unsigned> all_cpus();

// True if a capture file is among the sources: then it must be the only one, since the clock of a capture is
// its own.
bool reads_capture(const Settings& settings);
inline constexpr const char* kOneCapture =
    "a capture file is read alone: its clock is not that of other sources; merge captures first (mergecap), "
    "or use "
    "`spanlight dissect` for several";

// A new epoch for this start: the clock's nanoseconds, which no earlier start can have had.
std::uint64_t new_epoch();

}  // namespace spanlight
