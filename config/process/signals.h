#pragma once
// Ctrl-C and TERM end a program in order: the first asks, a second one kills.

#include <atomic>

namespace spanlight {

// Installs the handlers (INT, TERM), ignores PIPE. The flag is raised by the first signal.
const std::atomic<bool>& end_requested();

// Installs the handler of HUP. The flag is raised by the signal and lowered by who acts on it: settings are
// read anew, logs opened anew.
std::atomic<bool>& reload_requested();

}  // namespace spanlight
