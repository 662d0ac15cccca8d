#include "lcore/ip_packet.h"

#include <algorithm>
#include <cstring>

namespace spanlight {

namespace {

constexpr std::size_t kV4Bytes = 20;
constexpr std::size_t kV6Bytes = 40;
static_assert(kV6Bytes == kIpHeaderBytesMax);
constexpr std::size_t kTotalLengthMax = 65'535;

// RFC 791, section 3.1: version and length | TOS | total length | id | no fragment | TTL | protocol |
// checksum (nobody looks) | source | destination. A length beyond 16 bits is 0, which decode reads as "to the
// frame's end".
std::size_t v4_header(std::uint8_t* out, const Fragment& f, std::size_t datagram_bytes) {
  std::memset(out, 0, kV4Bytes);
  const std::size_t total = kV4Bytes + datagram_bytes;
  const std::size_t said = total > kTotalLengthMax ? 0 : total;
  out[0] = 0x45;
  out[2] = static_cast<std::uint8_t>(said >> 8);
  out[3] = static_cast<std::uint8_t>(said);
  out[4] = static_cast<std::uint8_t>(f.id >> 8);
  out[5] = static_cast<std::uint8_t>(f.id);
  out[8] = 64;
  out[9] = f.protocol;
  std::memcpy(out + 12, f.src.bytes.data() + 12, 4);
  std::memcpy(out + 16, f.dst.bytes.data() + 12, 4);
  return kV4Bytes;
}

// RFC 8200, section 3: version | payload length | next header | hop limit | source | destination.
std::size_t v6_header(std::uint8_t* out, const Fragment& f, std::size_t datagram_bytes) {
  std::memset(out, 0, kV6Bytes);
  out[0] = 0x60;
  out[4] = static_cast<std::uint8_t>(datagram_bytes >> 8);
  out[5] = static_cast<std::uint8_t>(datagram_bytes);
  out[6] = f.protocol;
  out[7] = 64;
  std::memcpy(out + 8, f.src.bytes.data(), 16);
  std::memcpy(out + 24, f.dst.bytes.data(), 16);
  return kV6Bytes;
}

}  // namespace

void write_outside(rte_mbuf* fresh, const Packet& packet) {
  Outside outside{.tunnel_id = packet.tunnel_id,
                  .key_tunnel_id = packet.key.tunnel_id,
                  .key_vlan = packet.key.vlan,
                  .tunnel = packet.tunnel,
                  .key_tunnel = packet.key.tunnel,
                  .vlan_count = packet.vlan_count};
  std::copy_n(packet.vlans, kVlansMax, outside.vlans);
  std::memcpy(fresh->buf_addr, &outside, sizeof(outside));
}

void read_outside(const rte_mbuf* frame, Packet& packet) {
  Outside outside;
  std::memcpy(&outside, frame->buf_addr, sizeof(outside));
  packet.tunnel_id = outside.tunnel_id;
  packet.key.tunnel_id = outside.key_tunnel_id;
  packet.key.vlan = outside.key_vlan;
  packet.tunnel = outside.tunnel;
  packet.key.tunnel = outside.key_tunnel;
  packet.vlan_count = outside.vlan_count;
  std::copy_n(outside.vlans, kVlansMax, packet.vlans);
}

std::size_t write_ip_header(std::uint8_t* out, const Fragment& fragment, std::size_t datagram_bytes) {
  return fragment.src.is_v4() ? v4_header(out, fragment, datagram_bytes)
                              : v6_header(out, fragment, datagram_bytes);
}

rte_mbuf* ip_packet_of(const Fragment& fragment, Bytes datagram, rte_mempool* pool) {
  std::uint8_t header[kIpHeaderBytesMax];
  const std::size_t header_bytes = write_ip_header(header, fragment, datagram.size());
  rte_mbuf* first = nullptr;
  rte_mbuf* last = nullptr;
  Bytes left = datagram;
  do {
    rte_mbuf* piece = rte_pktmbuf_alloc(pool);
    if (piece == nullptr) {
      rte_pktmbuf_free(first);
      return nullptr;
    }
    std::size_t room = rte_pktmbuf_tailroom(piece);
    if (first == nullptr) {
      std::memcpy(rte_pktmbuf_mtod(piece, std::uint8_t*), header, header_bytes);
      piece->data_len = static_cast<std::uint16_t>(header_bytes);
      room -= header_bytes;
      first = last = piece;
    } else {
      last->next = piece;
      last = piece;
      ++first->nb_segs;
    }
    const std::size_t n = std::min(room, left.size());
    std::memcpy(rte_pktmbuf_mtod(piece, std::uint8_t*) + piece->data_len, left.data(), n);
    piece->data_len = static_cast<std::uint16_t>(piece->data_len + n);
    left = left.subspan(n);
  } while (!left.empty());
  first->pkt_len = static_cast<std::uint32_t>(header_bytes + datagram.size());
  return first;
}

}  // namespace spanlight
