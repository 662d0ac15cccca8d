#pragma once
// What the workers' rings still hold of some connections, as one pcapng file. On the command thread, one at a
// time; takes as long as it takes to look through the rings, and nobody waits for it but whoever asked.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "packets/packet_ring.h"

namespace spanlight {

constexpr std::size_t kPacketsBytesMax = std::size_t{64} << 20;  // of one file
constexpr std::size_t kPacketsConnectionsMax = 1'024;            // of one request

struct PacketsRequest {
  std::vector<std::uint64_t> conn_ids;  // at most kPacketsConnectionsMax
  TimeNs from = 0;
  TimeNs until = kNever;
  std::size_t bytes_max = kPacketsBytesMax;  // of the file; no more than kPacketsBytesMax counts
};

struct PacketsFile {
  std::vector<std::uint8_t> pcapng;
  std::uint64_t count = 0;
  bool truncated = false;  // more was there than bytes_max can hold: later ones are missing
  TimeNs oldest = 0;       // time of the oldest packet that is given out, of any connection; 0: there is none
};

struct PacketsOrigin {
  std::string application, comment;
  std::vector<std::string> ports;  // names, by KeptPacket::port
};

// `oldest`: what was captured earlier is not given out, though it may still be there. `stop`: ends it early,
// with what there is.
PacketsFile collect_packets(std::span<const PacketRing* const> rings, const PacketsRequest& request,
                            TimeNs oldest, const PacketsOrigin& origin, const std::atomic<bool>& stop);

}  // namespace spanlight
