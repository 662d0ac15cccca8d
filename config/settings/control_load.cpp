#include "settings/control_load.h"

#include "settings/describe.h"
#include "settings/document.h"
#include "settings/together.h"

namespace spanlight {

Loaded<ControlSettings> parse_control_settings(const std::string& yaml, const std::string& file) {
  return parse_as<ControlSettings>(yaml, file, {});
}

Loaded<ControlSettings> load_control_settings(const std::string& path) {
  return load_as<ControlSettings>(path, {});
}

std::string to_yaml(const ControlSettings& settings, Secrets secrets) {
  return yaml_of(control_table(), &settings, secrets);
}

std::string describe_control_settings(unsigned columns) {
  const ControlSettings defaults;
  return describe_table(control_table(), &defaults, columns);
}

std::string tap_fault(const TapSettings& tap) {
  ControlSettings settings;
  settings.tap = tap;
  const auto read = parse_control_settings(to_yaml(settings), "");
  const auto* faults = std::get_if<std::vector<SettingsFault>>(&read);
  return faults == nullptr ? std::string() : faults->front().key + ": " + faults->front().text;
}

}  // namespace spanlight
