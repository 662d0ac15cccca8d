#include "settings/table.h"

namespace spanlight {

namespace {

constexpr std::string_view kLogLevels[] = {"error", "warning", "info", "debug"};

}  // namespace

const Key* find_key(Table table, std::string_view path) {
  for (const Key& key : table)
    if (key.path == path) return &key;
  return nullptr;
}

std::vector<std::string_view> names_below(Table table, std::string_view prefix) {
  std::vector<std::string_view> names;
  for (const Key& key : table) {
    std::string_view rest = key.path;
    if (!prefix.empty()) {
      if (!rest.starts_with(prefix) || rest.size() <= prefix.size() || rest[prefix.size()] != '.') continue;
      rest.remove_prefix(prefix.size() + 1);
    }
    const std::string_view name = rest.substr(0, rest.find('.'));
    const bool item = name.ends_with("[]");
    if (!item && (names.empty() || names.back() != name)) names.push_back(name);
  }
  return names;
}

std::span<const std::string_view> names_of(LogLevel) {
  return kLogLevels;
}

}  // namespace spanlight
