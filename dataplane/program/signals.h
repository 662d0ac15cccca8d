#pragma once
// Ctrl-C and TERM end a program in order: the first asks, a second one kills.

#include <atomic>

namespace spanlight {

// Installs the handlers (INT, TERM), ignores PIPE. The flag is raised by the first signal.
const std::atomic<bool>& end_requested();

}  // namespace spanlight
