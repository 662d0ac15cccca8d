#include "core/ws/frame.h"

namespace spanlight::ws {
namespace {

constexpr std::uint8_t kLength16 = 126, kLength64 = 127;

bool is_known(std::uint8_t opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

}  // namespace

FrameHead parse_frame_head(Bytes in) {
  Reader r(in);
  FrameHead h;
  const std::uint8_t first = r.u8();
  // What nobody has agreed on is known before the rest has come.
  if (r.ok()) {
    h.fin = (first & 0x80) != 0;
    h.compressed = (first & 0x40) != 0;
    r.require((first & 0x30) == 0 && is_known(first & 0x0f), Fault::bad_value);
    h.opcode = static_cast<Opcode>(first & 0x0f);
    // RFC 6455, 5.5: control frames are whole; RFC 7692, 6: the first frame of a message says that it is
    // compressed.
    r.require(!h.is_control() || (h.fin && !h.compressed), Fault::bad_value);
    r.require(h.opcode != Opcode::continuation || !h.compressed, Fault::bad_value);
  }
  const std::uint8_t second = r.u8();
  h.masked = (second & 0x80) != 0;
  h.length = second & 0x7f;
  if (r.ok()) {
    r.require(!h.is_control() || h.length <= kControlBytesMax, Fault::bad_length);
    r.require(h.opcode != Opcode::close || h.length != 1, Fault::bad_length);
  }
  if (h.length == kLength16) {
    h.length = r.be<std::uint16_t>();
    if (r.ok()) r.require(h.length >= kLength16, Fault::bad_length);  // the shortest form that holds it
  } else if (h.length == kLength64) {
    h.length = r.be<std::uint64_t>();
    if (r.ok()) r.require(h.length > 0xffff && h.length >> 63 == 0, Fault::bad_length);
  }
  if (h.masked) {
    const Bytes key = r.take(h.key.size());
    for (std::size_t i = 0; i < key.size(); ++i) h.key[i] = key[i];
  }
  h.bytes = static_cast<std::uint8_t>(r.at());
  h.fault = r.fault();
  return h;
}

void unmask(Bytes in, const std::array<std::uint8_t, 4>& key, std::uint64_t at, std::uint8_t* out) {
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = static_cast<std::uint8_t>(in[i] ^ key[(at + i) & 3]);
}

std::string_view opcode_name(Opcode opcode) {
  switch (opcode) {
    case Opcode::continuation:
      return "continuation";
    case Opcode::text:
      return "text";
    case Opcode::binary:
      return "binary";
    case Opcode::close:
      return "close";
    case Opcode::ping:
      return "ping";
    case Opcode::pong:
      return "pong";
  }
  return {};
}

std::string_view close_name(std::uint16_t code) {
  constexpr std::array<std::string_view, 16> kNames = {
      "normal closure",      "going away",       "protocol error",  "unsupported data", "",
      "no status",           "abnormal closure", "invalid payload", "policy violation", "message too big",
      "mandatory extension", "internal error",   "service restart", "try again later",  "bad gateway",
      "TLS handshake"};
  constexpr std::uint16_t kFirst = 1'000;
  return code >= kFirst && code - kFirst < static_cast<int>(kNames.size()) ? kNames[code - kFirst]
                                                                           : std::string_view{};
}

bool is_close_error(std::uint16_t code) {
  return code >= 1'002 && code <= 1'015 && code != 1'005;
}

}  // namespace spanlight::ws
