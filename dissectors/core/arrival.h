#pragma once
// A message as it came: its bytes as far as they are at hand, when, and how large it was on the wire. A view,
// for the call that shows it.

#include <cstdint>

#include "core/transaction.h"

namespace spanlight {

struct Arrival {
  Bytes bytes;  // the whole message, or its beginning
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint64_t size = 0;   // on the wire
  std::uint32_t flags = 0;  // of the record that it is told in
  // Its first byte's place among those of both directions, in the order in which they were delivered. Times
  // do not tell what had begun before what: a mirror may show an answer before its question.
  std::uint32_t turn = 0;

  bool whole() const { return bytes.size() == size; }
};

inline void set_times(Message& out, const Arrival& arrival) {
  out.present = true;
  out.first_byte = arrival.first_byte;
  out.last_byte = arrival.last_byte;
  out.size = arrival.size;
}

}  // namespace spanlight
