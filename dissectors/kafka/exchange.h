#pragma once
// A request, its answer, or both, and the record that comes of it.

#include <cstdint>

#include "core/descriptor.h"
#include "core/dissector.h"
#include "kafka/batches.h"
#include "kafka/parse.h"

namespace spanlight::kafka {

// What is counted over all that is looked at of a message, of which less is kept.
struct Counts {
  std::uint64_t records = 0;
  std::uint64_t record_bytes = 0;
  std::uint32_t partitions = 0;
  std::uint8_t compression = 0;
  bool has_records = false;
  bool cut = false;        // more than what is looked at
  bool malformed = false;  // the body contradicts its layout
  std::int64_t acks = 1;
};
Counts count(const Request& request, Layout layout, Bytes body, bool whole);

struct Half {
  Bytes bytes;  // of the frame, as much as is there
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint64_t size = 0;  // on the wire
  Counts counts;
};

struct Exchange {
  State state = State::complete;
  Reason reason = Reason::none;
  std::uint32_t flags = 0;
  bool token = false;  // SASL's own bytes behind an old handshake, without any header
  const Half* request = nullptr;
  const Half* response = nullptr;
};

// Builds the transaction and hands it to the sink.
void emit_exchange(const Exchange& exchange, const Limits& limits, Sink& sink);

}  // namespace spanlight::kafka
