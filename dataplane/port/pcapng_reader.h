#pragma once
// A pcapng file, packet by packet: any number of sections of either byte order, of interfaces with link
// types, snapshot lengths and clocks of their own. libpcap reads only files whose interfaces are all of one
// kind. Blocks that tell nothing of packets are stepped over. Reads a FILE from its beginning to its end and
// never seeks, so that pipes do. By one thread; allocates one buffer, as large as the largest block.
//
//   Block: u32 type | u32 length | body, padded to 4 bytes | u32 length     (a section's body begins with
//   u32 magic, by which its byte order is told: draft-ietf-opsawg-pcapng, sections 3.1 and 4.1)

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "port/pcapng_block.h"

namespace spanlight {

struct PcapngPacket {
  TimeNs time = 0;  // 0: the block has none
  std::uint32_t wire_bytes = 0;
  std::uint16_t link_type = 0;  // LINKTYPE_ of the file formats
  Bytes bytes;                  // there until the next read
};

class PcapngReader {
 public:
  // No other capture format's file begins with this byte.
  static constexpr int kFirstByte = 0x0a;
  static constexpr std::size_t kInterfacesMax = 65'536;     // of one section
  static constexpr std::uint32_t kBlockBytesMax = 1 << 24;  // that is read and not stepped over

  explicit PcapngReader(std::FILE* file) : file_(file) {}  // which outlives the reader

  // Reads to the first interface. False: fault() says why; "unknown file format" and "truncated" are
  // libpcap's words for a file that is none and one that is cut.
  bool open();
  std::uint16_t first_link_type() const { return first_link_type_; }

  // False: that was the last; fault() says if the file does not end as it should.
  bool next(PcapngPacket& packet);

  const std::string& fault() const { return fault_; }

 private:
  bool read_block();
  bool begin_section();
  bool read_body(std::uint32_t n);
  bool step_over(std::uint32_t n);
  bool read(void* to, std::size_t n);
  bool cut(std::size_t wanted, std::size_t got);
  bool add_interface();
  bool failed(std::string what);
  Bytes body() const { return {buffer_.data(), body_bytes_}; }
  std::uint32_t u32(const std::uint8_t* bytes) const { return pcapng::u32_of(bytes, swapped_); }

  std::FILE* const file_;
  bool swapped_ = false;
  bool in_section_ = false;
  std::vector<pcapng::Interface> interfaces_;  // of the section
  std::uint16_t first_link_type_ = 0;
  pcapng::BlockType type_{};  // of the block read last, with its body
  std::vector<std::uint8_t> buffer_;
  std::size_t body_bytes_ = 0;  // of it
  std::string fault_;
};

}  // namespace spanlight
