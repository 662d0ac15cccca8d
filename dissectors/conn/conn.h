#pragma once
// Connections and flows themselves: what the pipeline counted of one, as a record. There is nothing to
// dissect: no probe, no dissector, only the catalog of fields and how a summary fills them. The pipeline
// (dataplane/lcore) makes the summary when a connection ends, and at an interval while it lasts.

#include <cstdint>
#include <span>
#include <string_view>

#include "core/descriptor.h"

namespace spanlight::conn {

extern const Descriptor kConnDescriptor;  // TCP
extern const Descriptor kFlowDescriptor;  // UDP

// What one end did. Packets and payload bytes are those it sent.
struct EndSummary {
  std::uint32_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t missing_bytes = 0;  // of its stream, that were never seen
  std::uint32_t retransmissions = 0;
  std::uint32_t out_of_order = 0;
  std::uint32_t zero_windows = 0;
  std::uint32_t resets = 0;
  std::uint32_t rtt_min_us = 0;  // from the sensor to this end and back; 0 = not known
  bool syn = false;              // it opened the connection
  bool syn_ack = false;          // it accepted it
  bool fin = false;
};

struct RttSummary {
  std::uint32_t samples = 0;  // 0: the rest says nothing
  std::uint32_t min_us = 0;
  std::uint32_t avg_us = 0;
  std::uint32_t p95_us = 0;
};

struct Summary {
  bool tcp = true;
  bool over = false;        // false: a report while it lasts
  End ended_by = End::fin;  // only where it is over
  EndSummary end[2];        // by Direction: the client's, the server's
  TimeNs first_seen = 0;
  TimeNs last_seen = 0;
  TimeNs client_seen = 0;  // its first packet; 0 = none
  TimeNs server_seen = 0;
  std::uint32_t handshake_us = 0;   // SYN to the client's acknowledgement of the SYN-ACK; 0 = not seen
  std::uint32_t first_byte_us = 0;  // from the client's first payload byte to the server's; 0 = not seen
  RttSummary rtt;
  std::uint32_t calls = 0;   // records of calls on it
  std::uint32_t errors = 0;  // of these
  std::uint32_t icmp_errors = 0;
  bool encrypted = false;
  std::span<const std::string_view> protocols;  // that were found on it, by name
};

// Zeek's conn_state: what of opening and closing was seen (script reference, base/protocols/conn).
std::string_view zeek_state(const Summary& summary);

// The summary as one transaction of kConnDescriptor or kFlowDescriptor.
void emit(const Summary& summary, Sink& sink);

}  // namespace spanlight::conn
