#pragma once
// What a dissector leaves of itself between two messages, when it gives its slot back: see
// Dissector::park(). Sixteen bytes, part of every flow.

#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace spanlight {

using Memo = std::array<std::uint8_t, 16>;

template <typename T>
Memo to_memo(const T& summary) {
  static_assert(sizeof(T) <= sizeof(Memo) && std::is_trivially_copyable_v<T>);
  Memo memo{};
  std::memcpy(memo.data(), &summary, sizeof(T));
  return memo;
}

template <typename T>
T from_memo(const Memo& memo) {
  static_assert(sizeof(T) <= sizeof(Memo) && std::is_trivially_copyable_v<T>);
  T summary;
  std::memcpy(&summary, memo.data(), sizeof(T));
  return summary;
}

}  // namespace spanlight
