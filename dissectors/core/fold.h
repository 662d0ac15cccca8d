#pragma once
// Names of headers and their tokens are the same in either case.

#include <algorithm>
#include <string_view>

namespace spanlight {

constexpr bool is_folded(char x, char lower) {
  return (x >= 'A' && x <= 'Z' ? static_cast<char>(x | 0x20) : x) == lower;
}

inline bool same_folded(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(), is_folded);
}

inline bool ends_folded(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && same_folded(text.substr(text.size() - lower.size()), lower);
}

inline bool contains_folded(std::string_view text, std::string_view lower) {
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(), is_folded) != text.end();
}

}  // namespace spanlight
