#include "grpc_messages.h"

#include <nghttp2/nghttp2.h>

#include <string_view>
#include <utility>
#include <vector>

namespace spanlight::bench {

namespace {

constexpr std::uint8_t kData = 0, kHeaders = 1, kSettings = 4, kWindowUpdate = 8;
constexpr std::uint8_t kEndStream = 1, kEndHeaders = 4;
constexpr std::size_t kTableBytes = 4'096;

std::string big_endian(std::uint32_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i > 0; --i) out += static_cast<char>(value >> 8 * (i - 1) & 0xff);
  return out;
}

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  return big_endian(static_cast<std::uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + big_endian(stream, 4) + std::string(payload);
}

std::string message(std::size_t bytes) {
  return '\0' + big_endian(static_cast<std::uint32_t>(bytes), 4) + "\x0a" + static_cast<char>(bytes - 2) +
         std::string(bytes - 2, 'p');
}

using Pairs = std::vector<std::pair<std::string_view, std::string>>;

std::string block(nghttp2_hd_deflater* deflater, Pairs fields) {
  std::vector<nghttp2_nv> list;
  const auto bytes = [](const char* text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text));
  };
  for (const auto& [name, value] : fields)
    list.push_back(
        {bytes(name.data()), bytes(value.data()), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  std::string out(nghttp2_hd_deflate_bound(deflater, list.data(), list.size()), '\0');
  const auto n = nghttp2_hd_deflate_hd(deflater, bytes(out.data()), out.size(), list.data(), list.size());
  out.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return out;
}

}  // namespace

GrpcTalk::GrpcTalk() {
  nghttp2_hd_deflate_new(&client_, kTableBytes);
  nghttp2_hd_deflate_new(&server_, kTableBytes);
}

GrpcTalk::~GrpcTalk() {
  nghttp2_hd_deflate_del(client_);
  nghttp2_hd_deflate_del(server_);
}

// As grpc-go sends them: the path and the trace differ from call to call, the rest is in the table.
Call GrpcTalk::next(std::mt19937_64& random) {
  constexpr std::string_view kHex = "0123456789abcdef";
  Call call;
  if (stream_ == 1) {
    call.request = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, {});
    call.response = frame(kSettings, 0, 0, std::string("\0\5\0\0\x40\0", 6)) + frame(kSettings, 1, 0, {});
  }
  std::string trace = "00-";
  while (trace.size() < 35) trace += kHex[random() % 16];
  trace += "-b7ad6b7169203331-01";
  call.request += frame(kHeaders, kEndHeaders, stream_,
                        block(client_, {{":method", "POST"},
                                        {":scheme", "http"},
                                        {":path", "/shop.Inventory/GetItem" + std::to_string(random() % 8)},
                                        {":authority", "inventory.shop.svc:8080"},
                                        {"content-type", "application/grpc"},
                                        {"user-agent", "grpc-go/1.63.0"},
                                        {"te", "trailers"},
                                        {"grpc-timeout", std::to_string(100 + random() % 800) + "m"},
                                        {"traceparent", trace}}));
  call.request += frame(kData, kEndStream, stream_, message(40 + random() % 40));
  if (stream_ % 16 == 1) call.request += frame(kWindowUpdate, 0, 0, big_endian(1'000, 4));
  call.response += frame(kHeaders, kEndHeaders, stream_,
                         block(server_, {{":status", "200"}, {"content-type", "application/grpc"}}));
  call.response += frame(kData, 0, stream_, message(60 + random() % 60));
  call.response += frame(kHeaders, kEndHeaders | kEndStream, stream_,
                         block(server_, {{"grpc-status", "0"}, {"grpc-message", ""}}));
  stream_ += 2;
  return call;
}

}  // namespace spanlight::bench
