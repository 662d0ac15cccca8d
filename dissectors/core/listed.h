#pragma once
// Room for a few entries, written as they come: an array of them would be cleared first.

#include <array>
#include <cassert>
#include <cstddef>
#include <new>
#include <span>
#include <type_traits>

namespace spanlight {

template <typename T, std::size_t kMax>
class Listed {
 public:
  void add(const T& entry) {
    assert(count_ < kMax);
    new (room_.data() + count_++ * sizeof(T)) T(entry);
  }
  std::span<const T> all() const { return {std::launder(reinterpret_cast<const T*>(room_.data())), count_}; }

 private:
  static_assert(std::is_trivially_destructible_v<T>);
  alignas(T) std::array<std::byte, kMax * sizeof(T)> room_;
  std::size_t count_ = 0;
};

}  // namespace spanlight
