#pragma once
// Views over wire bytes. A view never owns; who hands one out says how long it lives.

#include <cstdint>
#include <span>
#include <string_view>

namespace spanlight {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The direction of a byte stream or datagram: from the client to the server, or back.
enum class Direction : std::uint8_t { c2s = 0, s2c = 1 };

constexpr Direction opposite(Direction d) {
  return d == Direction::c2s ? Direction::s2c : Direction::c2s;
}
constexpr unsigned index_of(Direction d) {
  return static_cast<unsigned>(d);
}

}  // namespace spanlight
