#pragma once
// HTTP/2 as a peer writes it, for tests and seeds: frames by hand, header blocks by nghttp2's deflater, so
// that its table is used as real senders use theirs. Never part of the sensor; allocates freely.

#include <nghttp2/nghttp2.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/grpc/wire_for_tests.h"
#include "http2/frame.h"

namespace spanlight::http2::testing {

using Pairs = std::vector<std::pair<std::string, std::string>>;

inline std::string big_endian(std::uint32_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i > 0; --i) out += static_cast<char>(value >> 8 * (i - 1) & 0xff);
  return out;
}

inline std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  return big_endian(static_cast<std::uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + big_endian(stream, 4) + std::string(payload);
}
inline std::string data(std::uint32_t stream, std::string_view bytes, bool end = false) {
  return frame(FrameType::data, static_cast<std::uint8_t>(end ? kEndStream : 0), stream, bytes);
}
inline std::string padded_data(std::uint32_t stream, std::string_view bytes, unsigned padding,
                               bool end = false) {
  return frame(FrameType::data, static_cast<std::uint8_t>(kPadded | (end ? kEndStream : 0)), stream,
               big_endian(padding, 1) + std::string(bytes) + std::string(padding, '\0'));
}
inline std::string settings(std::string_view payload = {}) {
  return frame(FrameType::settings, 0, 0, payload);
}
inline std::string settings_ack() {
  return frame(FrameType::settings, kEndStream, 0, {});
}
inline std::string ping() {
  return frame(FrameType::ping, 0, 0, "pingpong");
}
inline std::string window_update(std::uint32_t stream, std::uint32_t increment = 1'000) {
  return frame(FrameType::window_update, 0, stream, big_endian(increment, 4));
}
inline std::string rst_stream(std::uint32_t stream, std::uint32_t code) {
  return frame(FrameType::rst_stream, 0, stream, big_endian(code, 4));
}
inline std::string goaway(std::uint32_t last, std::uint32_t code) {
  return frame(FrameType::goaway, 0, 0, big_endian(last, 4) + big_endian(code, 4) + "bye");
}
using grpc::testing::grpc_message;

// What is written piece by piece: a sum's terms may be made in any order, and compressors remember.
inline std::string in_turn(std::initializer_list<std::string> pieces) {
  std::string out;
  for (const std::string& piece : pieces) out += piece;
  return out;
}

// One sender: its compressor lives as long as the connection.
class Peer {
 public:
  explicit Peer(std::size_t table_bytes = 4'096) { nghttp2_hd_deflate_new(&deflater_, table_bytes); }
  ~Peer() { nghttp2_hd_deflate_del(deflater_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  std::string block(const Pairs& fields) {
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : fields)
      list.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    std::string out(nghttp2_hd_deflate_bound(deflater_, list.data(), list.size()), '\0');
    const auto n = nghttp2_hd_deflate_hd(deflater_, bytes(out), out.size(), list.data(), list.size());
    out.resize(static_cast<std::size_t>(n));
    return out;
  }
  std::string headers(std::uint32_t stream, const Pairs& fields, bool end = false) {
    return frame(FrameType::headers, static_cast<std::uint8_t>(kEndHeaders | (end ? kEndStream : 0)), stream,
                 block(fields));
  }
  void resize(std::size_t table_bytes) { nghttp2_hd_deflate_change_table_size(deflater_, table_bytes); }

 private:
  static std::uint8_t* bytes(const std::string& text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  }
  nghttp2_hd_deflater* deflater_ = nullptr;
};

inline Pairs get(std::string path, std::string method = "GET") {
  return {{":method", std::move(method)}, {":path", std::move(path)}, {":scheme", "http"},
          {":authority", "shop:8080"},    {"user-agent", "tester/1"}, {"x-tenant", "acme"}};
}
inline Pairs ok(std::string status = "200") {
  return {{":status", std::move(status)}, {"content-type", "text/plain"}, {"server", "lab"}};
}
inline Pairs grpc_call(std::string path) {
  return {{":method", "POST"},          {":scheme", "http"},
          {":path", std::move(path)},   {":authority", "greeter:50051"},
          {"te", "trailers"},           {"content-type", "application/grpc"},
          {"user-agent", "grpc-lab/1"}, {"grpc-timeout", "250m"}};
}
inline Pairs grpc_ok() {
  return {{":status", "200"}, {"content-type", "application/grpc"}};
}
inline Pairs grpc_trailers(std::string status, std::string message = {}) {
  Pairs out = {{"grpc-status", std::move(status)}};
  if (!message.empty()) out.emplace_back("grpc-message", std::move(message));
  return out;
}

}  // namespace spanlight::http2::testing
