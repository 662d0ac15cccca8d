#pragma once
// Walks a YAML document beside the table. Recursion follows the table's keys, never the document's depth.

#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "settings/load.h"
#include "settings/table.h"

namespace spanlight {

class Loader {
 public:
  Loader(std::string file, const ProtocolNames& protocols);

  void read_document(const YAML::Node& document);
  void fault(int line, std::string key, std::string text);

  Settings& settings() { return settings_; }
  std::vector<SettingsFault>& faults() { return faults_; }

 private:
  // The place of a value: its key, the path as it is told ("ports[1].source"), the line.
  struct Place {
    const Key& key;
    std::string path;
    int line;
  };

  void read_map(const YAML::Node& node, const std::string& table_prefix, const std::string& path_prefix,
                int line);
  void read_pair(const YAML::Node& name, const YAML::Node& value, const std::string& table_prefix,
                 const std::string& path_prefix, std::map<std::string, int>& seen);
  void unknown(const std::string& name, const std::string& table_prefix, const std::string& path_prefix,
               int line);
  void read_key(const Key& key, const YAML::Node& node, const std::string& path, int line);

  std::optional<std::string> scalar(const YAML::Node& node, const Place& place);
  std::optional<std::string> checked_text(const YAML::Node& node, const Place& place);
  template <typename Item>
  void each_item(const YAML::Node& node, const Place& place, Item read_item);

  template <typename T>
  T& target(T Settings::*member) {
    return settings_.*member;
  }
  template <typename T>
  T& target(T PortSettings::*member) {
    return settings_.ports.back().*member;
  }
  template <typename T>
  T& target(T Settings::UserPattern::*member) {
    return settings_.user_patterns.back().*member;
  }

  template <typename Number>
  void read_integer(const YAML::Node& node, const Place& place, Number& out);
  template <typename Enum>
  void read_choice(const YAML::Node& node, const Place& place, Enum& out);

  void read(const YAML::Node& node, const Place& place, std::uint16_t& out);
  void read(const YAML::Node& node, const Place& place, std::uint32_t& out);
  void read(const YAML::Node& node, const Place& place, int& out);
  void read(const YAML::Node& node, const Place& place, bool& out);
  void read(const YAML::Node& node, const Place& place, std::string& out);
  void read(const YAML::Node& node, const Place& place, Hugepages& out);
  void read(const YAML::Node& node, const Place& place, Idle& out);
  void read(const YAML::Node& node, const Place& place, LogLevel& out);
  void read(const YAML::Node& node, const Place& place, std::vector<unsigned>& out);
  void read(const YAML::Node& node, const Place& place, std::vector<std::string>& out);
  void read(const YAML::Node& node, const Place& place, std::uint16_t (&out)[2]);
  void read(const YAML::Node& node, const Place& place, std::vector<PortSettings>& out);
  void read(const YAML::Node& node, const Place& place,
            std::map<std::string, std::vector<std::uint16_t>>& out);
  void read(const YAML::Node& node, const Place& place, std::vector<Settings::UserPattern>& out);
  void read_cpus(const std::string& text, const Place& place, std::vector<unsigned>& out);

  Settings settings_;
  std::vector<SettingsFault> faults_;
  std::string file_;
  const ProtocolNames& protocols_;
};

// Faults that only several keys together show.
void check_together(Loader& loader);

}  // namespace spanlight
