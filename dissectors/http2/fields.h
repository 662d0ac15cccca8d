#pragma once
// The headers of one message as they came out of the decompressor: pseudo headers apart (RFC 9113, 8.3), the
// others in wire order, trailers behind them. Plain data inside a slab block; its holder releases it. Beyond
// Limits::head_bytes_max or headers_max nothing more is stored, and the message says so.

#include <cstdint>
#include <string_view>

#include "core/dissector.h"
#include "core/http/known_header.h"
#include "core/slab_buffer.h"

namespace spanlight::http2 {

// Headers of gRPC, told apart once.
enum class GrpcHeader : std::uint8_t { status, message, timeout, encoding, none };
constexpr std::size_t kGrpcHeaders = 4;

class Fields {
 public:
  void add(Workshop& workshop, std::string_view name, std::string_view value);

  // Some of them are not known, or were not kept.
  void miss() { missing_ = true; }
  bool missing() const { return missing_ || truncated_; }

  std::string_view method() const { return text(method_); }
  std::string_view path() const { return text(path_); }
  std::string_view authority() const { return text(authority_); }
  std::string_view scheme() const { return text(scheme_); }
  std::string_view protocol() const { return text(protocol_); }  // of an extended CONNECT (RFC 8441)
  std::string_view status_text() const { return text(status_); }
  std::uint16_t status() const;  // 0: none was seen

  Headers headers() const { return {text_.bytes(), spans()}; }
  std::string_view lifted(http::Known known) const;
  std::string_view grpc(GrpcHeader header) const;

  void release(Workshop& workshop);

 private:
  struct Slice {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };
  std::string_view text(Slice s) const { return as_text(text_.bytes()).substr(s.offset, s.length); }
  std::span<const HeaderSpan> spans() const {
    return {reinterpret_cast<const HeaderSpan*>(spans_.data()), spans_.size() / sizeof(HeaderSpan)};
  }
  std::string_view value_at(std::uint32_t place) const;  // 1 + index; 0: none
  bool store(Workshop& workshop, std::string_view name, std::string_view value);
  Slice* pseudo(std::string_view name);
  void truncate(Workshop& workshop);

  SlabBuffer text_;
  SlabBuffer spans_;
  Slice method_, path_, authority_, scheme_, protocol_, status_;
  http::LiftedHeaders lifted_;
  std::uint16_t grpc_[kGrpcHeaders]{};  // 1 + index
  bool missing_ = false;
  bool truncated_ = false;
};

}  // namespace spanlight::http2
