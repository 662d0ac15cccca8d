#pragma once
// The headers that the sensor itself looks at, of whatever version of HTTP, told by length and letters. Pure.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
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

namespace detail {

// The first and the last bytes, which overlap or touch: all of them. Bit 5 makes letters small; no other byte
// of a name becomes one of `lower`'s by it.
template <typename Word>
bool same_ends(const char* name, std::string_view lower) {
  constexpr Word kSmall = static_cast<Word>(0x2020202020202020u);
  const std::size_t tail = lower.size() - sizeof(Word);
  Word name_head, name_tail, lower_head, lower_tail;
  std::memcpy(&name_head, name, sizeof(Word));
  std::memcpy(&name_tail, name + tail, sizeof(Word));
  std::memcpy(&lower_head, lower.data(), sizeof(Word));
  std::memcpy(&lower_tail, lower.data() + tail, sizeof(Word));
  return (((name_head | kSmall) ^ lower_head) | ((name_tail | kSmall) ^ lower_tail)) == 0;
}

template <typename Word>
Known if_same(std::string_view name, std::string_view lower, Known known) {
  return same_ends<Word>(name.data(), lower) ? known : Known::none;
}

}  // namespace detail

// `name`: bytes that a header's name may have, in any case. Here, so that whoever reads heads has it in line.
inline Known known_header(std::string_view name) {
  using Two = std::uint16_t;
  using Four = std::uint32_t;
  using Eight = std::uint64_t;
  switch (name.size()) {
    case 2:
      return detail::if_same<Two>(name, "b3", Known::b3);
    case 4:
      return detail::if_same<Four>(name, "host", Known::host);
    case 7:
      return detail::if_same<Four>(name, "upgrade", Known::upgrade);
    case 10:
      return detail::if_same<Eight>(name, "user-agent", Known::user_agent);
    case 11:
      return detail::if_same<Eight>(name, "traceparent", Known::traceparent);
    case 12:
      if (detail::same_ends<Eight>(name.data(), "content-type")) return Known::content_type;
      if (detail::same_ends<Eight>(name.data(), "x-b3-traceid")) return Known::x_b3_traceid;
      return detail::if_same<Eight>(name, "x-request-id", Known::x_request_id);
    case 14:
      return detail::if_same<Eight>(name, "content-length", Known::content_length);
    case 16:
      return detail::if_same<Eight>(name, "content-encoding", Known::content_encoding);
    case 17:  // its first byte, and sixteen
      if ((name[0] | 0x20) != 't') return Known::none;
      return detail::if_same<Eight>(name.substr(1), "ransfer-encoding", Known::transfer_encoding);
    default:
      return Known::none;
  }
}

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
