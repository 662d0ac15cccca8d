#include "http2/frame.h"

#include <array>

namespace spanlight::http2 {
namespace {

constexpr std::uint32_t kStreamMask = 0x7fff'ffff;  // the bit above is reserved, and to be ignored
constexpr std::uint32_t kSettingBytes = 6;

}  // namespace

// length: u24 | type: u8 | flags: u8 | reserved: 1 bit, stream: u31
FrameHead parse_frame_head(Bytes in) {
  Reader r{in};
  FrameHead out;
  const auto high = r.be<std::uint16_t>();
  out.length = std::uint32_t{high} << 8 | r.u8();
  out.type = static_cast<FrameType>(r.u8());
  out.flags = r.u8();
  out.stream = r.be<std::uint32_t>() & kStreamMask;
  return out;
}

Fault check_frame(const FrameHead& frame) {
  const auto must = [](bool stream, bool length) {
    return !stream ? Fault::bad_value : !length ? Fault::bad_length : Fault::none;
  };
  const bool on_stream = frame.stream != 0;
  switch (frame.type) {
    case FrameType::data:
    case FrameType::headers:
    case FrameType::push_promise:
      return must(on_stream, frame.length >= frame.prefix_bytes());
    case FrameType::priority:
      return must(on_stream, frame.length == 5);
    case FrameType::rst_stream:
      return must(on_stream, frame.length == 4);
    case FrameType::settings:
      return must(!on_stream, frame.has(kEndStream) ? frame.length == 0 : frame.length % kSettingBytes == 0);
    case FrameType::ping:
      return must(!on_stream, frame.length == 8);
    case FrameType::goaway:
      return must(!on_stream, frame.length >= 8);
    case FrameType::window_update:
      return must(true, frame.length == 4);
    case FrameType::continuation:
      return must(on_stream, true);
  }
  return Fault::none;  // of an extension: any stream, any length
}

// pad length: u8 if PADDED | priority: 5 bytes if PRIORITY, or promised stream: u32 in PUSH_PROMISE
FramePrefix parse_prefix(const FrameHead& frame, Bytes in) {
  Reader r{in};
  FramePrefix out;
  if (frame.is_padded()) out.padding = r.u8();
  if (frame.type == FrameType::push_promise) out.promised = r.be<std::uint32_t>() & kStreamMask;
  const std::uint32_t behind = frame.length - frame.prefix_bytes();
  r.require(out.padding <= behind, Fault::bad_length);
  out.fault = r.fault();
  if (out.fault == Fault::none) out.content = behind - out.padding;
  return out;
}

std::uint32_t parse_error_code(Bytes in) {
  Reader r{in};
  return r.be<std::uint32_t>();
}

Goaway parse_goaway(Bytes in) {
  Reader r{in};
  Goaway out;
  out.last_stream = r.be<std::uint32_t>() & kStreamMask;
  out.error_code = r.be<std::uint32_t>();
  return out;
}

std::string_view error_name(std::uint32_t code) {
  constexpr std::array<std::string_view, 14> kNames = {"NO_ERROR",
                                                       "PROTOCOL_ERROR",
                                                       "INTERNAL_ERROR",
                                                       "FLOW_CONTROL_ERROR",
                                                       "SETTINGS_TIMEOUT",
                                                       "STREAM_CLOSED",
                                                       "FRAME_SIZE_ERROR",
                                                       "REFUSED_STREAM",
                                                       "CANCEL",
                                                       "COMPRESSION_ERROR",
                                                       "CONNECT_ERROR",
                                                       "ENHANCE_YOUR_CALM",
                                                       "INADEQUATE_SECURITY",
                                                       "HTTP_1_1_REQUIRED"};
  return code < kNames.size() ? kNames[code] : std::string_view("unknown");
}

}  // namespace spanlight::http2
