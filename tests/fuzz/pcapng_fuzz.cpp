// A pcapng file of hostile bytes: nothing is read outside of it, the reader ends, every packet's bytes are no
// more than the file has, and what is cut off the file's end takes packets away and changes none.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "port/pcapng_reader.h"

using namespace spanlight;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Seen {
  TimeNs time;
  std::uint32_t wire_bytes;
  std::uint16_t link_type;
  std::string bytes;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> read(const std::uint8_t* data, std::size_t size) {
  std::FILE* file = fmemopen(const_cast<std::uint8_t*>(data), size, "rb");
  require(file != nullptr);
  PcapngReader reader(file);
  std::vector<Seen> seen;
  std::size_t bytes = 0;
  if (reader.open()) {
    PcapngPacket packet;
    while (reader.next(packet)) {
      bytes += packet.bytes.size();
      seen.push_back({packet.time, packet.wire_bytes, packet.link_type, std::string(as_text(packet.bytes))});
    }
  } else {
    require(!reader.fault().empty());
  }
  require(bytes <= size);
  std::fclose(file);
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::vector<Seen> whole = read(data, size);
  const std::size_t part = 1 + data[size - 1] * size / 256;
  if (part >= size) return 0;
  const std::vector<Seen> begun = read(data, part);
  require(begun.size() <= whole.size());
  for (std::size_t i = 0; i < begun.size(); ++i) require(begun[i] == whole[i]);
  return 0;
}
