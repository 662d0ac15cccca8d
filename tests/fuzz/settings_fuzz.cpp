// Any bytes as a settings file: settings or sentences, never a crash, and what is accepted is printed and
// read back to the same.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "settings/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spanlight;
  const std::string yaml(reinterpret_cast<const char*>(data), size);
  const ProtocolNames protocols = {"http", "redis"};
  const auto parsed = parse_settings(yaml, "fuzz.yaml", protocols);
  if (const auto* faults = std::get_if<std::vector<SettingsFault>>(&parsed)) {
    if (faults->empty()) std::abort();
    for (const SettingsFault& fault : *faults)
      if (fault.text.empty()) std::abort();
    return 0;
  }
  const std::string printed = to_yaml(std::get<Settings>(parsed), Secrets::shown);
  const auto again = parse_settings(printed, "printed.yaml", protocols);
  if (!std::holds_alternative<Settings>(again)) std::abort();
  if (to_yaml(std::get<Settings>(again), Secrets::shown) != printed) std::abort();
  return 0;
}
