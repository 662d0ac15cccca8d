#include "core/address_text.h"

#include <algorithm>
#include <charconv>

namespace spanlight {
namespace {

constexpr std::size_t kGroups = 8;

}  // namespace

AddressText::AddressText(const std::array<std::uint8_t, 16>& address) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), address.begin()))
    put_v4(address.data() + kMapped.size());
  else
    put_v6(address);
}

AddressText::AddressText(Bytes bytes) {
  std::array<std::uint8_t, 16> whole{};
  if (bytes.size() == 4) put_v4(bytes.data());
  if (bytes.size() != whole.size()) return;
  std::copy(bytes.begin(), bytes.end(), whole.begin());
  put_v6(whole);
}

void AddressText::put_number(unsigned value, int base) {
  const auto made = std::to_chars(text.data() + size, text.data() + text.size(), value, base);
  size = static_cast<std::size_t>(made.ptr - text.data());
}

void AddressText::put_v4(const std::uint8_t* bytes) {
  for (unsigned i = 0; i < 4; ++i) {
    if (i > 0) put('.');
    put_number(bytes[i], 10);
  }
}

// RFC 5952, section 4.2: "::" for the longest run of two or more zero groups, the first of equals.
void AddressText::put_v6(const std::array<std::uint8_t, 16>& address) {
  std::array<unsigned, kGroups> group{};
  for (std::size_t i = 0; i < kGroups; ++i) group[i] = address[2 * i] * 256U + address[2 * i + 1];
  std::size_t run_at = kGroups, run = 1;
  for (std::size_t i = 0; i < kGroups; ++i) {
    std::size_t n = 0;
    while (i + n < kGroups && group[i + n] == 0) ++n;
    if (n > run) {
      run = n;
      run_at = i;
    }
  }
  for (std::size_t i = 0; i < kGroups;) {
    if (i == run_at) {
      put(':');
      put(':');
      i += run;
      continue;
    }
    if (i > 0 && i != run_at + run) put(':');
    put_number(group[i], 16);
    ++i;
  }
}

}  // namespace spanlight
