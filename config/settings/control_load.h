#pragma once
// YAML → the settings of the control process, as load.h does for the sensor's; and what differs between two
// of them, for a reload. May allocate and throw internally; used at start and by the thread that reloads.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "settings/control.h"
#include "settings/shared.h"

namespace spanlight {

// `path` empty: the defaults.
std::variant<ControlSettings, std::vector<SettingsFault>> load_control_settings(const std::string& path);
std::variant<ControlSettings, std::vector<SettingsFault>> parse_control_settings(const std::string& yaml,
                                                                                 const std::string& file);

// What only this machine can say: files that are not there, folders that cannot be written, users. `path`
// names the file in the sentences; the lines come from settings.origin.
std::vector<SettingsFault> check_against_machine(const ControlSettings& settings, const std::string& path);

// The whole of `settings` as YAML that parse_control_settings() reads back to the same. Secret keys are left
// out unless asked for.
std::string to_yaml(const ControlSettings& settings, Secrets secrets = Secrets::withheld);

// Every key with its default, range and meaning, for people, wrapped to `columns`.
std::string describe_control_settings(unsigned columns);

// What is wrong with capture targets that did not come from a file, in one sentence; empty: nothing. The same
// checks.
std::string tap_fault(const TapSettings& tap);

// A key whose value differs. Lists of maps ("sensors", "serve.access") count as one key.
struct Change {
  std::string_view key;
  bool live;  // takes effect without a restart

  bool operator==(const Change&) const = default;
};

// In the table's order. Only values are compared: that a file which is named (a token's, a certificate's) has
// other contents now is not seen here.
std::vector<Change> changes(const ControlSettings& from, const ControlSettings& to);

}  // namespace spanlight
