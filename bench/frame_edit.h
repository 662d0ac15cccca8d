#pragma once
// Frames as the traces hold them (Ethernet, IPv4 without options, TCP or UDP) made to belong to another lap,
// or to another state of their connection, in place: every checksum moves by the difference (RFC 1624). In
// the hot loop of the replay, so all inline.

#include <cstdint>
#include <cstring>
#include <utility>

namespace spanlight::bench {

namespace at {
constexpr std::size_t kIpId = 18, kIpChecksum = 24, kSource = 26, kDestination = 30;
constexpr std::size_t kSourcePort = 34, kDestinationPort = 36, kSeq = 38, kAck = 42, kFlags = 47;
constexpr std::size_t kProtocol = 23, kTcpChecksum = 50, kUdpChecksum = 40;
constexpr std::size_t kHeadersEnd = 54;
}  // namespace at

// Clients' ports: all above the servers', and none that a protocol is known by.
constexpr std::uint32_t kPortFirst = 10'000, kPorts = 50'000;

namespace edit {

inline std::uint16_t load16(const std::uint8_t* p) {
  std::uint16_t value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}
inline std::uint32_t load32(const std::uint8_t* p) {
  std::uint32_t value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}
inline void store16(std::uint8_t* p, std::uint16_t value) {
  std::memcpy(p, &value, sizeof(value));
}
inline void store32(std::uint8_t* p, std::uint32_t value) {
  std::memcpy(p, &value, sizeof(value));
}
inline std::uint16_t swap16(std::uint16_t value) {
  return __builtin_bswap16(value);
}
inline std::uint32_t swap32(std::uint32_t value) {
  return __builtin_bswap32(value);
}

// What left a header and what came into it, as words of memory: the one's complement sum does not ask for
// their order, and a word of 32 bits counts as its two halves.
class Change {
 public:
  void put16(std::uint8_t* p, std::uint16_t value) {
    sum_ += std::uint64_t{value} - load16(p);
    store16(p, value);
  }
  void put32(std::uint8_t* p, std::uint32_t value) {
    sum_ += std::uint64_t{value} - load32(p);
    store32(p, value);
  }
  std::uint64_t sum() const { return sum_; }

 private:
  // A multiple of 0xffff, which is nothing to the sum, and more than all that is ever taken away.
  std::uint64_t sum_ = std::uint64_t{0xffff} << 20;
};

inline void amend(std::uint8_t* checksum, std::uint64_t change) {
  std::uint64_t sum = (~load16(checksum) & 0xffffu) + change;
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  store16(checksum, static_cast<std::uint16_t>(~sum));
}

}  // namespace edit

// From one lap to another: the low half of the clients' address is the lap's number, their ports move on by a
// stride that keeps them apart, and both ends' sequence numbers by strides of their own.
struct LapStep {
  std::uint16_t address_low = 0;
  std::uint32_t ports = 0;  // < kPorts
  std::uint32_t seq[2]{};   // the client's, the server's

  static LapStep between(std::uint16_t from, std::uint16_t to) {
    constexpr std::uint32_t kPortStride = 4'099;                           // no divisor of kPorts
    constexpr std::uint32_t kSeqStride[2] = {0x9e37'79b1u, 0x85eb'ca77u};  // odd: 2^32 laps until they return
    const std::uint32_t laps = static_cast<std::uint16_t>(to - from);
    return {to, laps * kPortStride % kPorts, {laps * kSeqStride[0], laps * kSeqStride[1]}};
  }
};

// The frame moves on by a step. `has_ack`: its acknowledgement means something.
inline void renew(std::uint8_t* frame, bool from_client, bool has_ack, const LapStep& step) {
  using namespace edit;
  Change address;
  address.put16(frame + (from_client ? at::kSource : at::kDestination) + 2, swap16(step.address_low));
  amend(frame + at::kIpChecksum, address.sum());

  Change tcp;
  std::uint8_t* port = frame + (from_client ? at::kSourcePort : at::kDestinationPort);
  std::uint32_t moved = swap16(load16(port)) + step.ports;
  if (moved >= kPortFirst + kPorts) moved -= kPorts;
  tcp.put16(port, swap16(static_cast<std::uint16_t>(moved)));
  constexpr std::uint8_t kUdp = 17;
  if (frame[at::kProtocol] == kUdp) return amend(frame + at::kUdpChecksum, address.sum() + tcp.sum());
  const std::uint32_t own = step.seq[from_client ? 0 : 1], peer = step.seq[from_client ? 1 : 0];
  tcp.put32(frame + at::kSeq, swap32(swap32(load32(frame + at::kSeq)) + own));
  tcp.put32(frame + at::kAck, swap32(swap32(load32(frame + at::kAck)) + (has_ack ? peer : 0)));
  // The address is part of the pseudo header too.
  amend(frame + at::kTcpChecksum, address.sum() + tcp.sum());
}

// A later packet of the same kind from the same end: the id tells it from the mirror's second copy of an
// earlier one.
inline void move_ip_id(std::uint8_t* frame, std::uint16_t step) {
  using namespace edit;
  Change id;
  id.put16(frame + at::kIpId, swap16(static_cast<std::uint16_t>(swap16(load16(frame + at::kIpId)) + step)));
  amend(frame + at::kIpChecksum, id.sum());
}

// As if the other end had sent it; sums do not ask who is who.
inline void turn_round(std::uint8_t* frame) {
  using namespace edit;
  const std::uint32_t source = load32(frame + at::kSource);
  store32(frame + at::kSource, load32(frame + at::kDestination));
  store32(frame + at::kDestination, source);
  const std::uint16_t port = load16(frame + at::kSourcePort);
  store16(frame + at::kSourcePort, load16(frame + at::kDestinationPort));
  store16(frame + at::kDestinationPort, port);
}

inline void set_numbers(std::uint8_t* frame, std::uint32_t seq, std::uint32_t ack, std::uint8_t flags) {
  using namespace edit;
  Change tcp;
  tcp.put32(frame + at::kSeq, swap32(seq));
  tcp.put32(frame + at::kAck, swap32(ack));
  // Flags lie in the second half of their word.
  const std::uint16_t word = load16(frame + at::kFlags - 1);
  tcp.put16(frame + at::kFlags - 1, static_cast<std::uint16_t>((word & swap16(0xff00)) | swap16(flags)));
  amend(frame + at::kTcpChecksum, tcp.sum());
}

}  // namespace spanlight::bench
