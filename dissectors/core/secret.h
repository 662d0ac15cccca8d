#pragma once
// What is shown in place of a secret, and the names that passwords have. Pure.

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

}  // namespace spanlight
