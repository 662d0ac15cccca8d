#pragma once
// The flow table's hash: 64 well-mixed bits of a whole FlowKey. It locates and never identifies. Keyed with a
// seed drawn once per process, so that nobody outside can choose end points that collide. Not the hash that
// shards (toeplitz.h): that one has at most 65,536 values and is known to everybody.

#include <sys/random.h>

#include <bit>
#include <cstdint>

#include "decode/flow_key.h"

namespace spanlight {

struct FlowHashSeed {
  std::uint64_t word[6];
};

namespace flow_hash_detail {

// Both halves of the 128-bit product, folded: each input bit reaches about half of the output bits.
inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Product = unsigned __int128;
  const Product product = static_cast<Product>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline FlowHashSeed draw_seed() {
  FlowHashSeed seed{};
  if (getrandom(&seed, sizeof(seed), 0) != static_cast<ssize_t>(sizeof(seed))) {
    // Only a kernel older than 3.17 comes here: the place of the stack is what little chance it has.
    for (auto& word : seed.word) word = reinterpret_cast<std::uintptr_t>(&word) * 0x9e3779b97f4a7c15;
  }
  // Odd, so that no factor is ever the zero that would swallow the other one for all keys.
  for (auto& word : seed.word) word |= 1;
  return seed;
}

}  // namespace flow_hash_detail

inline const FlowHashSeed kFlowHashSeed = flow_hash_detail::draw_seed();

inline std::uint64_t flow_hash(const FlowKey& key, const FlowHashSeed& seed) {
  using flow_hash_detail::fold;
  // Three independent products, then two dependent ones: about five nanoseconds of latency, less when
  // pipelined.
  const std::uint64_t a = fold(key.word(0) ^ seed.word[0], key.word(1) ^ seed.word[1]);
  const std::uint64_t b = fold(key.word(2) ^ seed.word[2], key.word(3) ^ seed.word[3]);
  const std::uint64_t c = fold(key.word(4) ^ seed.word[4], key.word(5) ^ seed.word[5]);
  return fold(fold(a ^ seed.word[2], b ^ seed.word[5]) ^ std::rotl(c, 23), 0x9e3779b97f4a7c15 ^ c);
}

inline std::uint64_t flow_hash(const FlowKey& key) {
  return flow_hash(key, kFlowHashSeed);
}

}  // namespace spanlight
