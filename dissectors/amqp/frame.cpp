#include "amqp/frame.h"

#include <algorithm>
#include <cstring>

namespace spanlight::amqp {
namespace {

constexpr std::string_view kMagic = "AMQP";

}  // namespace

FrameHead read_head(Bytes in) {
  Reader r{in};
  FrameHead out;
  out.type = r.u8();
  r.require(r.at() == 0 || out.type == frame_type::kMethod || out.type == frame_type::kHeader ||
                out.type == frame_type::kBody || out.type == frame_type::kHeartbeat,
            Fault::bad_magic);
  out.channel = r.be<std::uint16_t>();
  out.payload_bytes = r.be<std::uint32_t>();
  r.require(out.payload_bytes <= kPayloadBytesMax, Fault::bad_length);
  if (out.type == frame_type::kHeartbeat)
    r.require(out.payload_bytes == 0 && out.channel == 0, Fault::bad_value);
  out.fault = r.fault();
  return out;
}

Greeting greeting_of(Bytes in) {
  const std::size_t magic = std::min(in.size(), kMagic.size());
  if (std::memcmp(in.data(), kMagic.data(), magic) != 0) return Greeting::none;
  if (in.size() < kProtocolHeaderBytes) return Greeting::short_input;
  if (in[4] == 0 && in[5] == 0 && in[6] == 9 && in[7] == 1) return Greeting::v0_9_1;
  const bool v0_8 = in[4] == 1 && in[5] == 1 && (in[6] == 8 || in[6] == 0);
  return v0_8 ? Greeting::older : Greeting::other;
}

SizedMessages::Measure measure(Bytes head) {
  switch (greeting_of(head)) {
    case Greeting::none:
      break;
    case Greeting::short_input:
      return {.fault = Fault::short_input};
    default:
      return {.size = kProtocolHeaderBytes, .wanted = kProtocolHeaderBytes};
  }
  const FrameHead frame = read_head(head);
  const std::uint64_t size = std::uint64_t{frame.payload_bytes} + kAroundBytes;
  return {.fault = frame.fault, .size = size, .wanted = size};
}

}  // namespace spanlight::amqp
