#include "encode/name_set.h"

namespace spanlight {

bool NameSet::add(std::string_view name, std::uint8_t tags) {
  if (name.empty() || name.size() > kNameBytesMax) return false;
  for (Entry& entry : entries_) {
    if (!equals_ignoring_case(entry.name, name)) continue;
    entry.tags |= tags;
    return true;
  }
  entries_.push_back({std::string(name), tags});
  first_letters_[name.size()] |= std::uint32_t{1} << letter(name.front());
  return true;
}

std::uint8_t NameSet::find(std::string_view name) const {
  for (const Entry& entry : entries_)
    if (equals_ignoring_case(entry.name, name)) return entry.tags;
  return 0;
}

}  // namespace spanlight
