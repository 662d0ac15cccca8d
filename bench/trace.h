#pragma once
// Seeded HTTP/1 traffic as Ethernet frames: TCP connections with right sequence numbers, IP ids and
// checksums, interleaved as a mirror port shows them. A trace is one lap: every connection in it begins and
// ends and every call is answered, unless the options want it otherwise. renew() (frame_edit.h) moves a frame
// to another lap, where the same connections come from another address and port with other sequence numbers:
// to the sensor they are new ones. Standing traces (Mix::headers) are the exception: their connections stay.
// For benchmarks only; allocates freely.

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "frame_edit.h"
#include "messages.h"

namespace spanlight::bench {

// How the connections of a trace are left.
enum class Ending : std::uint8_t {
  closed,  // by both ends, after their calls
  opened,  // after the handshake, nothing said
  idle,    // after their calls
  asked,   // after one more request, which nobody answered
};

struct TraceOptions {
  Mix mix = Mix::web;
  std::uint64_t seed = 1;
  std::uint32_t connections = 0;  // of one lap, all open at once; 0 = what suits the mix
  std::uint32_t calls = 0;        // on each of them; 0 = what suits the mix
  std::uint8_t network =
      0;  // clients are 10.network.lap.lap: workers with traces of their own take different ones
  std::uint16_t loss_per_mille = 0;  // of the frames, any of them
  std::uint16_t disorder_per_mille =
      0;                     // of the frames come behind one to three later ones of their connection
  std::uint32_t frames = 0;  // Mix::headers: of one lap, at least one for each connection
  Ending ending = Ending::closed;
};
// The servers' addresses times the clients' ports; what memory holds is less, for all but Mix::headers.
constexpr std::uint32_t kConnectionsMax = 10'000'000;

struct TraceFrame {
  std::uint64_t offset = 0;  // in Trace::bytes
  std::uint16_t length = 0;
  bool from_client = false;
  bool has_ack = false;
};

struct Trace {
  std::vector<std::uint8_t> bytes;
  std::vector<TraceFrame> frames;
  std::uint64_t connections = 0;
  std::uint64_t calls = 0;
  std::uint64_t lost = 0;        // frames that were left out
  std::uint64_t disordered = 0;  // frames that come later than they were sent
  bool standing =
      false;  // connections stay from lap to lap; the first frame of each, in its first lap, opens it
  std::uint16_t ip_id_step = 1;  // standing: from lap to lap; no end has so many frames in one
  std::uint16_t frame_bytes_max = 0;
  Bytes frame(std::size_t i) const { return {bytes.data() + frames[i].offset, frames[i].length}; }
};

Trace make_trace(const TraceOptions& options);

// What a connection adds to a trace, in frames and their bytes: for telling the memory before it is taken.
struct TraceSize {
  std::uint64_t frames = 0, bytes = 0;
};
TraceSize size_of(const TraceOptions& options);

// `laps` laps as a capture file, `gap_ns` apart from frame to frame. Not for standing traces. A sentence if
// it cannot be written; empty = done.
std::string write_pcap(Trace trace, const std::string& path, std::uint32_t laps, std::uint64_t gap_ns);

// The ends of connection `index`: text for the builder, and the client's port.
struct Ends {
  std::string client, server;
  std::uint16_t port = 0;
};
Ends ends_of(std::uint8_t network, std::uint32_t index);

}  // namespace spanlight::bench
