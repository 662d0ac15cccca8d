#pragma once
// AMQP 0-9-1's frames (specification, 2.3.5): u8 type | u16 channel | u32 size | payload | 0xCE. Pure.

#include <cstdint>

#include "core/reader.h"
#include "core/sized_messages.h"

namespace spanlight::amqp {

constexpr std::size_t kHeadBytes = 7;
constexpr std::size_t kAroundBytes = kHeadBytes + 1;  // head and end of a frame
constexpr std::uint8_t kFrameEnd = 0xce;
constexpr std::uint32_t kPayloadBytesMax = 1u << 24;  // servers agree on 128 KiB mostly
constexpr std::size_t kProtocolHeaderBytes = 8;

namespace frame_type {
constexpr std::uint8_t kMethod = 1, kHeader = 2, kBody = 3, kHeartbeat = 8;
}

struct FrameHead {
  Fault fault = Fault::none;
  std::uint8_t type = 0;
  std::uint16_t channel = 0;
  std::uint32_t payload_bytes = 0;
};

FrameHead read_head(Bytes in);

// "AMQP", and which version is meant.
enum class Greeting : std::uint8_t { none, short_input, v0_9_1, older, other };
Greeting greeting_of(Bytes in);

// A frame, or the eight bytes that a connection begins with.
SizedMessages::Measure measure(Bytes head);

// A whole frame is one only with its end.
inline bool is_closed(Bytes frame) {
  return !frame.empty() && frame.back() == kFrameEnd;
}

}  // namespace spanlight::amqp
