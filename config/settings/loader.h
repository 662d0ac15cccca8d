#pragma once
// Walks a YAML document beside a table and writes into the settings that the table is of. Recursion follows
// the table's keys, never the document's depth. For parse_as() alone; lives while one document is read.

#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "settings/document.h"

namespace spanlight {

class Loader {
 public:
  Loader(const SettingsTarget& target, std::vector<SettingsFault>& faults)
      : target_(target), faults_(faults) {}

  void read_document(const YAML::Node& document);
  void fault(int line, std::string key, std::string text);

 private:
  // A map of the document: what the table calls it, what people do ("ports[1]" for "ports[]"), where it
  // stands, and the struct that its keys are of.
  struct Section {
    std::string table_path;
    std::string path;
    int line;
    void* owner;
  };
  // The place of a value: its key, the path as it is told ("ports[1].source"), the line.
  struct Place {
    const Key& key;
    std::string path;
    int line;
  };

  void read_map(const YAML::Node& node, const Section& section);
  void read_pair(const YAML::Node& name, const YAML::Node& value, const Section& section,
                 std::map<std::string, int>& seen);
  void unknown(const std::string& name, const Section& section, int line);
  void read_key(const Key& key, const YAML::Node& node, const std::string& path, int line, void* owner);

  std::optional<std::string> scalar(const YAML::Node& node, const Place& place);
  std::optional<std::string> checked_text(const YAML::Node& node, const Place& place);
  template <typename Item>
  void each_item(const YAML::Node& node, const Place& place, Item read_item);
  template <typename Number>
  void read_integer(const YAML::Node& node, const Place& place, Number& out);

  void read(const YAML::Node& node, const Place& place, std::uint16_t* out);
  void read(const YAML::Node& node, const Place& place, std::uint32_t* out);
  void read(const YAML::Node& node, const Place& place, int* out);
  void read(const YAML::Node& node, const Place& place, bool* out);
  void read(const YAML::Node& node, const Place& place, std::string* out);
  void read(const YAML::Node& node, const Place& place, Choice out);
  void read(const YAML::Node& node, const Place& place, std::vector<unsigned>* out);
  void read(const YAML::Node& node, const Place& place, std::vector<std::string>* out);
  void read(const YAML::Node& node, const Place& place, std::uint16_t (*out)[2]);
  void read(const YAML::Node& node, const Place& place, PortLists* out);
  void read(const YAML::Node& node, const Place& place, Items out);
  void read_item(const YAML::Node& node, const Place& place, Items list);
  void read_cpus(const std::string& text, const Place& place, std::vector<unsigned>& out);

  const SettingsTarget& target_;
  std::vector<SettingsFault>& faults_;
};

}  // namespace spanlight
