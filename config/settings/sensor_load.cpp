#include "settings/load.h"

#include <unistd.h>

#include <climits>

#include "settings/describe.h"
#include "settings/document.h"
#include "settings/together.h"

namespace spanlight {

Loaded<Settings> parse_settings(const std::string& yaml, const std::string& file,
                                const ProtocolNames& protocols) {
  return parse_as<Settings>(yaml, file, protocols);
}

Loaded<Settings> load_settings(const std::string& path, const ProtocolNames& protocols) {
  return load_as<Settings>(path, protocols);
}

std::string to_yaml(const Settings& settings, Secrets secrets) {
  return yaml_of(settings_table(), &settings, secrets);
}

std::string describe_settings(unsigned columns) {
  const Settings defaults;
  return describe_table(settings_table(), &defaults, columns);
}

std::string sensor_name(const Settings& settings) {
  if (!settings.sensor_name.empty()) return settings.sensor_name;
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, sizeof name - 1) == 0 && name[0] != 0 ? name : "sensor";
}

}  // namespace spanlight
