// Any bytes as the control process's settings file: settings or sentences, never a crash, and what is
// accepted is printed and read back to the same.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "settings/control_load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spanlight;
  const std::string yaml(reinterpret_cast<const char*>(data), size);
  const auto parsed = parse_control_settings(yaml, "fuzz.yaml");
  if (const auto* faults = std::get_if<std::vector<SettingsFault>>(&parsed)) {
    if (faults->empty()) std::abort();
    for (const SettingsFault& fault : *faults)
      if (fault.text.empty()) std::abort();
    return 0;
  }
  const std::string printed = to_yaml(std::get<ControlSettings>(parsed), Secrets::shown);
  const auto again = parse_control_settings(printed, "printed.yaml");
  if (!std::holds_alternative<ControlSettings>(again)) std::abort();
  if (to_yaml(std::get<ControlSettings>(again), Secrets::shown) != printed) std::abort();
  return 0;
}
