#pragma once
// What is shown in place of a secret, the names that passwords have, and where one stands in a URL. Pure.

#include <algorithm>
#include <string_view>

#include "core/fold.h"

namespace spanlight {

constexpr std::string_view kRedacted = "[redacted]";

// Does it end as names of passwords do, in either case: password, user_passwd, MASTER_PASSWORD, pwd?
inline bool names_password(std::string_view name) {
  constexpr std::string_view kEnds[] = {"password", "passwd", "pwd"};
  return std::any_of(std::begin(kEnds), std::end(kEnds),
                     [name](std::string_view end) { return ends_folded(name, end); });
}

// Of scheme://user:password@host. size 0: there is none.
struct UrlPassword {
  std::size_t at = 0;
  std::size_t size = 0;
};

// The password of the URL whose :// stands at `colon`. `quote` ends the URL, as white space does.
inline UrlPassword url_password(std::string_view text, std::size_t colon, char quote) {
  constexpr std::size_t kUrlPartBytesMax = 256;  // of what stands between :// and @
  const std::size_t from = colon + 3;
  const std::size_t last = std::min(text.size(), from + kUrlPartBytesMax);
  std::size_t separator = 0, host = 0;
  for (std::size_t at = from; at < last; ++at) {
    const char c = text[at];
    if (c == '@') host = at;  // the last one: people write @ in passwords too
    const bool ends = c == ' ' || (c >= '\t' && c <= '\r') || c == quote || c == '/';
    if (ends && (separator == 0 || host <= separator)) return {};
    if (ends) break;
    if (c == ':' && separator == 0 && host == 0) separator = at;
  }
  if (separator != 0 && host > separator) return {.at = separator + 1, .size = host - separator - 1};
  // Cut within it: better hidden than shown.
  if (separator == 0 || last < text.size()) return {};
  return {.at = separator + 1, .size = last - separator - 1};
}

}  // namespace spanlight
