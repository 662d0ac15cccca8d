#pragma once
// Names of headers and their tokens are the same in either case.

#include <algorithm>
#include <string_view>

namespace spanlight {

inline bool same_folded(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(), [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? static_cast<char>(x | 0x20) : x) == y;
  });
}

}  // namespace spanlight
