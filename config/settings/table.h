#pragma once
// Every key, once. The loader, the check for unknown keys, the ranges in sentences, to_yaml() and
// describe_settings() are made from this table; a test keeps config/default/sensor.yaml equal to it. A
// default is whatever Settings{} holds.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "settings/settings.h"

namespace spanlight {

// What a number counts, and so how it may be written.
enum class Unit : std::uint8_t { count, seconds, milliseconds, bytes, mebibytes };

// Where a value lives. The kinds that are not numbers are read by one function each.
using Member =
    std::variant<std::uint16_t Settings::*, std::uint32_t Settings::*, int Settings::*, bool Settings::*,
                 std::string Settings::*, Hugepages Settings::*, Idle Settings::*, LogLevel Settings::*,
                 std::vector<unsigned> Settings::*, std::vector<std::string> Settings::*,
                 std::uint16_t (Settings::*)[2], std::vector<PortSettings> Settings::*,
                 std::map<std::string, std::vector<std::uint16_t>> Settings::*,
                 std::vector<Settings::UserPattern> Settings::*,
                 // keys of a list's items
                 std::string PortSettings::*, bool PortSettings::*, std::string Settings::UserPattern::*>;

// What the texts of a key, or of its list, must be.
enum class Content : std::uint8_t {
  any,
  protocol,
  endpoint,
  address,
  z85_key,
  regex,
  capture_filter,
  header_name
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
};

std::span<const Key> settings_table();

// The names of an enumeration's values as the file writes them, in the order of the values.
std::span<const std::string_view> names_of(Hugepages);
std::span<const std::string_view> names_of(Idle);
std::span<const std::string_view> names_of(LogLevel);

}  // namespace spanlight
