#pragma once
// The frame layer of HTTP/2 (RFC 9113, section 4 and 6): bytes to frame heads and to the few payloads that
// matter. Pure and without state. `short_input` alone means that more bytes may cure it.

#include <cstdint>
#include <string_view>

#include "core/reader.h"

namespace spanlight::http2 {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kFrameHeadBytes = 9;

enum class FrameType : std::uint8_t {
  data = 0,
  headers = 1,
  priority = 2,
  rst_stream = 3,
  settings = 4,
  push_promise = 5,
  ping = 6,
  goaway = 7,
  window_update = 8,
  continuation = 9,
};

enum FrameFlag : std::uint8_t {
  kEndStream = 0x1,  // of DATA and HEADERS; ACK of SETTINGS and PING
  kEndHeaders = 0x4,
  kPadded = 0x8,
  kPriority = 0x20,
};

struct FrameHead {
  std::uint32_t length = 0;
  FrameType type = FrameType::data;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;

  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  bool is_padded() const {
    return has(kPadded) &&
           (type == FrameType::data || type == FrameType::headers || type == FrameType::push_promise);
  }
  // What stands before data or header block: pad length, priority, promised stream.
  std::uint32_t prefix_bytes() const {
    const bool prioritised = type == FrameType::headers && has(kPriority);
    return (is_padded() ? 1u : 0u) + (prioritised ? 5u : 0u) + (type == FrameType::push_promise ? 4u : 0u);
  }
};

// What stands in the prefix, and what is left for the content.
struct FramePrefix {
  Fault fault = Fault::none;
  std::uint32_t padding = 0;   // behind the content
  std::uint32_t promised = 0;  // PUSH_PROMISE
  std::uint32_t content = 0;   // bytes of it
};

// `in` holds kFrameHeadBytes at least.
FrameHead parse_frame_head(Bytes in);

// What the protocol forbids for a frame of this type: its stream, or its length.
Fault check_frame(const FrameHead& frame);

// `in`: the payload's first prefix_bytes(), at least.
FramePrefix parse_prefix(const FrameHead& frame, Bytes in);

// RST_STREAM, GOAWAY. `in`: the whole payload of a frame that was checked.
std::uint32_t parse_error_code(Bytes in);
struct Goaway {
  std::uint32_t last_stream = 0;
  std::uint32_t error_code = 0;
};
Goaway parse_goaway(Bytes in);

// "CANCEL" for 8 (RFC 9113, section 7); "unknown" for what has no name.
std::string_view error_name(std::uint32_t code);

}  // namespace spanlight::http2
