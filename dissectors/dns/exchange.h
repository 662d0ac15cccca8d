#pragma once
// A query, its answer, or both, and the record that comes of it.

#include <cstdint>

#include "core/descriptor.h"
#include "core/dissector.h"
#include "dns/parse.h"

namespace spanlight::dns {

// What differs between DNS, multicast DNS and LLMNR.
struct Flavour {
  const Descriptor* protocol;
  bool datagrams;
  bool pairs;      // false: each message stands for itself (multicast DNS)
  bool asks_many;  // answers come from others than who was asked (LLMNR to its group): none is no error
  NameStyle style;
};

struct Half {
  Bytes bytes;  // as much as was kept
  const Outline* outline = nullptr;
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint64_t size = 0;  // on the wire
};

struct Exchange {
  State state = State::complete;
  Reason reason = Reason::none;
  std::uint32_t flags = 0;
  Direction asked_by = Direction::c2s;  // who sent the query; of a message that stands for itself: it
  std::uint32_t retransmissions = 0;    // of the query
  bool repeated = false;                // the same query was answered before
  std::uint32_t messages = 1;           // of the answer
  std::uint64_t answers = 0;            // in all of them
  const Half* query = nullptr;
  const Half* response = nullptr;
};

// Builds the transaction and hands it to the sink.
void emit_exchange(const Flavour& flavour, const Exchange& exchange, Sink& sink);

}  // namespace spanlight::dns
