#pragma once
// SCTP chunks (RFC 9260, section 3.2; I-DATA: RFC 8260): one chunk at a time, from behind the common header.
// Pure and stateless.

#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "core/reader.h"

namespace spanlight::sctp {

namespace chunk_type {
constexpr std::uint8_t data = 0, init = 1, init_ack = 2, sack = 3, heartbeat = 4, heartbeat_ack = 5,
                       abort = 6, shutdown = 7, shutdown_ack = 8, error = 9, cookie_echo = 10,
                       cookie_ack = 11, ecne = 12, cwr = 13, shutdown_complete = 14, i_data = 64;
}  // namespace chunk_type

struct Chunk {
  Fault fault = Fault::none;  // short_input: the datagram ends inside it
  std::uint8_t type = 0, flags = 0;
  std::size_t whole_bytes = 0;  // with padding; what the next chunk stands behind

  // DATA, I-DATA
  std::uint32_t tsn = 0, ppid = 0, message_id = 0;
  std::uint16_t stream = 0, stream_seq = 0;
  std::uint32_t length = 0;  // of the payload, as the chunk says
  Bytes payload;             // as far as it was captured
  bool begins() const { return (flags & 2) != 0; }
  bool ends() const { return (flags & 1) != 0; }
  bool unordered() const { return (flags & 4) != 0; }

  // INIT, INIT ACK
  std::uint32_t initiate_tag = 0, initial_tsn = 0, window = 0;
  std::uint16_t out_streams = 0, in_streams = 0;

  // ABORT, ERROR: the first cause; 0 = none
  std::uint16_t cause = 0;
};

// The chunk at the beginning of `bytes`, which are not empty.
Chunk parse_chunk(Bytes bytes);

std::string_view name_of(std::uint8_t type);  // "DATA", "INIT_ACK"; "OTHER"
std::string_view cause_of(std::uint16_t cause);

}  // namespace spanlight::sctp
