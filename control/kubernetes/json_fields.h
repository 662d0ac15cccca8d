#pragma once
// Reading objects with simdjson, field by field. Internal to parse*.cpp; throws simdjson_error, caught in
// parse.cpp.

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "kubernetes/objects.h"
#include "kubernetes/parse.h"

namespace spanlight::json {

namespace od = simdjson::ondemand;

// What has another type than the API says is passed over like null: one odd field must not cost its object.
// What is no JSON throws.
template <typename Result>
bool present(simdjson::simdjson_result<Result>& result) {
  const simdjson::error_code error = result.error();
  if (error == simdjson::INCORRECT_TYPE || error == simdjson::NUMBER_ERROR ||
      error == simdjson::NUMBER_OUT_OF_RANGE)
    return false;
  if (error != simdjson::SUCCESS) throw simdjson::simdjson_error(error);
  return true;
}

// Calls take(key, value) for each field of `value`.
template <typename Take>
void each_field(od::value value, Take take) {
  auto object = value.get_object();
  if (!present(object)) return;
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    take(key, field.value());
  }
}

template <typename Take>
void each_item(od::value value, Take take) {
  auto array = value.get_array();
  if (!present(array)) return;
  for (auto item : array) take(item.value());
}

inline std::string_view text(od::value value) {
  auto text = value.get_string();
  return present(text) ? text.value_unsafe() : std::string_view{};
}
inline std::string owned(od::value value) {
  return std::string(text(value));
}
inline bool flag(od::value value) {
  auto flag = value.get_bool();
  return present(flag) && flag.value_unsafe();
}
inline std::int64_t number(od::value value) {
  auto number = value.get_int64();
  return present(number) ? number.value_unsafe() : 0;
}
inline std::uint16_t port(od::value value) {
  const std::int64_t n = number(value);
  return n > 0 && n <= 65'535 ? static_cast<std::uint16_t>(n) : std::uint16_t{0};
}

inline void append_address(std::string_view from, std::vector<Address>& to) {
  const std::optional<Address> address = parse_address(from);  // "None", "" and host names are none
  if (address && std::find(to.begin(), to.end(), *address) == to.end()) to.push_back(*address);
}

std::vector<Label> labels(od::value value);  // sorted by name

// What all objects carry; `annotated` is for bookmarks.
struct MetaExtras {
  std::vector<Label> labels;
  Owner owner;
  std::string resource_version;
  bool initial_end = false;
};
void metadata(od::value value, Meta& meta, MetaExtras& extras);

// The whole object, of one kind; monostate where it has no uid or no name, by which everything is filed.
Object object(Kind kind, od::object from, std::string& resource_version);
void pod_spec(od::value value, Pod& pod);
void pod_status(od::value value, Pod& pod);

}  // namespace spanlight::json
