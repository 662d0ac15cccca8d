#pragma once
// What a dissector that gives its flow away (Answer::Want::identify) says of who follows. It lies in the
// Workshop and in no slot: it is written and read within one call of on_data().

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace spanlight {

struct Handover {
  static constexpr std::size_t kTermsBytes = 48;

  std::string_view protocol = {};  // its descriptor's name, a constant; empty: identify it afresh
  bool lost[2] = {};               // by Direction: its first bytes were lost
  std::array<std::uint8_t, kTermsBytes> terms{};  // what both know how to read: a type of core's

  template <typename T>
  void put(const T& t) {
    static_assert(sizeof(T) <= kTermsBytes && std::is_trivially_copyable_v<T>);
    std::memcpy(terms.data(), &t, sizeof(T));
  }
  template <typename T>
  T get() const {
    static_assert(sizeof(T) <= kTermsBytes && std::is_trivially_copyable_v<T>);
    T t;
    std::memcpy(&t, terms.data(), sizeof(T));
    return t;
  }
};

}  // namespace spanlight
