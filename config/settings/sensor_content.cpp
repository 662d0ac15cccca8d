// What the sensor's texts must be: protocols' names, Hyperscan's patterns.

#include <hs/hs.h>

#include <algorithm>
#include <memory>

#include "settings/content.h"
#include "text/text.h"

namespace spanlight {

namespace {

std::string check_protocol(std::string_view value, const ProtocolNames& protocols) {
  if (protocols.empty() || std::find(protocols.begin(), protocols.end(), value) != protocols.end()) return {};
  const std::string_view guess = text::closest(value, protocols);
  if (!guess.empty())
    return quoted(value) + " is not a known protocol; did you mean " + std::string(guess) + "?";
  return quoted(value) + " is not a known protocol; known are " + text::one_of(protocols, "and");
}

// Start of match is asked for, as redaction needs it; it is the stricter way to compile.
std::string check_regex(std::string_view value) {
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const std::string expression(value);
  const hs_error_t result =
      hs_compile(expression.c_str(), HS_FLAG_SOM_LEFTMOST, HS_MODE_BLOCK, nullptr, &database, &error);
  const std::unique_ptr<hs_database_t, decltype(&hs_free_database)> database_owner(database,
                                                                                   hs_free_database);
  const std::unique_ptr<hs_compile_error_t, decltype(&hs_free_compile_error)> error_owner(
      error, hs_free_compile_error);
  if (value.empty()) return "the pattern is empty; write one, or leave the item out";
  if (result == HS_SUCCESS) return {};
  std::string why = error == nullptr || error->message == nullptr ? "it does not compile" : error->message;
  while (!why.empty() && why.back() == '.') why.pop_back();
  return quoted(value) + " is not a usable pattern (" + why +
         "); Hyperscan has no back references and no look-around";
}

}  // namespace

constinit const Content Content::protocol{"a protocol's name", check_protocol};
constinit const Content Content::regex{"a pattern", check_text<check_regex>};

}  // namespace spanlight
