#pragma once
// What the tests of names share.

#include <cstdint>

#include "address/address.h"

namespace spanlight {

constexpr std::uint64_t kS = 1'000'000'000;

inline Address ip(const char* text) {
  return *parse_address(text);
}

}  // namespace spanlight
