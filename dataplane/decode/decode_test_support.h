#pragma once
// What the tests of decode share: one call that decodes a whole frame, and the expected flow.

#include <gtest/gtest.h>

#include <string>

#include "decode/decode.h"
#include "support/packet_builder.h"

namespace spanlight::test {

// flow_of() of most frames.
constexpr const char* kFlow4 = "10.0.0.1:40000 > 10.0.0.2:80 proto 6";
constexpr const char* kFlow6 =
    "32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1:40000 > 32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.2:80 proto 6";

struct Decoded {
  DecodeResult result;
  Packet packet;
  Fragment fragment;
};

inline Decoded decode_frame(const Frame& frame, LinkType link = LinkType::ethernet,
                            const DecodeOptions& options = {}, std::uint32_t wire = 0) {
  Decoded d{};
  d.packet.seq = 0xdeadbeef;  // what an earlier packet left must not shine through
  d.packet.vlan_count = 3;
  const auto captured = static_cast<std::uint32_t>(frame.size());
  // A block of its own size: the sanitizer sees a read of one byte too many.
  const std::vector<std::uint8_t> exact(frame.begin(), frame.begin() + captured);
  d.result = decode(exact, captured, wire != 0 ? wire : captured, link, options, d.packet, d.fragment);
  return d;
}

inline std::string text_of(const IpAddress& a) {
  std::string s;
  for (std::size_t i = a.is_v4() ? 12 : 0; i < 16; ++i) {
    if (!s.empty()) s += '.';
    s += std::to_string(a.bytes[i]);
  }
  return s;
}

// "10.0.0.1:40000 > 10.0.0.2:80 proto 6"
inline std::string flow_of(const Packet& p) {
  const unsigned s = p.sender, d = 1 - s;
  return text_of(p.key.ip[s]) + ":" + std::to_string(p.key.port[s]) + " > " + text_of(p.key.ip[d]) + ":" +
         std::to_string(p.key.port[d]) + " proto " + std::to_string(p.key.protocol);
}

inline std::string payload_of(const Frame& frame, const Packet& p) {
  if (p.payload_offset > frame.size() || p.payload_bytes > frame.size() - p.payload_offset)
    return "out of bounds";
  return std::string(as_text(Bytes(frame).subspan(p.payload_offset, p.payload_bytes)));
}

}  // namespace spanlight::test
