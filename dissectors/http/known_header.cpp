#include "http/known_header.h"

#include <cstring>

namespace spanlight::http {
namespace {

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

}  // namespace

Known known_header(std::string_view name) {
  using Two = std::uint16_t;
  using Four = std::uint32_t;
  using Eight = std::uint64_t;
  switch (name.size()) {
    case 2:
      return if_same<Two>(name, "b3", Known::b3);
    case 4:
      return if_same<Four>(name, "host", Known::host);
    case 7:
      return if_same<Four>(name, "upgrade", Known::upgrade);
    case 10:
      return if_same<Eight>(name, "user-agent", Known::user_agent);
    case 11:
      return if_same<Eight>(name, "traceparent", Known::traceparent);
    case 12:
      if (same_ends<Eight>(name.data(), "content-type")) return Known::content_type;
      if (same_ends<Eight>(name.data(), "x-b3-traceid")) return Known::x_b3_traceid;
      return if_same<Eight>(name, "x-request-id", Known::x_request_id);
    case 14:
      return if_same<Eight>(name, "content-length", Known::content_length);
    case 16:
      return if_same<Eight>(name, "content-encoding", Known::content_encoding);
    case 17:  // its first byte, and sixteen
      if ((name[0] | 0x20) != 't') return Known::none;
      return if_same<Eight>(name.substr(1), "ransfer-encoding", Known::transfer_encoding);
    default:
      return Known::none;
  }
}

}  // namespace spanlight::http
