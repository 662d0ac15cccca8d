#include "core/sctp/parse.h"

#include <algorithm>
#include <array>

namespace spanlight::sctp {
namespace {

constexpr std::size_t kChunkHeadBytes = 4;
constexpr std::size_t kDataHeadBytes = 16;   // RFC 9260, 3.3.1
constexpr std::size_t kIDataHeadBytes = 20;  // RFC 8260, 2.1

// TSN | stream | stream sequence number | payload protocol
void read_data(Reader& r, Chunk& chunk, std::size_t length) {
  chunk.tsn = r.be<std::uint32_t>();
  chunk.stream = r.be<std::uint16_t>();
  chunk.stream_seq = r.be<std::uint16_t>();
  chunk.ppid = r.be<std::uint32_t>();
  r.require(length >= kDataHeadBytes, Fault::bad_length);
  chunk.length = static_cast<std::uint32_t>(length - kDataHeadBytes);
}

// TSN | stream | reserved | message id | payload protocol of the first fragment, number of a later one
void read_i_data(Reader& r, Chunk& chunk, std::size_t length) {
  chunk.tsn = r.be<std::uint32_t>();
  chunk.stream = r.be<std::uint16_t>();
  r.skip(2);
  chunk.message_id = r.be<std::uint32_t>();
  const std::uint32_t word = r.be<std::uint32_t>();
  if (chunk.begins()) chunk.ppid = word;
  r.require(length >= kIDataHeadBytes, Fault::bad_length);
  chunk.length = static_cast<std::uint32_t>(length - kIDataHeadBytes);
}

// initiate tag | window | outbound streams | inbound streams | initial TSN | parameters
void read_init(Reader& r, Chunk& chunk) {
  chunk.initiate_tag = r.be<std::uint32_t>();
  chunk.window = r.be<std::uint32_t>();
  chunk.out_streams = r.be<std::uint16_t>();
  chunk.in_streams = r.be<std::uint16_t>();
  chunk.initial_tsn = r.be<std::uint32_t>();
}

}  // namespace

// type | flags | length (of all but the padding) | value
Chunk parse_chunk(Bytes bytes) {
  Reader r{bytes};
  Chunk chunk;
  chunk.type = r.u8();
  chunk.flags = r.u8();
  const std::size_t length = r.be<std::uint16_t>();
  r.require(!r.ok() || length >= kChunkHeadBytes, Fault::bad_length);
  chunk.whole_bytes = (length + 3) & ~std::size_t{3};
  const bool data = chunk.type == chunk_type::data, i_data = chunk.type == chunk_type::i_data;
  if (data) read_data(r, chunk, length);
  if (i_data) read_i_data(r, chunk, length);
  if (chunk.type == chunk_type::init || chunk.type == chunk_type::init_ack) read_init(r, chunk);
  const bool has_cause = chunk.type == chunk_type::abort || chunk.type == chunk_type::error;
  if (has_cause && length >= kChunkHeadBytes + sizeof(chunk.cause)) chunk.cause = r.be<std::uint16_t>();
  if (r.ok() && (data || i_data)) chunk.payload = r.take(std::min<std::size_t>(r.left(), chunk.length));
  chunk.fault = r.fault();
  if (chunk.fault == Fault::none && length > bytes.size()) chunk.fault = Fault::short_input;
  return chunk;
}

std::string_view name_of(std::uint8_t type) {
  constexpr std::array<std::string_view, 15> kNames = {
      "DATA",          "INIT",       "INIT_ACK", "SACK",         "HEARTBEAT",
      "HEARTBEAT_ACK", "ABORT",      "SHUTDOWN", "SHUTDOWN_ACK", "ERROR",
      "COOKIE_ECHO",   "COOKIE_ACK", "ECNE",     "CWR",          "SHUTDOWN_COMPLETE"};
  if (type < kNames.size()) return kNames[type];
  switch (type) {
    case chunk_type::i_data:
      return "I_DATA";
    case 15:
      return "AUTH";
    case 128:
      return "ASCONF_ACK";
    case 130:
      return "RE_CONFIG";
    case 132:
      return "PAD";
    case 192:
      return "FORWARD_TSN";
    case 193:
      return "ASCONF";
    default:
      return "OTHER";
  }
}

// RFC 9260, 3.3.10.
std::string_view cause_of(std::uint16_t cause) {
  constexpr std::array<std::string_view, 14> kCauses = {"",
                                                        "invalid stream identifier",
                                                        "missing mandatory parameter",
                                                        "stale cookie",
                                                        "out of resource",
                                                        "unresolvable address",
                                                        "unrecognized chunk type",
                                                        "invalid mandatory parameter",
                                                        "unrecognized parameters",
                                                        "no user data",
                                                        "cookie received while shutting down",
                                                        "restart with new addresses",
                                                        "user initiated abort",
                                                        "protocol violation"};
  return cause < kCauses.size() ? kCauses[cause] : std::string_view{};
}

}  // namespace spanlight::sctp
