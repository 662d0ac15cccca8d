#pragma once
// pcapng files for tests, block by block, in either byte order, so that broken ones can be made too.

#include <cstdint>
#include <string>
#include <string_view>

namespace spanlight::test {

class PcapngText {
 public:
  PcapngText& section(bool swapped) {
    swapped_ = swapped;
    return other(0x0a0d0d0a, u32(0x1a2b3c4d) + u16(1) + u16(0) + u32(~0U) + u32(~0U));
  }
  PcapngText& interface(std::uint16_t link, std::uint32_t snapshot, std::uint8_t resolution = 6,
                        std::uint64_t offset_s = 0) {
    std::string body = u16(link) + u16(0) + u32(snapshot);
    if (resolution != 6) body += u16(9) + u16(1) + std::string{static_cast<char>(resolution), 0, 0, 0};
    if (offset_s != 0) body += u16(14) + u16(8) + u64(offset_s);
    if (resolution != 6 || offset_s != 0) body += u32(0);
    return other(1, body);
  }
  PcapngText& packet(std::uint32_t interface, std::uint64_t ticks, std::string_view bytes,
                     std::uint32_t wire_bytes = 0, std::uint32_t captured = 0) {
    return other(6, u32(interface) + rest_of_packet(ticks, bytes, wire_bytes, captured));
  }
  PcapngText& old_packet(std::uint16_t interface, std::uint64_t ticks, std::string_view bytes) {
    return other(2, u16(interface) + u16(0xffff) + rest_of_packet(ticks, bytes, 0, 0));
  }
  PcapngText& simple_packet(std::uint32_t wire_bytes, std::string_view bytes) {
    return other(3, u32(wire_bytes) + std::string(bytes));
  }
  // Any block: its lengths are right.
  PcapngText& other(std::uint32_t type, std::string body) {
    body.resize((body.size() + 3) / 4 * 4);
    const std::string length = u32(static_cast<std::uint32_t>(body.size()) + 12);
    content_ += u32(type) + length + body + length;
    return *this;
  }
  // A block that says another length than it has.
  PcapngText& block_of_length(std::uint32_t type, std::uint32_t length, std::string_view body,
                              std::uint32_t length_again = 0) {
    content_ += u32(type) + u32(length) + std::string(body) + u32(length_again == 0 ? length : length_again);
    return *this;
  }
  std::string content() const { return content_; }

 private:
  std::string rest_of_packet(std::uint64_t ticks, std::string_view bytes, std::uint32_t wire_bytes,
                             std::uint32_t captured) const {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    return u32(static_cast<std::uint32_t>(ticks >> 32)) + u32(static_cast<std::uint32_t>(ticks)) +
           u32(captured == 0 ? size : captured) + u32(wire_bytes == 0 ? size : wire_bytes) +
           std::string(bytes);
  }
  template <typename Number>
  static std::string raw(Number number) {
    return {reinterpret_cast<const char*>(&number), sizeof(number)};
  }
  std::string u16(std::uint16_t n) const { return raw(swapped_ ? __builtin_bswap16(n) : n); }
  std::string u32(std::uint32_t n) const { return raw(swapped_ ? __builtin_bswap32(n) : n); }
  std::string u64(std::uint64_t n) const { return raw(swapped_ ? __builtin_bswap64(n) : n); }

  bool swapped_ = false;
  std::string content_;
};

}  // namespace spanlight::test
