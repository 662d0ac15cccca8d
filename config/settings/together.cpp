#include "settings/together.h"

#include <algorithm>

namespace spanlight {

void Together::fault(const std::string& key, std::string text, const std::string& other) {
  if (refused(key)) return;
  const int line = line_of(key);
  const bool written = origin_.line_of(key) > 0;
  faults_.push_back(
      {origin_.file, written || other.empty() ? line : std::max(line, line_of(other)), key, std::move(text)});
}

std::string Together::item_key(std::string_view list, std::size_t i, std::string_view name) {
  return std::string(list) + "[" + std::to_string(i) + "]." + std::string(name);
}

// A key whose value, or whose map, was refused already: what is in its place says nothing.
bool Together::refused(const std::string& key) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const SettingsFault& earlier) {
    const std::size_t n = earlier.key.size();
    return n > 0 && key.starts_with(earlier.key) && (key.size() == n || key[n] == '.' || key[n] == '[');
  });
}

// Of a key, or of the nearest thing around it that was written.
int Together::line_of(std::string key) const {
  while (!key.empty()) {
    if (const int line = origin_.line_of(key); line > 0) return line;
    const std::size_t cut = key.find_last_of(".[");
    key.resize(cut == std::string::npos ? 0 : cut);
  }
  return 0;
}

}  // namespace spanlight
