#pragma once
// YAML → the settings of the sensor. Every fault is one sentence with file, line, key, and what would be
// right; all faults are told, not only the first. May allocate and throw internally; used before the data
// path starts.

#include <string>
#include <variant>
#include <vector>

#include "settings/settings.h"

namespace spanlight {

// `path` empty: the defaults.
std::variant<Settings, std::vector<SettingsFault>> load_settings(const std::string& path,
                                                                 const ProtocolNames& protocols = {});
std::variant<Settings, std::vector<SettingsFault>> parse_settings(const std::string& yaml,
                                                                  const std::string& file,
                                                                  const ProtocolNames& protocols = {});

// What only this machine can say: CPUs that do not exist, interfaces and files that are not there. `path`
// names the file in the sentences; the lines come from settings.origin.
std::vector<SettingsFault> check_against_machine(const Settings& settings, const std::string& path);

// settings.sensor_name, or the host's name where it is empty.
std::string sensor_name(const Settings& settings);

// The whole of `settings` as YAML that parse_settings() reads back to the same. Secret keys are left out
// unless asked for.
std::string to_yaml(const Settings& settings, Secrets secrets = Secrets::withheld);

// Every key with its default, range and meaning, for people, wrapped to `columns`.
std::string describe_settings(unsigned columns);

}  // namespace spanlight
