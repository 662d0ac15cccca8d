#pragma once
// The hash that NICs shard with, in software, so that hardware and software name the same owner of a flow.
// Input: addresses, then ports, big-endian, in the order source, destination (Microsoft's RSS specification).

#include <array>
#include <cstdint>
#include <span>

#include "core/bytes.h"
#include "decode/packet.h"

namespace spanlight {

constexpr std::size_t kRssKeyBytesMax = 52;  // what the longest key of a common NIC has; most take 40

namespace toeplitz_detail {
constexpr std::array<std::uint8_t, kRssKeyBytesMax> symmetric_key() {
  std::array<std::uint8_t, kRssKeyBytesMax> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return key;
}
}  // namespace toeplitz_detail

// Repeats every 16 bits, so exchanging source and destination changes nothing: both directions meet on one
// core.
inline constexpr std::array<std::uint8_t, kRssKeyBytesMax> kSymmetricRssKey =
    toeplitz_detail::symmetric_key();

// The key of Microsoft's verification suite; for proving the implementation.
inline constexpr std::array<std::uint8_t, 40> kMicrosoftRssKey = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

// Toeplitz with any key: a table of 16 words for each half byte of the input. Built once, then read only.
class Toeplitz {
 public:
  static constexpr std::size_t kInputBytesMax = 36;  // two IPv6 addresses and two ports

  explicit Toeplitz(
      std::span<const std::uint8_t> key);  // at least kInputBytesMax + 4 bytes; missing ones count as 0

  std::uint32_t hash(Bytes input) const;  // of at most kInputBytesMax bytes; more are ignored

  // As a NIC does: ports count for TCP and UDP, otherwise the address pair alone.
  std::uint32_t hash(const IpAddress& src, const IpAddress& dst) const;
  std::uint32_t hash(const IpAddress& src, std::uint16_t src_port, const IpAddress& dst,
                     std::uint16_t dst_port) const;

 private:
  std::array<std::array<std::uint32_t, 16>, 2 * kInputBytesMax> table_{};
};

// Toeplitz with kSymmetricRssKey, in a few instructions: since the key repeats, the hash depends only on the
// exclusive or of all the input's 16-bit words. Both halves of the result are equal.
std::uint32_t rss_hash(const FlowKey& key);  // ports for TCP and UDP, else the address pair
std::uint32_t rss_hash(const IpAddress& a, const IpAddress& b);

// The indirection table, as NICs have it. A NIC with a larger table gets indirection_entry() in each of its
// entries and agrees; one with a smaller table cannot agree (unless `workers` divides its size) and is
// sharded in software.
constexpr unsigned kIndirectionEntries = 128;

constexpr unsigned indirection_entry(unsigned index, unsigned workers) {
  return index % kIndirectionEntries % workers;
}

constexpr unsigned owner_of(std::uint32_t rss, unsigned workers) {
  return indirection_entry(rss, workers);
}

// Which worker owns the packet's flow; for a tunnelled packet the inner end points decide. Fragments go to
// the owner of their address pair, are put together there, and the whole datagram goes to its flow's owner.
inline unsigned owner_of(const Packet& packet, unsigned workers) {
  return owner_of(rss_hash(packet.key), workers);
}
inline unsigned owner_of(const Fragment& fragment, unsigned workers) {
  return owner_of(rss_hash(fragment.src, fragment.dst), workers);
}

}  // namespace spanlight
