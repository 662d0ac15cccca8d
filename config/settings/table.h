#pragma once
// Every key of a program's settings, once. The loader, the check for unknown keys, the ranges in sentences,
// to_yaml(), describe_settings() and changes() are made from such a table, whichever program's it is; a test
// keeps the commented default file equal to it. A default is whatever the settings hold when they are made.
// The tables live as long as the program and never change.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "settings/shared.h"

namespace spanlight {

struct Settings;         // the sensor's
struct ControlSettings;  // the control process's

// What a number counts, and so how it may be written.
enum class Unit : std::uint8_t { count, seconds, milliseconds, bytes, mebibytes };

// A value of an enumeration; names in the order of its values, as the file writes them. An enumeration finds
// its names through an overload names_of(Enum).
struct Choice {
  std::uint8_t* value;
  std::span<const std::string_view> names;
};

// Answers for one item of a list: did the file give this key of it?
class Written {
 public:
  Written(const SettingsOrigin& origin, const std::string& item) : origin_(origin), item_(item) {}
  bool operator()(const char* key) const { return origin_.line_of(item_ + "." + key) > 0; }

 private:
  const SettingsOrigin& origin_;
  const std::string& item_;
};

// What a list of structs is told in. A struct finds its rules through an overload rules_of(const Item*).
struct ItemRules {
  std::string_view list_words;  // what the list takes: "a list, such as …"
  std::string_view item_words;  // what an item of it takes
  std::string_view bare = {};   // the key that a text stands for where a map could be; empty: none
  // Called after an item was read without a fault or with one: sets what follows from the rest, gives what is
  // missing. The sentence is told unless the item has a fault already.
  std::string (*complete)(void* item, const Written& written);
};

// A list of structs whose type only the table's maker knows; the keys of its items are "<path>[].<key>".
struct Items {
  struct Type {
    void (*clear)(void* list);
    void* (*append)(void* list);  // a new item at the end
    std::size_t (*size)(const void* list);
    const void* (*item)(const void* list, std::size_t i);
    const ItemRules& (*rules)();
  };
  void* list;
  const Type* type;
};

using PortLists = std::map<std::string, std::vector<std::uint16_t>>;

// A value by its kind. Loader and writer have one function for each.
using Value =
    std::variant<std::uint16_t*, std::uint32_t*, int*, bool*, std::string*, Choice, std::vector<unsigned>*,
                 std::vector<std::string>*, std::uint16_t (*)[2], PortLists*, Items>;

template <typename Item>
inline constexpr Items::Type kListOf = {
    [](void* list) { static_cast<std::vector<Item>*>(list)->clear(); },
    [](void* list) -> void* { return &static_cast<std::vector<Item>*>(list)->emplace_back(); },
    [](const void* list) { return static_cast<const std::vector<Item>*>(list)->size(); },
    [](const void* list, std::size_t i) -> const void* {
      return &(*static_cast<const std::vector<Item>*>(list))[i];
    },
    []() -> const ItemRules& { return rules_of(static_cast<const Item*>(nullptr)); }};

template <typename T>
Value value_at(T* at) {
  if constexpr (std::is_enum_v<T>) {
    static_assert(std::is_same_v<std::underlying_type_t<T>, std::uint8_t>);
    return Choice{reinterpret_cast<std::uint8_t*>(at), names_of(T{})};  // a byte may alias anything
  } else if constexpr (std::is_constructible_v<Value, T*>) {
    return at;
  } else {
    return Items{at, &kListOf<typename T::value_type>};
  }
}

// Where a key's value lives in whichever struct. A table is written with pointers to members: {"flows.max",
// &Settings::flows_max}, or {"tap.regex", {&ControlSettings::tap, &TapSettings::regex}}.
class Member {
 public:
  template <typename T, typename Owner>
  Member(T Owner::*member)
      : value_([member](void* owner) {
          T* const none = nullptr;
          return value_at(owner == nullptr ? none : &(static_cast<Owner*>(owner)->*member));
        }) {}
  template <typename T, typename Inner, typename Owner>
  Member(Inner Owner::*part, T Inner::*member)
      : value_([part, member](void* owner) {
          T* const none = nullptr;
          return value_at(owner == nullptr ? none : &(static_cast<Owner*>(owner)->*part.*member));
        }) {}

  // The value in `owner`, which must be the struct that the member is of.
  Value in(void* owner) const { return value_(owner); }
  // Only what kind of value it is; points nowhere.
  Value kind() const { return value_(nullptr); }

 private:
  std::function<Value(void*)> value_;
};

// What the texts of a key, or of its list, must be beyond being texts. The checks are in content.h and in the
// room of the program that needs them, with the libraries that they need.
struct Content {
  std::string_view words;  // what the key takes: "a pattern"
  // What is wrong with `value` and what would be right; empty = nothing.
  std::string (*check)(std::string_view value, const ProtocolNames& protocols);

  static const Content any, endpoint, optional_endpoint, address, z85_key, capture_filter, header_name;
  // the sensor's
  static const Content protocol, regex;
  // the control process's
  static const Content listen, cidr, url, optional_header, re2_regex, sql_name, cluster, kubernetes_namespace,
      label_selector, service;
};

// The range of a number, or of each number of a list.
struct Range {
  std::int64_t least = 0;
  std::int64_t most = 0;
  Unit unit = Unit::count;
  std::string_view word = {};  // stands for `word_value`, which may lie outside of the range
  std::int64_t word_value = 0;
  bool power_of_two = false;
};

struct Key {
  std::string_view path;  // "flows.max"; items of a list of maps: "ports[].source"
  Member member;
  std::string_view meaning;
  Range range = {};
  Content content = Content::any;
  bool secret = false;
  bool live = false;  // a change is applied without a restart

  bool is_of_item() const { return path.find("[]") != std::string_view::npos; }
};

using Table = std::span<const Key>;

Table settings_table();  // the sensor's
Table control_table();
inline Table table_of(const Settings&) {
  return settings_table();
}
inline Table table_of(const ControlSettings&) {
  return control_table();
}

// Null: the table has no such key.
const Key* find_key(Table table, std::string_view path);
// The names that may stand below `prefix` ("" for the top level), in the table's order.
std::vector<std::string_view> names_below(Table table, std::string_view prefix);

std::span<const std::string_view> names_of(LogLevel);

}  // namespace spanlight
