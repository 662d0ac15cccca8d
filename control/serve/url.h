#pragma once
// A request's target → path and query, decoded and checked. Pure; any thread.
// RFC 3986 (percent encoding), the HTML form encoding in queries (`+` is a blank).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spanlight::serve {

constexpr std::size_t kQueryParametersMax = 64;

struct Target {
  std::string path;  // decoded, begins with '/', well-formed UTF-8, no zero byte, no "." or ".." segment
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
};

// Nothing where the target is none of ours: not in origin form, a wrong escape, ill-formed UTF-8, a zero
// byte, a segment that climbs, or too many parameters.
std::optional<Target> parse_target(std::string_view target);

// Nothing where an escape is not two hex digits.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank);

}  // namespace spanlight::serve
