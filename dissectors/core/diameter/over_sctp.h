#pragma once
// Diameter in the DATA chunks of SCTP: found by a dissector of its own, and beside sctp's records where these
// are asked for. A message is one whole chunk.

#include "core/descriptor.h"
#include "core/diameter/calls.h"
#include "core/sctp/parse.h"

namespace spanlight::diameter {

extern const Descriptor kOverSctp;

// Its chunk, if that holds a message.
void take_chunk(Calls& calls, Workshop& workshop, Direction from, const sctp::Chunk& chunk, TimeNs time,
                Sink& sink);

}  // namespace spanlight::diameter
