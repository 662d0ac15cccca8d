#pragma once
// Frames that an Initial packet may carry (RFC 9000, 12.4): pure.

#include "core/bytes.h"
#include "core/reader.h"

namespace spanlight::quic {

enum class FrameType : std::uint8_t { padding, ping, ack, crypto, close };

struct Frame {
  Fault fault = Fault::none;
  FrameType type = FrameType::padding;
  std::uint64_t offset = 0;  // of the bytes in the side's stream of handshake messages
  Bytes crypto;
  std::uint64_t close_code = 0;
  Bytes close_reason;
  std::size_t whole_bytes = 0;
};

// Padding is one frame, however long.
Frame parse_frame(Bytes in);

}  // namespace spanlight::quic
