#pragma once
// An address as people write it: dotted IPv4, IPv6 as RFC 5952 says.

#include <array>
#include <cstdint>
#include <string_view>

#include "core/bytes.h"

namespace spanlight {

struct AddressText {
  explicit AddressText(const std::array<std::uint8_t, 16>& address);
  // Of 4 or 16 bytes; of others nothing.
  explicit AddressText(Bytes bytes);
  std::string_view view() const { return {text.data(), size}; }

  std::array<char, 48> text{};
  std::size_t size = 0;

 private:
  void put(char c) { text[size++] = c; }
  void put_number(unsigned value, int base);
  void put_v4(const std::uint8_t* bytes);
  void put_v6(const std::array<std::uint8_t, 16>& address);
};

}  // namespace spanlight
