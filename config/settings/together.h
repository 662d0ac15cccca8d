#pragma once
// Faults that only several keys together show. A key whose own value was refused holds its default by then,
// which passes; no second fault is told about it.

#include <string>
#include <string_view>
#include <vector>

#include "settings/shared.h"

namespace spanlight {

struct Settings;
struct ControlSettings;

void check_together(const Settings& settings, std::vector<SettingsFault>& faults);
void check_together(const ControlSettings& settings, std::vector<SettingsFault>& faults);

// What the two share: adds faults with the line of their key. For the length of one check_together().
class Together {
 protected:
  Together(const SettingsOrigin& origin, std::vector<SettingsFault>& faults)
      : origin_(origin), faults_(faults) {}

  // `other`: the key that it disagrees with, whose line is told where `key` itself was not written.
  void fault(const std::string& key, std::string text, const std::string& other = {});

  // "ports[1].name"
  static std::string item_key(std::string_view list, std::size_t i, std::string_view name);

 private:
  bool refused(const std::string& key) const;
  int line_of(std::string key) const;

  const SettingsOrigin& origin_;
  std::vector<SettingsFault>& faults_;
};

}  // namespace spanlight
