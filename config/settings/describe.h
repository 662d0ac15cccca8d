#pragma once
// A key's value in words and as YAML.

#include <string>

#include "settings/settings.h"
#include "settings/table.h"

namespace spanlight {

// What the key takes: "a number from 1 to 10", "a list, such as [2, 3]".
std::string describe_value(const Key& key);
// What one item of the key's list takes; the same as describe_value() where it is no list.
std::string describe_item(const Key& key);

// The value that `settings` holds, as YAML in one line; lists of maps as "[]" or "[…]" with all their items.
std::string value_of(const Key& key, const Settings& settings);

}  // namespace spanlight
