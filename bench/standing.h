#pragma once
// Mix::headers: connections that stay open from lap to lap while packets without payload go to and fro, in
// random order, so that a packet's flow is in no cache. A trace of ten million connections holds one frame
// for each, not four: the first lap of a frame that opens its connection shows it as the client's SYN, then
// the server's answer, then the client's ACK, each to all connections in turn; only then does it become one
// of the packets without end.

#include "trace.h"

namespace spanlight::bench {

// Of a lap, unless the options say otherwise or there are more connections: as many for a thousand
// connections as for a million, so that the frames themselves are in the same memory and the flows alone make
// the difference.
constexpr std::uint32_t kStandingFrames = 1u << 20;

Trace make_standing_trace(const TraceOptions& options);

// The laps through which the first `Trace::connections` frames go before the others join in. The last one of
// them lets every second server speak.
constexpr unsigned kOpeningLaps = 4;

// A frame in the opening lap `lap` (0: as it was made, the SYN).
void show_opening(std::uint8_t* frame, unsigned lap, std::size_t index, std::uint16_t ip_id_step);

}  // namespace spanlight::bench
