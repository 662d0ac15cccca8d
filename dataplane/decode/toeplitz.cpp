#include "decode/toeplitz.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "decode/ip_protocol.h"

namespace spanlight {

namespace {

// The 32 key bits that start at bit `at`: what an input bit at this place adds to the hash.
std::uint32_t window_at(std::span<const std::uint8_t> key, std::size_t at) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    const std::size_t byte = at / 8 + i;
    bits = bits << 8 | (byte < key.size() ? key[byte] : 0U);
  }
  return static_cast<std::uint32_t>(bits >> (8 - at % 8));
}

// kSymmetric[0][h] ^ kSymmetric[1][l] is the hash of the 16-bit word h:l under the key 0x6d5a…
constexpr auto kSymmetric = [] {
  std::array<std::array<std::uint16_t, 256>, 2> table{};
  for (unsigned half = 0; half < 2; ++half) {
    for (unsigned value = 0; value < 256; ++value) {
      unsigned hash = 0;
      for (unsigned bit = 0; bit < 8; ++bit) {
        const unsigned turn = 8 * half + bit;
        if ((value & (0x80U >> bit)) != 0) hash ^= 0x6d5aU << turn | 0x6d5aU >> (16 - turn);
      }
      table[half][value] = static_cast<std::uint16_t>(hash);
    }
  }
  return table;
}();

// The exclusive or of all 16-bit words of both addresses, as they stand in memory. IPv4's ::ffff: prefix is
// in both and cancels itself, so that 4-byte and 16-byte addresses need no distinction.
std::uint16_t fold_addresses(const IpAddress& a, const IpAddress& b) {
  std::uint64_t w[4];
  std::memcpy(w, a.bytes.data(), 16);
  std::memcpy(w + 2, b.bytes.data(), 16);
  std::uint64_t x = w[0] ^ w[1] ^ w[2] ^ w[3];
  x ^= x >> 32;
  x ^= x >> 16;
  return __builtin_bswap16(static_cast<std::uint16_t>(x));
}

std::uint32_t symmetric_hash(unsigned word) {
  const std::uint32_t half = kSymmetric[0][word >> 8] ^ kSymmetric[1][word & 0xff];
  return half << 16 | half;
}

std::size_t put(std::uint8_t* to, const IpAddress& address) {
  const std::size_t skip = address.is_v4() ? 12 : 0;
  std::memcpy(to, address.bytes.data() + skip, 16 - skip);
  return 16 - skip;
}

}  // namespace

static_assert(std::endian::native == std::endian::little, "fold_addresses() swaps");

Toeplitz::Toeplitz(std::span<const std::uint8_t> key) {
  for (std::size_t nibble = 0; nibble < table_.size(); ++nibble) {
    for (unsigned value = 0; value < 16; ++value) {
      std::uint32_t hash = 0;
      for (std::size_t bit = 0; bit < 4; ++bit) {
        if ((value & (8U >> bit)) != 0) hash ^= window_at(key, 4 * nibble + bit);
      }
      table_[nibble][value] = hash;
    }
  }
}

std::uint32_t Toeplitz::hash(Bytes input) const {
  std::uint32_t hash = 0;
  const std::size_t n = std::min(input.size(), kInputBytesMax);
  for (std::size_t i = 0; i < n; ++i) {
    hash ^= table_[2 * i][input[i] >> 4] ^ table_[2 * i + 1][input[i] & 0x0f];
  }
  return hash;
}

std::uint32_t Toeplitz::hash(const IpAddress& src, const IpAddress& dst) const {
  std::uint8_t input[kInputBytesMax];
  std::size_t n = put(input, src);
  n += put(input + n, dst);
  return hash(Bytes(input, n));
}

std::uint32_t Toeplitz::hash(const IpAddress& src, std::uint16_t src_port, const IpAddress& dst,
                             std::uint16_t dst_port) const {
  std::uint8_t input[kInputBytesMax];
  std::size_t n = put(input, src);
  n += put(input + n, dst);
  for (const std::uint16_t port : {src_port, dst_port}) {
    input[n++] = static_cast<std::uint8_t>(port >> 8);
    input[n++] = static_cast<std::uint8_t>(port);
  }
  return hash(Bytes(input, n));
}

std::uint32_t rss_hash(const IpAddress& a, const IpAddress& b) {
  return symmetric_hash(fold_addresses(a, b));
}

std::uint32_t rss_hash(const FlowKey& key) {
  unsigned word = fold_addresses(key.ip[0], key.ip[1]);
  if (key.protocol == ip_protocol::tcp || key.protocol == ip_protocol::udp) word ^= key.port[0] ^ key.port[1];
  return symmetric_hash(word);
}

}  // namespace spanlight
