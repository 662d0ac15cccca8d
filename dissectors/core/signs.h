#pragma once
// Where a message begins, in bytes that may be anybody's: behind a hole, or in a connection joined midstream.
// The question is asked of every byte, for every protocol; signs answer most of it with a few loads.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/bytes.h"

namespace spanlight {

// Whether what was looked for begins here; `more`: it may yet, with bytes that are not there.
enum class Look : std::uint8_t { no, more, yes };

class ByteSet {
 public:
  static constexpr ByteSet any() { return range(0x00, 0xff); }
  static constexpr ByteSet range(std::uint8_t first, std::uint8_t last) {
    ByteSet out;
    for (unsigned b = first; b <= last; ++b) out.add(static_cast<std::uint8_t>(b));
    return out;
  }
  static constexpr ByteSet of(std::string_view bytes) {
    ByteSet out;
    for (const char c : bytes) out.add(static_cast<std::uint8_t>(c));
    return out;
  }
  constexpr void add(std::uint8_t b) { bits_[b >> 6] |= std::uint64_t{1} << (b & 63); }
  bool operator==(const ByteSet&) const = default;
  constexpr bool has(std::uint8_t b) const { return (bits_[b >> 6] >> (b & 63) & 1) != 0; }
  constexpr ByteSet operator|(const ByteSet& other) const {
    ByteSet out;
    for (std::size_t i = 0; i < bits_.size(); ++i) out.bits_[i] = bits_[i] | other.bits_[i];
    return out;
  }

 private:
  std::array<std::uint64_t, 4> bits_{};
};

// What the first bytes of a message may be, place by place: necessary, never sufficient. A protocol whose
// messages begin in several ways has several.
struct Signs {
  static constexpr std::size_t kPlaces = 16;

  constexpr Signs() { places.fill(ByteSet::any()); }
  // Of the first places; the others may be anything.
  template <typename... Sets>
  constexpr explicit Signs(const Sets&... first) : Signs() {
    std::size_t i = 0;
    ((places[i++] = first), ...);
  }
  constexpr Signs& at(std::size_t place, const ByteSet& set) {
    places[place] = set;
    return *this;
  }

  // The bytes of these words, in capitals or not; behind a word's end anything.
  static constexpr Signs of_words(std::span<const std::string_view> words, bool folded) {
    Signs out;
    for (std::size_t i = 0; i < kPlaces; ++i) {
      ByteSet set;
      for (const std::string_view word : words) {
        if (i >= word.size()) set = ByteSet::any();
        if (i >= word.size()) break;
        const auto c = static_cast<std::uint8_t>(word[i]);
        set.add(c);
        const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (folded && letter) set.add(c ^ 0x20);
      }
      out.places[i] = set;
    }
    return out;
  }

  bool operator==(const Signs&) const = default;

  // As far as they are there.
  constexpr bool allow(Bytes in) const {
    for (std::size_t i = 0; i < std::min(in.size(), kPlaces); ++i)
      if (!places[i].has(in[i])) return false;
    return true;
  }

  std::array<ByteSet, kPlaces> places;
};

inline bool any_allows(std::span<const Signs> signs, Bytes in) {
  return std::ranges::any_of(signs, [&](const Signs& one) { return one.allow(in); });
}

// A message's start in bytes after a hole: drop `skip` bytes; if `found`, a message starts there, otherwise
// the bytes behind may yet become one.
struct Sync {
  std::size_t skip = 0;
  bool found = false;
};

// The first place that `look(Bytes)` does not deny.
template <typename LookAt>
Sync first_of(Bytes window, std::span<const Signs> signs, const LookAt& look) {
  for (std::size_t at = 0; at < window.size(); ++at) {
    const Bytes rest = window.subspan(at);
    if (!any_allows(signs, rest)) continue;
    const Look seen = look(rest);
    if (seen != Look::no) return {.skip = at, .found = seen == Look::yes};
  }
  return {.skip = window.size(), .found = false};
}

}  // namespace spanlight
