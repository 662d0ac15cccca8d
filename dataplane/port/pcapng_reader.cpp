#include "port/pcapng_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace spanlight {
namespace {

using pcapng::BlockType;
using pcapng::Fault;
using pcapng::kMagic;

constexpr std::uint32_t kHeadBytes = 8, kTailBytes = 4;
constexpr std::uint32_t kSectionHeadBytes = 8;  // u32 magic | u16 major version | u16 minor
constexpr std::uint32_t kChunkBytes = 65'536;   // a hostile length is believed only as far as the file goes

}  // namespace

bool PcapngReader::failed(std::string what) {
  fault_ = std::move(what);
  return false;
}

bool PcapngReader::cut(std::size_t wanted, std::size_t got) {
  if (std::ferror(file_) != 0) return failed(std::string("error reading dump file: ") + std::strerror(errno));
  return failed("truncated dump file; tried to read " + std::to_string(wanted) + " bytes, only got " +
                std::to_string(got));
}

bool PcapngReader::read(void* to, std::size_t n) {
  const std::size_t got = std::fread(to, 1, n, file_);
  return got == n || cut(n, got);
}

bool PcapngReader::read_body(std::uint32_t n) {
  for (body_bytes_ = 0; body_bytes_ < n;) {
    const std::size_t some = std::min<std::size_t>(n - body_bytes_, kChunkBytes);
    if (buffer_.size() < body_bytes_ + some) buffer_.resize(body_bytes_ + some);
    if (!read(buffer_.data() + body_bytes_, some)) return false;
    body_bytes_ += some;
  }
  return true;
}

bool PcapngReader::step_over(std::uint32_t n) {
  for (std::uint32_t left = n; left > 0;) {
    const std::uint32_t some = std::min(left, kChunkBytes);
    if (!read_body(some)) return false;
    left -= some;
  }
  return true;
}

bool PcapngReader::begin_section() {
  std::uint8_t head[kSectionHeadBytes];
  if (!read(head, sizeof(head))) return false;
  swapped_ = pcapng::u32_of(head, true) == kMagic;
  if (!swapped_ && pcapng::u32_of(head, false) != kMagic)
    return failed(in_section_ ? "a section does not tell its byte order" : "unknown file format");
  const std::uint16_t major = pcapng::u16_of(head + 4, swapped_);
  if (major != 1) return failed("a section has version " + std::to_string(major) + ", which is not known");
  in_section_ = true;
  interfaces_.clear();
  return true;
}

// The next block; its body too if it is of a kind that is read. False: there is none.
bool PcapngReader::read_block() {
  std::uint8_t head[kHeadBytes];
  const std::size_t got = std::fread(head, 1, sizeof(head), file_);
  if (got == 0 && std::ferror(file_) == 0) return false;
  if (got < sizeof(head)) return cut(sizeof(head), got);
  const bool section = u32(head) == static_cast<std::uint32_t>(BlockType::section);
  if (!section && !in_section_) return failed("unknown file format");
  if (section && !begin_section()) return false;
  type_ = static_cast<BlockType>(u32(head));
  const std::uint32_t length = u32(head + 4);
  const std::uint32_t least = kHeadBytes + kTailBytes + (section ? kSectionHeadBytes : 0);
  if (length < least || length % 4 != 0)
    return failed("a block has a length of " + std::to_string(length) + " bytes, which cannot be");
  const bool wanted = type_ == BlockType::interface || is_packet(type_);
  if (wanted && length > kBlockBytesMax)
    return failed("a block has a length of " + std::to_string(length) + " bytes, more than " +
                  std::to_string(kBlockBytesMax));
  std::uint32_t left = length - least;
  if (!wanted) {
    if (!step_over(left)) return false;
    left = 0;
  }
  if (!read_body(left + kTailBytes)) return false;
  body_bytes_ -= kTailBytes;
  const std::uint32_t again = u32(buffer_.data() + body_bytes_);
  if (again != length)
    return failed("a block's two lengths differ: " + std::to_string(length) + " and " +
                  std::to_string(again));
  return true;
}

bool PcapngReader::add_interface() {
  if (interfaces_.size() == kInterfacesMax)
    return failed("a section has more than " + std::to_string(kInterfacesMax) + " interfaces");
  pcapng::Interface interface;
  const Fault fault = pcapng::parse_interface(body(), swapped_, interface);
  if (fault != Fault::none) return failed(pcapng::describe(fault));
  interfaces_.push_back(interface);
  return true;
}

bool PcapngReader::open() {
  while (read_block()) {
    if (is_packet(type_)) return failed(pcapng::describe(Fault::unknown_interface));
    if (type_ != BlockType::interface) continue;
    if (!add_interface()) return false;
    first_link_type_ = interfaces_[0].link_type;
    return true;
  }
  return fault_.empty() ? failed("it describes no interface") : false;
}

bool PcapngReader::next(PcapngPacket& packet) {
  while (read_block()) {
    if (type_ == BlockType::interface && !add_interface()) return false;
    if (!is_packet(type_)) continue;
    pcapng::PacketBlock block;
    const Fault fault = pcapng::parse_packet(type_, body(), swapped_, interfaces_, block);
    if (fault != Fault::none) return failed(pcapng::describe(fault));
    const pcapng::Interface& interface = interfaces_[block.interface];
    packet = {.time = block.has_time ? pcapng::time_of(interface, block.ticks) : 0,
              .wire_bytes = block.wire_bytes,
              .link_type = interface.link_type,
              .bytes = block.bytes};
    return true;
  }
  return false;
}

}  // namespace spanlight
