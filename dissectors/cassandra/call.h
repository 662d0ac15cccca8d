#pragma once
// One call: a request and its answer, or an event. Lies in a block of the worker's slabs from its first byte
// until it is told.

#include <cstdint>
#include <string_view>

#include "cassandra/parse.h"
#include "core/dissector.h"
#include "core/open_calls.h"
#include "core/short_text.h"
#include "core/slab_buffer.h"

namespace spanlight::cassandra {

// One frame.
struct Half {
  Header header;
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint32_t turn = 0;  // its place among the messages of both directions
  std::uint64_t size = 0;  // of the frame
  bool seen = false;
  bool ended = false;
  bool packed = false;
  bool unread = false;  // packed, and not unpacked
};

struct Call : OpenCall {
  Half asked, told;
  SlabBuffer text;                    // the statement, redacted
  std::uint64_t statement_bytes = 0;  // all of it
  std::uint32_t statements = 0;       // of a batch
  std::uint16_t consistency = 0;
  bool has_consistency = false;
  bool prepared = false;  // executes what was prepared
  ShortText<48> driver, events, compression;

  std::uint32_t kind = 0;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::uint32_t warnings = 0;
  std::int32_t code = 0;
  bool has_rows = false;
  bool more_pages = false;
  ShortText<320> message;
  ShortText<64> keyspace, table, authenticator;
  ShortText<32> event, change;

  Reason fate = Reason::none;
  std::uint32_t flags = 0;
  bool doomed = false;   // told when the request ends, with `fate`
  bool hole = false;     // the answer may lie in a hole
  bool unasked = false;  // behind a hole of the client's: its stream may be another request's by now
  GapCause cause = GapCause::mirror;
};
static_assert(sizeof(Call) <= 2'048, "one of the slabs' smaller blocks");

// Builds the transaction of a call and hands it to the sink. `reason` is none exactly when both halves are
// there, or it is an event.
void emit_call(const Call& call, const Limits& limits, Reason reason, Sink& sink);

}  // namespace spanlight::cassandra
