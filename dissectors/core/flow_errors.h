#pragma once
// Errors that name a flow by quoting one of its packets (ICMP): whoever reads one tells the worker, which
// knows its flows.

#include <array>
#include <cstdint>

namespace spanlight {

// The ends of a quoted packet, as its sender wrote them.
struct QuotedPacket {
  std::array<std::uint8_t, 16> src{}, dst{};  // IPv6, or IPv4 as ::ffff:a.b.c.d
  std::uint16_t src_port = 0, dst_port = 0;   // 0: none, or not quoted
  std::uint8_t protocol = 0;                  // IP protocol number
  bool has_ports = false;
};

class FlowErrors {
 public:
  // The conn_id of the flow that the packet is of; 0: no flow of this worker.
  virtual std::uint64_t on_error(const QuotedPacket& quoted) = 0;

 protected:
  ~FlowErrors() = default;
};

}  // namespace spanlight
