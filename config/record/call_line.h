#pragma once
// What a call is called in one line: its method and path, or a summary that says more. Pure.

#include <string_view>

namespace spanlight {

// What rides on HTTP may say more than method and path: an operation of GraphQL's, all of which go to one
// path.
inline bool says_more(std::string_view summary, std::string_view method, std::string_view path) {
  if (summary.empty() || path.empty()) return false;
  const bool is_line = summary.starts_with(method) && summary.substr(method.size()).starts_with(' ');
  // gRPC's is the path without its slash.
  return !is_line && !path.starts_with(summary) && !path.substr(1).starts_with(summary);
}

}  // namespace spanlight
