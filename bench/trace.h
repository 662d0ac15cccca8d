#pragma once
// Seeded HTTP/1 traffic as Ethernet frames: whole TCP connections from SYN to FIN with right sequence
// numbers, IP ids and checksums, interleaved as a mirror port shows them. A trace is one lap: every
// connection in it begins and ends, every call is answered. retarget() moves a frame to another lap, where
// the same connections come from another client address: to the sensor they are new ones. For benchmarks
// only; allocates freely.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace spanlight::bench {

enum class Mix : std::uint8_t {
  rpc,   // 300 bytes there, 400 back, 100 calls on each connection; 3 packets a call
  web,   // 7 KB a call, 10 + 8 headers, 10 calls on each connection; 9 packets a call
  bulk,  // bodies of 1 MB, 4 calls on each connection; about 1,090 packets a call
};
std::optional<Mix> mix_of(std::string_view name);

struct TraceOptions {
  Mix mix = Mix::web;
  std::uint64_t seed = 1;
  std::uint32_t connections = 0;  // of one lap, all open at once; 0 = what suits the mix
  std::uint8_t network =
      0;  // clients are 10.network.lap.lap: workers with traces of their own take different ones
};
constexpr std::uint32_t kConnectionsMax = 50'000;

struct TraceFrame {
  std::uint32_t offset = 0;  // in Trace::bytes
  std::uint16_t length = 0;
  bool from_client = false;
};

struct Trace {
  std::vector<std::uint8_t> bytes;
  std::vector<TraceFrame> frames;
  std::uint64_t connections = 0;
  std::uint64_t calls = 0;
  Bytes frame(std::size_t i) const { return {bytes.data() + frames[i].offset, frames[i].length}; }
};

Trace make_trace(const TraceOptions& options);

// From lap `from` to lap `to`: the low half of the client's address, and both checksums by their difference
// (RFC 1624). Frames as make_trace() builds them: Ethernet, IPv4 without options, TCP. In the hot loop of the
// replay.
inline void retarget(std::uint8_t* frame, bool from_client, std::uint16_t from, std::uint16_t to) {
  constexpr std::size_t kIpChecksum = 24, kSource = 28, kDestination = 32, kTcpChecksum = 50;
  const auto put = [frame](std::size_t at, std::uint32_t value) {
    frame[at] = static_cast<std::uint8_t>(value >> 8);
    frame[at + 1] = static_cast<std::uint8_t>(value);
  };
  const auto adjust = [frame, from, to, &put](std::size_t at) {
    const std::uint32_t old = static_cast<std::uint32_t>(frame[at]) << 8 | frame[at + 1];
    std::uint32_t sum = (~old & 0xffff) + (~std::uint32_t{from} & 0xffff) + to;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    put(at, ~sum & 0xffff);
  };
  put(from_client ? kSource : kDestination, to);
  adjust(kIpChecksum);
  adjust(kTcpChecksum);
}

// `laps` laps as a capture file, `gap_ns` apart from frame to frame. A sentence if it cannot be written;
// empty = done.
std::string write_pcap(Trace trace, const std::string& path, std::uint32_t laps, std::uint64_t gap_ns);

}  // namespace spanlight::bench
