#pragma once
// A key's value in words and as YAML, and whole settings as both. Pure.

#include <string>

#include "settings/table.h"

namespace spanlight {

// What the key takes: "a number from 1 to 10", "a list, such as [2, 3]".
std::string describe_value(const Key& key);
// What one item of the key's list takes; the same as describe_value() where it is no list.
std::string describe_item(const Key& key);

// The value in `owner`, the struct that the key's member is of, as YAML in one line; a list of maps with all
// its items' keys, which `table` tells.
std::string value_in(Table table, const Key& key, const void* owner);

template <typename S>
std::string value_of(const Key& key, const S& settings) {
  return value_in(table_of(settings), key, &settings);
}

// Every key with its default, range and meaning, for people, wrapped to `columns`.
std::string describe_table(Table table, const void* defaults, unsigned columns);

// The whole of `settings` as YAML that is read back to the same.
std::string yaml_of(Table table, const void* settings, Secrets secrets);

}  // namespace spanlight
