#pragma once
// A sender of WebSocket in small: frames with and without masks, and zlib's deflater for permessage-deflate.
// For tests and seeds; never part of the sensor.

#include <zlib.h>

#include <string>
#include <string_view>

#include "core/handover.h"
#include "core/ws/frame.h"
#include "core/ws/terms.h"

namespace spanlight::ws::testing {

struct FrameOptions {
  bool fin = true;
  bool compressed = false;
  bool masked = false;
};

inline std::string frame(Opcode opcode, std::string_view payload, FrameOptions how = {}) {
  std::string out;
  const auto put = [&](std::uint64_t byte) { out += static_cast<char>(byte & 0xff); };
  put((how.fin ? 0x80u : 0u) | (how.compressed ? 0x40u : 0u) | static_cast<unsigned>(opcode));
  const unsigned mask = how.masked ? 0x80 : 0;
  if (payload.size() < 126) {
    put(mask | payload.size());
  } else if (payload.size() <= 0xffff) {
    put(mask | 126u);
    for (int shift = 8; shift >= 0; shift -= 8) put(payload.size() >> shift);
  } else {
    put(mask | 127u);
    for (int shift = 56; shift >= 0; shift -= 8) put(payload.size() >> shift);
  }
  if (!how.masked) return out + std::string(payload);
  constexpr std::string_view kKey = "\x37\xfa\x21\x3d";
  out += kKey;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ kKey[i % 4]);
  return out;
}

// The client's frames are masked.
inline std::string ask(Opcode opcode, std::string_view payload, FrameOptions how = {}) {
  how.masked = true;
  return frame(opcode, payload, how);
}

inline std::string close_payload(unsigned code, std::string_view reason = {}) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + std::string(reason);
}

// Compresses message after message, with the same window.
class Deflater {
 public:
  explicit Deflater(int bits = 15) { deflateInit2(&zlib_, 9, Z_DEFLATED, -bits, 8, Z_DEFAULT_STRATEGY); }
  ~Deflater() { deflateEnd(&zlib_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  std::string message(std::string_view text) {
    std::string out(text.size() + 1'024, '\0');
    zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    zlib_.avail_in = static_cast<uInt>(text.size());
    zlib_.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib_.avail_out = static_cast<uInt>(out.size());
    deflate(&zlib_, Z_SYNC_FLUSH);
    out.resize(out.size() - zlib_.avail_out - 4);  // without 00 00 ff ff
    return out;
  }

 private:
  z_stream zlib_{};
};

inline Handover handover(std::string_view extensions = {}, std::string_view subprotocol = {}) {
  Terms terms{.known = true};
  terms.add_extensions(extensions);
  terms.set_subprotocol(subprotocol);
  Handover out{.protocol = kProtocol};
  out.put(terms);
  return out;
}

}  // namespace spanlight::ws::testing
