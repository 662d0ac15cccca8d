#pragma once
// One call: a request and its answer. Lies in a block of the worker's slabs from the request's first byte
// until it is told.

#include <cstdint>
#include <string_view>

#include "core/dissector.h"
#include "core/open_calls.h"
#include "core/slab_buffer.h"
#include "mongodb/parse.h"

namespace spanlight::mongodb {

// One message, as far as it is told.
struct Half {
  Header header;
  Said said;
  ShortText<120> space;  // of an older message: database.collection
  SlabBuffer json;       // its documents, in the preview slabs
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint32_t turn = 0;  // its place among the messages of both directions
  std::uint64_t size = 0;
  std::uint64_t sent = 0;      // documents in sequences
  std::uint32_t opcode = 0;    // of what is told: of the message within a compressed one
  std::uint32_t bits = 0;      // its flags
  std::uint32_t returned = 0;  // documents of an OP_REPLY
  std::string_view packing;    // how it was compressed; a constant
  bool seen = false;
  bool ended = false;
  bool unread = false;  // compressed, and larger than is unpacked
  bool malformed = false;
  bool redacted = false;
  bool json_cut = false;
  bool json_shed = false;
};

struct Call : OpenCall {
  Half asked, told;
  Reason fate = Reason::none;
  TimeNs heard = 0;  // its last answer, of several: it waits on from there
  std::uint32_t flags = 0;
  std::uint32_t answers = 0;  // that came already, of a request with several
  bool hole = false;          // the answer may lie in a hole
  bool doomed = false;        // told when the request ends, with `fate`
  GapCause cause = GapCause::mirror;
};
static_assert(sizeof(Call) <= 2'048, "one of the slabs' smaller blocks");

bool is_answered(const Half& asked);  // a request that an answer is due to
bool is_command(const Half& half);    // its document is a command, or an answer to one

// Builds the transaction of a call and hands it to the sink. `reason` is none exactly when both halves are
// there, or no answer is due. `follows`: an answer behind the first one.
void emit_call(const Call& call, Reason reason, bool follows, Sink& sink);

}  // namespace spanlight::mongodb
