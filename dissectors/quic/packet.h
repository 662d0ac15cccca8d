#pragma once
// Packets with a long head (RFC 9000, 17.2; RFC 9369, 3.2), as far as they can be read without keys. Bytes to
// head, pure.

#include <array>
#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "core/reader.h"

namespace spanlight::quic {

constexpr std::size_t kConnectionIdBytesMax = 20;
constexpr std::size_t kClientIdBytesMin = 8;       // that a client invents for the server (RFC 9000, 7.2)
constexpr std::size_t kClientDatagramMin = 1'200;  // that carries an Initial (RFC 9000, 14.1)

enum class PacketType : std::uint8_t { initial, zero_rtt, handshake, retry, version_negotiation, unknown };

using Salt = std::array<std::uint8_t, 20>;

// A version whose Initial packets can be opened.
struct Version {
  std::uint32_t number;
  std::string_view name;        // v1
  std::string_view short_name;  // 1
  Salt salt;
  std::string_view key_label, iv_label, hp_label;
  PacketType types[4];  // by their number on the wire
};
const Version* find_version(std::uint32_t number);

struct Head {
  Fault fault = Fault::none;
  PacketType type = PacketType::unknown;
  std::uint32_t version = 0;
  const Version* known = nullptr;  // none: nothing behind the ids is understood
  Bytes to, from;                  // connection ids
  Bytes token;                     // of an Initial
  Bytes versions;                  // of a version negotiation
  std::size_t number_at = 0;       // where the packet number begins
  std::size_t whole_bytes = 0;     // of the packet, head and all
};

constexpr bool has_long_head(Bytes packet) {
  return !packet.empty() && (packet[0] & 0x80) != 0;
}

// Not asked of a packet whose ends know each other: they may agree upon anything there (RFC 9287).
constexpr bool has_fixed_bit(Bytes packet) {
  return !packet.empty() && (packet[0] & 0x40) != 0;
}

Head parse_head(Bytes in);

// RFC 9000, 16: the two top bits say how many bytes.
std::uint64_t read_varint(Reader& r);

}  // namespace spanlight::quic
