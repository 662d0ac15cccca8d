#include "settings/control_load.h"
#include "settings/describe.h"

namespace spanlight {

std::vector<Change> changes(const ControlSettings& from, const ControlSettings& to) {
  std::vector<Change> out;
  for (const Key& key : control_table())
    if (!key.is_of_item() && value_of(key, from) != value_of(key, to)) out.push_back({key.path, key.live});
  return out;
}

}  // namespace spanlight
