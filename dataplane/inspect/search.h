#pragma once
// A message's start in bytes that may be any protocol's: all candidates are asked in one pass. At each byte
// the signs of all of them are compared at once, a bit for each; who is left looks closer. Made once, shared
// by all workers.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/descriptor.h"

namespace spanlight {

using CandidateMask = std::uint64_t;  // bit i: candidate i of the table

// What is known of a window's bytes when it is shown again, with more behind them.
struct Searched {
  CandidateMask undecided = 0;  // candidates that want to see more, each of a place in the window
  std::uint32_t undecided_from = 0;
  std::uint32_t bytes = 0;  // all others have seen so many, in vain

  void advance(std::size_t n) {
    const auto gone = static_cast<std::uint32_t>(n);
    undecided_from -= std::min(undecided_from, gone);
    bytes -= std::min(bytes, gone);
  }
};

struct FoundStart {
  const Descriptor* protocol = nullptr;  // none: nothing was found
  Direction from = Direction::c2s;
  std::size_t at = 0;   // where; or how many bytes nobody needs any more
  bool either = false;  // the other side may have said it as well
};

// Who may have said it: bit index_of(direction).
using DirectionMask = std::uint8_t;
constexpr DirectionMask kEitherDirection = 0b11;
constexpr DirectionMask only(Direction from) {
  return static_cast<DirectionMask>(1u << index_of(from));
}

class StartSearch {
 public:
  explicit StartSearch(std::span<const Descriptor* const> candidates);

  // The first start in the window that one of `among` believes in, as said in one of the directions.
  FoundStart find(CandidateMask among, DirectionMask said, Bytes window, Searched& searched) const;

 private:
  static constexpr unsigned kBits = 64;

  struct Owner {
    std::uint8_t candidate = 0;
    DirectionMask directions = 0;
  };

  class Pass;

  bool add(std::uint8_t candidate, const Signs& signs, Direction from);
  void order_places();
  void fill_tables();
  std::uint64_t bits_of(CandidateMask among) const;
  std::uint64_t next_allowed(std::uint64_t open, Bytes window, std::size_t& at, std::size_t end) const;
  FoundStart find_apart(CandidateMask among, DirectionMask said, Bytes window) const;

  std::vector<const Descriptor*> candidates_;
  std::vector<std::uint64_t> bits_;  // by candidate: those of its signs
  CandidateMask apart_ = 0;          // these look in another way, or there were no bits left for their signs
  std::vector<Signs> signs_;         // by bit
  std::vector<Owner> owners_;        // by bit

  // Places in the order in which they tell the most; for each, the bits that a byte allows there.
  std::array<std::uint8_t, Signs::kPlaces> places_{};
  std::array<std::array<std::uint64_t, 256>, Signs::kPlaces> allowed_{};
};

}  // namespace spanlight
