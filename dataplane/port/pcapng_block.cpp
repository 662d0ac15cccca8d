#include "port/pcapng_block.h"

#include <algorithm>
#include <cstring>

namespace spanlight::pcapng {
namespace {

std::uint64_t u64_of(const std::uint8_t* bytes, bool swapped) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return swapped ? __builtin_bswap64(value) : value;
}

constexpr std::size_t kInterfaceBytes = 8, kOptionHeadBytes = 4;
constexpr std::uint16_t kEndOfOptions = 0, kTimeResolution = 9, kTimeOffset = 14;

Fault read_option(std::uint16_t code, Bytes value, bool swapped, Interface& out) {
  if (code == kTimeResolution) {
    if (value.size() != 1) return Fault::bad_option;
    out.resolution = value[0];
  } else if (code == kTimeOffset) {
    if (value.size() != 8) return Fault::bad_option;
    out.offset_s = static_cast<std::int64_t>(u64_of(value.data(), swapped));
  }
  return Fault::none;
}

}  // namespace

const char* describe(Fault fault) {
  switch (fault) {
    case Fault::none:
      break;
    case Fault::short_block:
      return "a block ends before what it must hold";
    case Fault::bad_option:
      return "an option of an interface has a length that cannot be";
    case Fault::unknown_interface:
      return "a packet is of an interface that its section does not describe";
    case Fault::large_packet:
      return "a packet has more than 262144 bytes";
  }
  return "";
}

std::uint16_t u16_of(const std::uint8_t* bytes, bool swapped) {
  std::uint16_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return swapped ? __builtin_bswap16(value) : value;
}

std::uint32_t u32_of(const std::uint8_t* bytes, bool swapped) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return swapped ? __builtin_bswap32(value) : value;
}

// u16 link type | u16 reserved | u32 snapshot | options: u16 code | u16 length | value, padded to 4 bytes.
Fault parse_interface(Bytes body, bool swapped, Interface& out) {
  if (body.size() < kInterfaceBytes) return Fault::short_block;
  out = {.link_type = u16_of(body.data(), swapped), .snapshot_bytes = u32_of(body.data() + 4, swapped)};
  Bytes options = body.subspan(kInterfaceBytes);
  while (options.size() >= kOptionHeadBytes) {
    const std::uint16_t code = u16_of(options.data(), swapped), length = u16_of(options.data() + 2, swapped);
    if (code == kEndOfOptions) break;
    options = options.subspan(kOptionHeadBytes);
    if (length > options.size()) return Fault::bad_option;
    const Fault fault = read_option(code, options.first(length), swapped, out);
    if (fault != Fault::none) return fault;
    options = options.subspan(std::min<std::size_t>(options.size(), (length + 3U) & ~3U));
  }
  return Fault::none;
}

// Enhanced: u32 interface             | u32 ticks, upper half | u32 lower | u32 captured | u32 wire | bytes
// Obsolete: u16 interface | u16 drops | the same
// Simple:   u32 wire | bytes, as many as the first interface's snapshot lets be captured
Fault parse_packet(BlockType type, Bytes body, bool swapped, std::span<const Interface> interfaces,
                   PacketBlock& out) {
  const bool simple = type == BlockType::simple_packet;
  const std::size_t head_bytes = simple ? 4 : 20;
  if (body.size() < head_bytes) return Fault::short_block;
  const std::uint8_t* head = body.data();
  out = {};
  if (type == BlockType::enhanced_packet) out.interface = u32_of(head, swapped);
  if (type == BlockType::packet) out.interface = u16_of(head, swapped);
  if (out.interface >= interfaces.size()) return Fault::unknown_interface;
  std::uint32_t captured = 0;
  if (simple) {
    out.wire_bytes = captured = u32_of(head, swapped);
    const std::uint32_t limit = interfaces[0].snapshot_bytes;
    if (limit != 0) captured = std::min(captured, limit);
  } else {
    out.ticks = std::uint64_t{u32_of(head + 4, swapped)} << 32 | u32_of(head + 8, swapped);
    out.has_time = true;
    captured = u32_of(head + 12, swapped);
    out.wire_bytes = u32_of(head + 16, swapped);
  }
  if (captured > kPacketBytesMax) return Fault::large_packet;
  if (captured > body.size() - head_bytes) return Fault::short_block;
  out.bytes = body.subspan(head_bytes, captured);
  return Fault::none;
}

TimeNs time_of(const Interface& interface, std::uint64_t ticks) {
  __extension__ using Wide = unsigned __int128;
  constexpr std::uint8_t kBinary = 0x80;
  constexpr unsigned kNanosecond = 9, kPowersMax = 19;  // of ten, in 64 bits
  const unsigned exponent = interface.resolution & 0x7fU;
  std::uint64_t ns = 0;
  if ((interface.resolution & kBinary) != 0) {
    ns = static_cast<std::uint64_t>(Wide{ticks} * kSecondNs >> exponent);
  } else {
    const bool finer = exponent > kNanosecond;
    std::uint64_t factor = 1;
    const unsigned power = finer ? exponent - kNanosecond : kNanosecond - exponent;
    for (unsigned i = 0; i < std::min(power, kPowersMax); ++i) factor *= 10;
    ns = !finer ? ticks * factor : power > kPowersMax ? 0 : ticks / factor;
  }
  return ns + static_cast<std::uint64_t>(interface.offset_s) * kSecondNs;
}

}  // namespace spanlight::pcapng
