#pragma once
// The headers that the sensor itself looks at, told by length and letters. Pure.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spanlight::http {

enum class Known : std::uint8_t {
  // What the record lifts out.
  host,
  user_agent,
  content_type,
  content_encoding,
  traceparent,
  b3,
  x_b3_traceid,
  x_request_id,
  // What says where the body ends, and who speaks behind it.
  content_length,
  transfer_encoding,
  upgrade,
  none,
};
constexpr std::size_t kLifted = 8;  // the first so many are lifted out

// `name`: bytes that a header's name may have, in any case.
Known known_header(std::string_view name);

// Which header of a message is the first of each lifted name whose value is not empty.
class LiftedHeaders {
 public:
  void note(std::uint32_t index, Known known) {
    const auto k = static_cast<std::size_t>(known);
    if (k < kLifted && places_[k] == 0) places_[k] = static_cast<std::uint16_t>(index + 1);
  }
  // 1 + its index; 0: there is none.
  std::uint32_t place(Known known) const { return places_[static_cast<std::size_t>(known)]; }

 private:
  std::array<std::uint16_t, kLifted> places_{};
};

}  // namespace spanlight::http
