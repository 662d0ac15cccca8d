#pragma once
// Sequence numbers of TCP: a circle of 2^32 (RFC 9293, 3.4). Two numbers are compared by their signed
// distance, which is right while they are less than 2^31 apart; whoever compares keeps them closer than that.

#include <cstdint>

#include "stream/stream.h"

namespace spanlight {

// How far `to` lies after `from`; negative when it lies before.
constexpr std::int32_t distance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}

constexpr bool before(std::uint32_t a, std::uint32_t b) {
  return distance(a, b) > 0;
}

constexpr std::uint32_t earlier(std::uint32_t a, std::uint32_t b) {
  return before(b, a) ? b : a;
}
constexpr std::uint32_t later(std::uint32_t a, std::uint32_t b) {
  return before(a, b) ? b : a;
}

// The acknowledgement that covers all that was delivered of `s`: a delivered FIN takes one number.
inline std::uint32_t reached(const Stream& s) {
  return s.next_seq + (s.fin_counted ? 1u : 0u);
}

// True if the bytes that carry `ack` have to wait for the other side `o`, which has not shown what `ack`
// covers. They wait only while `o` owes those bytes, so that o's deadline bounds the wait.
inline bool waits_for(const Stream& o, bool has_ack, std::uint32_t ack) {
  if (!has_ack || o.ended) return false;
  if (!o.started) return o.acked_valid;
  return o.seen && before(reached(o), ack) && !before(o.peer_acked, ack);
}

// The offset in `s` that `ack` stands for: never more than what was delivered of it, never before its first
// byte.
inline std::uint64_t acked_offset(const Stream& s, std::uint32_t ack) {
  if (!s.started) return 0;
  const std::int64_t behind = -std::int64_t{distance(s.next_seq, ack)};
  if (behind <= 0) return s.offset;
  const auto bytes = static_cast<std::uint64_t>(behind);
  return bytes > s.offset ? 0 : s.offset - bytes;
}

}  // namespace spanlight
