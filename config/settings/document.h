#pragma once
// A settings file read into the settings of a program, whichever: the file, its YAML, the table's keys, then
// what only several keys together show. May allocate and throw internally; used while nothing runs yet, or by
// the thread that reloads.

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "settings/table.h"

namespace spanlight {

// Where the document goes; owns nothing. `settings` is the struct that `table` is of.
struct SettingsTarget {
  Table table;
  void* settings;
  SettingsOrigin& origin;
  const ProtocolNames& protocols;
};

// The whole file, or the fault that kept it from being read.
std::variant<std::string, SettingsFault> read_settings_file(const std::string& path);

// False: it is not YAML, and nothing was read. Faults are added in the file's order.
bool read_yaml(const std::string& yaml, const SettingsTarget& target, std::vector<SettingsFault>& faults);

template <typename S>
using Loaded = std::variant<S, std::vector<SettingsFault>>;

// Needs an overload check_together(const S&, std::vector<SettingsFault>&).
template <typename S>
Loaded<S> parse_as(const std::string& yaml, const std::string& file, const ProtocolNames& protocols) {
  S settings;
  std::vector<SettingsFault> faults;
  settings.origin.file = file;
  if (read_yaml(yaml, {table_of(settings), &settings, settings.origin, protocols}, faults))
    check_together(settings, faults);
  if (!faults.empty()) return faults;
  return settings;
}

// `path` empty: the defaults.
template <typename S>
Loaded<S> load_as(const std::string& path, const ProtocolNames& protocols) {
  if (path.empty()) return S{};
  auto text = read_settings_file(path);
  if (auto* fault = std::get_if<SettingsFault>(&text)) return std::vector{std::move(*fault)};
  return parse_as<S>(std::get<std::string>(text), path, protocols);
}

}  // namespace spanlight
