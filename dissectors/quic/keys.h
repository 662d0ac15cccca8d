#pragma once
// The keys of Initial packets, which everybody can make (RFC 9001, 5.2), and what they open. Pure.

#include "core/crypto/crypto.h"
#include "quic/packet.h"

namespace spanlight::quic {

struct SideKeys {
  crypto::Key key, header;
  crypto::Nonce iv;
};
struct Keys {
  SideKeys client, server;
};

// `id`: the connection id that the client chose for the server in its first packet.
Keys make_keys(const Version& version, Bytes id);

constexpr std::size_t kInitialBytesMax = 16'384;  // of one packet: more than any link carries
constexpr std::size_t kHeadBytesMax = 2'048;      // with its token

// The plain payload in `room`, or nothing: not authentic under these keys, or too large.
Bytes open_packet(const SideKeys& keys, Bytes packet, std::size_t number_at,
                  std::array<std::uint8_t, kInitialBytesMax>& room);

}  // namespace spanlight::quic
