#pragma once
// From a source's name to an open port. Main thread, after start_eal(), before the workers start and before
// privileges are dropped. The string of each variant is why it cannot be: one sentence with the mend.

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "port/port.h"
#include "port/source.h"
#include "settings/settings.h"

namespace spanlight {

using OpenPort = std::variant<std::unique_ptr<Port>, std::string>;

// `index`: of the port in the settings, it becomes FrameInfo::port. `workers`: how many will poll.
OpenPort open_port(const PortSettings& port, const Settings& settings, std::uint8_t index, unsigned workers);

// Several capture files as one port, read one after the other. "-" is the standard input. The first that can
// be opened is open when this returns; one that cannot be is said by why(), and the rest is still read.
OpenPort open_capture_files(const std::vector<std::string>& paths, const Settings& settings,
                            std::uint8_t index, unsigned workers);

}  // namespace spanlight
