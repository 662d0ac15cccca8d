#pragma once
// Prefix → number, the longest that fits wins. Immutable once filled; a look-up is one hash for each length
// that occurs. Any thread.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "address/address.h"

namespace spanlight {

class PrefixTable {
 public:
  // False: the prefix has a number already.
  bool add(const Prefix& prefix, std::uint32_t number) {
    auto at = std::find_if(lengths_.begin(), lengths_.end(),
                           [&](const Length& l) { return l.bits <= prefix.bits; });
    if (at == lengths_.end() || at->bits != prefix.bits) at = lengths_.insert(at, Length{prefix.bits, {}});
    return at->numbers.emplace(prefix.base, number).second;
  }
  std::optional<std::uint32_t> find(const Address& address) const {
    for (const Length& length : lengths_) {
      const auto found = length.numbers.find(masked(address, length.bits));
      if (found != length.numbers.end()) return found->second;
    }
    return std::nullopt;
  }
  bool empty() const { return lengths_.empty(); }

 private:
  struct Length {
    unsigned bits;
    std::unordered_map<Address, std::uint32_t, AddressHash> numbers;
  };
  std::vector<Length> lengths_;  // longest first
};

}  // namespace spanlight
