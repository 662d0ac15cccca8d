#pragma once
// Initial packets for the tests of QUIC: sealed with the keys that open them.

#include <algorithm>
#include <string>
#include <string_view>

#include "quic/keys.h"

namespace spanlight::quic::testing {

inline std::string varint(std::uint64_t value) {
  std::string out;
  const unsigned size = value < 64 ? 0 : value < 16'384 ? 1 : value < (1u << 30) ? 2 : 3;
  for (unsigned i = 1u << size; i > 0; --i) out += static_cast<char>(value >> 8 * (i - 1));
  out[0] = static_cast<char>(static_cast<unsigned char>(out[0]) | size << 6);
  return out;
}

inline std::string counted(std::string_view bytes) {
  return static_cast<char>(bytes.size()) + std::string(bytes);
}

inline std::string crypto(std::uint64_t offset, std::string_view bytes) {
  return "\x06" + varint(offset) + varint(bytes.size()) + std::string(bytes);
}

struct Packet {
  std::uint32_t version = 1;
  std::string to = "to-the-server", from = "";
  std::string keys_of = "to-the-server";  // the id that the keys are made of
  std::string token;
  std::uint32_t number = 0;
  std::string frames;
  std::size_t datagram_bytes = 1'200;  // filled up to
};

inline std::string long_head(const Version& version, PacketType type, std::uint8_t low,
                             const Packet& packet) {
  unsigned wire = 0;
  while (version.types[wire] != type) ++wire;
  std::string out(1, static_cast<char>(0xc0 | wire << 4 | low));
  for (unsigned shift = 32; shift > 0; shift -= 8) out += static_cast<char>(version.number >> (shift - 8));
  return out + counted(packet.to) + counted(packet.from);
}

inline std::string initial(Direction from, const Packet& packet) {
  const Version& version = *find_version(packet.version);
  const Keys keys = make_keys(version, as_bytes(packet.keys_of));
  const SideKeys& side = from == Direction::c2s ? keys.client : keys.server;
  constexpr std::size_t kNumberBytes = 2, kLengthBytes = 2;
  std::string head = long_head(version, PacketType::initial, kNumberBytes - 1, packet) +
                     varint(packet.token.size()) + packet.token;
  std::string plain = packet.frames;
  const std::size_t fixed = head.size() + kLengthBytes + kNumberBytes + crypto::kTagBytes;
  if (fixed + plain.size() < packet.datagram_bytes) plain.resize(packet.datagram_bytes - fixed);
  const std::size_t length = kNumberBytes + plain.size() + crypto::kTagBytes;
  head += static_cast<char>(0x40 | length >> 8);
  head += static_cast<char>(length);
  const std::size_t number_at = head.size();
  head += static_cast<char>(packet.number >> 8);
  head += static_cast<char>(packet.number);
  crypto::Nonce nonce = side.iv;
  nonce[10] = static_cast<std::uint8_t>(nonce[10] ^ (packet.number >> 8));
  nonce[11] = static_cast<std::uint8_t>(nonce[11] ^ (packet.number & 0xff));
  std::string out = head + std::string(plain.size() + crypto::kTagBytes, '\0');
  auto* bytes = reinterpret_cast<std::uint8_t*>(out.data());
  crypto::seal_gcm(side.key, nonce, as_bytes(head), as_bytes(plain), bytes + head.size());
  crypto::Block sample;
  std::copy_n(bytes + number_at + 4, sample.size(), sample.begin());
  const crypto::Block mask = crypto::aes128(side.header, sample);
  bytes[0] = static_cast<std::uint8_t>(bytes[0] ^ (mask[0] & 0x0f));
  bytes[number_at] ^= mask[1];
  bytes[number_at + 1] ^= mask[2];
  return out;
}

inline std::string version_negotiation(std::string_view to, std::string_view from,
                                       std::string_view versions) {
  return std::string("\x8f\0\0\0\0", 5) + counted(to) + counted(from) + std::string(versions);
}

}  // namespace spanlight::quic::testing
