#pragma once
// The blocks of a pcapng file that packets need, from their bodies (draft-ietf-opsawg-pcapng). Pure; numbers
// are in the byte order of the section that the block stands in.

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/bytes.h"
#include "core/time_ns.h"

namespace spanlight::pcapng {

enum class BlockType : std::uint32_t {
  section = 0x0a0d0d0a,  // the same in both byte orders
  interface = 1,
  packet = 2,  // obsolete
  simple_packet = 3,
  enhanced_packet = 6,
};

constexpr bool is_packet(BlockType type) {
  return type == BlockType::enhanced_packet || type == BlockType::packet || type == BlockType::simple_packet;
}

constexpr std::uint32_t kMagic = 0x1a2b3c4d;  // a section's body begins with it, in the section's byte order

constexpr std::uint32_t kPacketBytesMax = 262'144;  // of one packet: libpcap's largest snapshot

enum class Fault : std::uint8_t {
  none,
  short_block,        // it ends before what it must hold
  bad_option,         // of an interface: longer than its block, or not of the length that its kind has
  unknown_interface,  // a packet's, which the section has not described
  large_packet,       // beyond kPacketBytesMax
};
const char* describe(Fault fault);  // for a sentence

struct Interface {
  std::uint16_t link_type = 0;       // LINKTYPE_ of the file formats
  std::uint32_t snapshot_bytes = 0;  // 0: no limit
  std::uint8_t resolution = 6;       // a tick is 10^-n seconds, or 2^-n with the highest bit
  std::int64_t offset_s = 0;         // of its ticks' zero from 1970
};

struct PacketBlock {
  std::uint32_t interface = 0;
  std::uint64_t ticks = 0;
  bool has_time = false;
  std::uint32_t wire_bytes = 0;  // as the file says; may be less than there are
  Bytes bytes;
};

std::uint16_t u16_of(const std::uint8_t* bytes, bool swapped);
std::uint32_t u32_of(const std::uint8_t* bytes, bool swapped);

Fault parse_interface(Bytes body, bool swapped, Interface& out);

// `type`: one of the three kinds of packets.
Fault parse_packet(BlockType type, Bytes body, bool swapped, std::span<const Interface> interfaces,
                   PacketBlock& out);

// Beyond what the type holds it wraps: a hostile file may name any time.
TimeNs time_of(const Interface& interface, std::uint64_t ticks);

}  // namespace spanlight::pcapng
