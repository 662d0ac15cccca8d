#pragma once
// Packets → a pcapng file in memory (draft-ietf-opsawg-pcapng): one section, an interface block for each port
// and link type, nanoseconds. Not for the data path.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "packets/packet_ring.h"

namespace spanlight {

constexpr std::size_t kPacketBlockBytes = 32;  // of a packet's block, beside the packet's bytes

class PcapngWriter {
 public:
  // `comment` stands in the section's header, where readers show it. `ports`: their names, by
  // KeptPacket::port.
  PcapngWriter(std::string_view application, std::string_view comment, std::vector<std::string> ports);

  void add(const KeptPacket& packet, Bytes bytes);

  // What add() would append at most.
  std::size_t bytes_for(const KeptPacket& packet) const;
  std::size_t size() const { return out_.size(); }
  std::vector<std::uint8_t> take() { return std::move(out_); }

 private:
  struct Interface {
    std::uint8_t port;
    std::uint16_t link_type;  // as the file calls it
  };

  std::uint32_t interface_of(const KeptPacket& packet, Bytes bytes);
  std::string port_name(std::uint8_t port) const;
  void put16(std::uint32_t value);
  void put32(std::uint64_t value);
  void put(const void* bytes, std::size_t n);
  void pad();
  void option(std::uint16_t code, std::string_view value);
  std::size_t begin(std::uint32_t type);
  void end(std::size_t block);

  const std::vector<std::string> ports_;
  std::vector<Interface> interfaces_;
  std::vector<std::uint8_t> out_;
};

}  // namespace spanlight
