#include "serve/wishes.h"

#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

namespace spanlight::serve {
namespace {

constexpr std::size_t kListMax = 1'000;
constexpr std::size_t kTextBytesMax = 8'192;

[[noreturn]] void refuse_body(const std::string& sentence) {
  throw ApiError(400, "bad_body", sentence);
}

using Taker = std::function<void(const std::string& key, const nlohmann::json& value)>;

// Each member goes to the taker of its key.
void take_members(std::string_view text, const std::map<std::string, Taker>& takers) {
  const nlohmann::json document = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (document.is_discarded()) refuse_body("The body is not JSON.");
  if (!document.is_object()) refuse_body("The body must be a JSON object.");
  for (const auto& [key, value] : document.items()) {
    const auto taker = takers.find(key);
    if (taker == takers.end()) {
      std::string known;
      for (const auto& each : takers) known += (known.empty() ? "" : ", ") + each.first;
      refuse_body("\"" + key.substr(0, 64) + "\" is not known; there is " + known + ".");
    }
    taker->second(key, value);
  }
}

std::string checked_text(const std::string& key, const nlohmann::json& value) {
  if (!value.is_string()) refuse_body("\"" + key + "\" must be a text.");
  std::string text = value.get<std::string>();
  if (text.size() > kTextBytesMax)
    refuse_body("\"" + key + "\" is longer than " + std::to_string(kTextBytesMax) + " bytes.");
  if (text.find('\0') != text.npos) refuse_body("\"" + key + "\" holds a zero byte.");
  return text;
}

Taker text_into(std::string& to) {
  return [&to](const std::string& key, const nlohmann::json& value) { to = checked_text(key, value); };
}

Taker list_into(std::vector<std::string>& to) {
  return [&to](const std::string& key, const nlohmann::json& value) {
    if (!value.is_array()) refuse_body("\"" + key + "\" must be a list of texts.");
    if (value.size() > kListMax)
      refuse_body("\"" + key + "\" has more than " + std::to_string(kListMax) + " entries.");
    to.clear();
    for (const nlohmann::json& each : value) to.push_back(checked_text(key, each));
  };
}

Taker count_into(std::uint32_t& to) {
  return [&to](const std::string& key, const nlohmann::json& value) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMost)
      refuse_body("\"" + key + "\" must be a whole number from 0 to " + std::to_string(kMost) + ".");
    to = value.get<std::uint32_t>();
  };
}

Taker flag_into(bool& to) {
  return [&to](const std::string& key, const nlohmann::json& value) {
    if (!value.is_boolean()) refuse_body("\"" + key + "\" must be true or false.");
    to = value.get<bool>();
  };
}

}  // namespace

StreamWish parse_stream_wish(std::string_view json) {
  StreamWish wish;
  take_members(json, {{"filter", text_into(wish.filter)},
                      {"limit_per_second", count_into(wish.limit_per_second)},
                      {"payloads", flag_into(wish.payloads)}});
  return wish;
}

TapSettings parse_tap_settings(std::string_view json) {
  TapSettings tap;
  take_members(json, {{"namespaces", list_into(tap.namespaces)},
                      {"excludedNamespaces", list_into(tap.excluded_namespaces)},
                      {"regex", text_into(tap.regex)},
                      {"labels", list_into(tap.labels)},
                      {"services", list_into(tap.services)},
                      {"bpfOverride", text_into(tap.bpf_override)}});
  return tap;
}

std::string parse_filter_wish(std::string_view json) {
  std::string filter;
  take_members(json, {{"filter", text_into(filter)}});
  return filter;
}

}  // namespace spanlight::serve
