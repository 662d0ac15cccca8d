#include "serve/route.h"

#include <algorithm>
#include <cassert>

namespace spanlight::serve {
namespace {

std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path = slash == path.npos ? std::string_view{} : path.substr(slash);
  return segment;
}

bool fits(std::string_view shape, std::string_view path,
          std::map<std::string, std::string, std::less<>>& captured) {
  captured.clear();
  while (!shape.empty() && !path.empty()) {
    const std::string_view expected = take_segment(shape);
    const std::string_view segment = take_segment(path);
    if (expected.starts_with('{')) {
      if (segment.empty()) return false;
      captured.emplace(expected.substr(1, expected.size() - 2), segment);
    } else if (expected != segment) {
      return false;
    }
  }
  return shape.empty() && path.empty();
}

}  // namespace

void RouteTable::add(Route route) {
  assert(route.path.starts_with('/') && (route.handler != nullptr || route.is_socket));
  routes_.push_back(std::move(route));
}

RouteTable::Match RouteTable::find(Method method, std::string_view path) const {
  Match match;
  for (const Route& route : routes_) {
    if (!fits(route.path, path, match.captured)) continue;
    if (route.method == method) {
      match.route = &route;
      return match;
    }
    if (!match.allowed.empty()) match.allowed += ", ";
    match.allowed += method_name(route.method);
  }
  match.captured.clear();
  return match;
}

const Route* RouteTable::by_id(std::string_view id) const {
  const auto found =
      std::find_if(routes_.begin(), routes_.end(), [&](const Route& each) { return each.id == id; });
  return found == routes_.end() ? nullptr : &*found;
}

}  // namespace spanlight::serve
