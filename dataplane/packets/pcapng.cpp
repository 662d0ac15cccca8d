#include "packets/pcapng.h"

#include <algorithm>
#include <cstring>

namespace spanlight {

namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a, kInterface = 1, kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint16_t kEndOfOptions = 0, kComment = 1, kUserApplication = 4, kName = 2, kTimeResolution = 9;
constexpr char kNanoseconds = 9;  // ten to the power of minus nine
constexpr std::uint32_t kNoLengthKnown = 0xffffffff;

// LINKTYPE_ values of the file, which differ from libpcap's DLT_ in places.
std::uint16_t link_type(LinkType link, Bytes bytes) {
  constexpr std::uint16_t kEthernet = 1, kCooked1 = 113, kCooked2 = 276, kRaw = 101, kNull = 0, kLoop = 108,
                          kNflog = 239, kPpp = 9;
  switch (link) {
    case LinkType::ethernet:
      return kEthernet;
    case LinkType::linux_cooked_v1:
      return kCooked1;
    case LinkType::linux_cooked_v2:
      return kCooked2;
    case LinkType::raw_ip:
      return kRaw;
    case LinkType::null_loopback:
      // The family is a small number, first in this machine's order (NULL) or in the network's (LOOP).
      return bytes.size() >= 4 && bytes[0] == 0 && bytes[3] != 0 ? kLoop : kNull;
    case LinkType::nflog:
      return kNflog;
    case LinkType::ppp:
      return kPpp;
  }
  return kRaw;
}

}  // namespace

PcapngWriter::PcapngWriter(std::string_view application, std::string_view comment,
                           std::vector<std::string> ports)
    : ports_(std::move(ports)) {
  const std::size_t block = begin(kSectionHeader);
  put32(kByteOrder);
  put16(1);  // version 1.0
  put16(0);
  put32(kNoLengthKnown);  // of the section, 64 bits
  put32(kNoLengthKnown);
  option(kComment, comment);
  option(kUserApplication, application);
  option(kEndOfOptions, {});
  end(block);
}

std::string PcapngWriter::port_name(std::uint8_t port) const {
  return port < ports_.size() ? ports_[port] : "port " + std::to_string(port);
}

std::size_t PcapngWriter::bytes_for(const KeptPacket& packet) const {
  // The interface may have to be told first.
  constexpr std::size_t kInterfaceBlockBytes = 20 + 3 * 8;
  return kPacketBlockBytes + packet.bytes + 3 + kInterfaceBlockBytes + port_name(packet.port).size() + 3;
}

std::uint32_t PcapngWriter::interface_of(const KeptPacket& packet, Bytes bytes) {
  const std::uint16_t type = link_type(packet.link, bytes);
  for (std::size_t i = 0; i < interfaces_.size(); ++i)
    if (interfaces_[i].port == packet.port && interfaces_[i].link_type == type)
      return static_cast<std::uint32_t>(i);
  interfaces_.push_back({packet.port, type});
  const std::size_t block = begin(kInterface);
  put16(type);
  put16(0);
  put32(0);  // snap length: no limit that is worth telling; each packet says its own two lengths
  option(kName, port_name(packet.port));
  option(kTimeResolution, {&kNanoseconds, 1});
  option(kEndOfOptions, {});
  end(block);
  return static_cast<std::uint32_t>(interfaces_.size() - 1);
}

void PcapngWriter::add(const KeptPacket& packet, Bytes bytes) {
  const std::uint32_t interface = interface_of(packet, bytes);
  const std::size_t block = begin(kEnhancedPacket);
  put32(interface);
  put32(packet.time >> 32);
  put32(packet.time & 0xffffffff);
  put32(bytes.size());
  put32(std::max<std::uint64_t>(packet.wire_bytes, bytes.size()));
  put(bytes.data(), bytes.size());
  pad();
  end(block);
}

// In this machine's byte order, which the section's header tells.
void PcapngWriter::put(const void* bytes, std::size_t n) {
  const auto* from = static_cast<const std::uint8_t*>(bytes);
  out_.insert(out_.end(), from, from + n);
}

void PcapngWriter::put16(std::uint32_t value) {
  const auto half = static_cast<std::uint16_t>(value);
  put(&half, sizeof(half));
}

void PcapngWriter::put32(std::uint64_t value) {
  const auto word = static_cast<std::uint32_t>(value);
  put(&word, sizeof(word));
}

void PcapngWriter::pad() {
  while (out_.size() % 4 != 0) out_.push_back(0);
}

void PcapngWriter::option(std::uint16_t code, std::string_view value) {
  constexpr std::size_t kOptionBytesMax = 0xffff;
  value = value.substr(0, kOptionBytesMax);
  put16(code);
  put16(static_cast<std::uint32_t>(value.size()));
  put(value.data(), value.size());
  pad();
}

std::size_t PcapngWriter::begin(std::uint32_t type) {
  const std::size_t block = out_.size();
  put32(type);
  put32(0);  // the length, once it is known
  return block;
}

void PcapngWriter::end(std::size_t block) {
  const auto bytes = static_cast<std::uint32_t>(out_.size() - block + sizeof(std::uint32_t));
  put32(bytes);
  std::memcpy(out_.data() + block + sizeof(std::uint32_t), &bytes, sizeof(bytes));
}

}  // namespace spanlight
