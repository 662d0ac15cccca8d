#pragma once
// Who says that an address was theirs, and when; and what follows from it: spans that do not overlap. Pure.
//
// Neither the beginning nor the end of a claim is known to the nanosecond: objects have whole seconds, and of
// what happened while nobody watched only the time between is known. So each is a range, and two claims to
// one address meet inside of the ranges (resolve()).

#include <cstdint>
#include <memory>
#include <vector>

#include "kubernetes/objects.h"
#include "names/shard.h"
#include "record/call.h"

namespace spanlight {

// Where an address is several things at once, the first of these that is known wins.
enum class Rank : std::uint8_t { pod, node, service, endpoint };
constexpr std::size_t kRanks = 4;

struct Claim {
  Uid owner;
  Rank rank = Rank::pod;
  std::uint16_t port = 0;  // 0: the address itself
  // Begins within [from_lo, from_hi]. `sharp`: the range comes of whole seconds alone, not of ignorance.
  std::uint64_t from_lo = 0, from_hi = 0;
  bool sharp = false;
  // Ends within [end_lo, end_hi]; kForever: has not ended.
  std::uint64_t end_lo = ~std::uint64_t{0}, end_hi = ~std::uint64_t{0};
  std::shared_ptr<const Party> party;
  // Of an earlier life, where it had not ended: its end is when we began, and may not be its own.
  bool kept_open = false;
  std::uint64_t told_from = 0;  // the beginning that was handed to the history; 0: none
  bool told = false;            // its end was
};

// The spans of one port, oldest first.
std::vector<Span> resolve(const std::vector<Claim>& claims, std::uint16_t port);

}  // namespace spanlight
