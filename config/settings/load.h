#pragma once
// YAML → Settings. Every fault is one sentence with file, line, key, and what would be right; all faults are told, not
// only the first. May allocate and throw internally; used before the data path starts.

#include <string>
#include <variant>
#include <vector>

#include "settings/settings.h"

namespace spanlight {

struct SettingsFault {
  std::string file;
  int line = 0;  // 1-based; 0 = the file as a whole
  std::string key;
  std::string text;  // what is wrong and what would be right
  std::string sentence() const;  // "sensor.yaml:12: flows.max: …"
};

// `path` empty: the defaults.
std::variant<Settings, std::vector<SettingsFault>> load_settings(const std::string& path);
std::variant<Settings, std::vector<SettingsFault>> parse_settings(const std::string& yaml, const std::string& file);

// What only this machine can say: CPUs that do not exist, interfaces and files that are not there. `path` names the file
// in the sentences.
std::vector<SettingsFault> check_against_machine(const Settings& settings, const std::string& path);

}  // namespace spanlight
