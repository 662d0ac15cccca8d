#include "quic/keys.h"

#include <cstring>

namespace spanlight::quic {
namespace {

SideKeys side_keys(const Version& version, const crypto::Sha256& initial, std::string_view side) {
  crypto::Sha256 secret;
  crypto::expand_label(initial, side, secret);
  SideKeys out;
  crypto::expand_label(secret, version.key_label, out.key);
  crypto::expand_label(secret, version.iv_label, out.iv);
  crypto::expand_label(secret, version.hp_label, out.header);
  return out;
}

}  // namespace

Keys make_keys(const Version& version, Bytes id) {
  const crypto::Sha256 initial = crypto::hmac_sha256(version.salt, id);
  return {.client = side_keys(version, initial, "client in"),
          .server = side_keys(version, initial, "server in")};
}

// RFC 9001, 5.3 and 5.4. The packet number is taken as it stands: Initial packets are the first ones.
Bytes open_packet(const SideKeys& keys, Bytes packet, std::size_t number_at,
                  std::array<std::uint8_t, kInitialBytesMax>& room) {
  constexpr std::size_t kNumberBytesMax = 4;
  const std::size_t sample_at = number_at + kNumberBytesMax;
  if (sample_at > kHeadBytesMax || packet.size() > kInitialBytesMax ||
      packet.size() < sample_at + crypto::kBlockBytes)
    return {};
  crypto::Block sample;
  std::memcpy(sample.data(), packet.data() + sample_at, sample.size());
  const crypto::Block mask = crypto::aes128(keys.header, sample);
  std::array<std::uint8_t, kHeadBytesMax> head;
  std::memcpy(head.data(), packet.data(), sample_at);
  head[0] = static_cast<std::uint8_t>(head[0] ^ (mask[0] & 0x0f));
  const std::size_t number_bytes = (head[0] & 3u) + 1;
  crypto::Nonce nonce = keys.iv;
  for (std::size_t i = 0; i < number_bytes; ++i) {
    const std::uint8_t byte = head[number_at + i] ^= mask[1 + i];
    nonce[nonce.size() - number_bytes + i] ^= byte;
  }
  const std::size_t head_bytes = number_at + number_bytes;
  const Bytes sealed = packet.subspan(head_bytes);
  if (!crypto::open_gcm(keys.key, nonce, Bytes(head).first(head_bytes), sealed, room.data())) return {};
  return Bytes(room).first(sealed.size() - crypto::kTagBytes);
}

}  // namespace spanlight::quic
