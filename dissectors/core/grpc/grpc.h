#pragma once
// gRPC over HTTP/2, and gRPC-Web: the messages in a direction's DATA, and what the headers say. Pure, but for
// the walk's own place.
// Message: flags: u8 (1: compressed; 0x80, gRPC-Web: the trailers) | length: u32 | as many bytes
// ("gRPC over HTTP2", Length-Prefixed-Message).

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/bytes.h"
#include "core/time_ns.h"

namespace spanlight::grpc {

enum class Kind : std::uint8_t { none, grpc, web, web_text };

Kind kind_of(std::string_view content_type);

// "/package.Service/Method".
struct Target {
  std::string_view service, method;
};
Target target_of(std::string_view path);

std::string_view status_name(std::int64_t status);  // "NOT_FOUND"; empty: there is no such status
std::optional<std::int64_t> number_of(std::string_view digits);

// "250m" → 250,000,000 ns: up to eight digits and one of H M S m u n.
std::optional<DurationNs> timeout_of(std::string_view text);

// %XX → byte; what is no escape stands as it is. Writes what fits and gives it back.
std::string_view percent_decode(std::string_view text, std::span<char> room);

// Takes a line off what gRPC-Web sends behind its messages: "name: value". An empty name: it is none.
struct Trailer {
  std::string_view name, value;
};
Trailer next_trailer(std::string_view& text);

// The text form of gRPC-Web: base64, piece by piece, each of which may be padded.
class Base64 {
 public:
  // Takes bytes off `in` and writes what they stand for: three for each four, as many as fit.
  Bytes read(Bytes& in, MutableBytes room);

 private:
  std::uint32_t bits_ = 0;
  std::uint8_t digits_ = 0;
  std::uint8_t padding_ = 0;
};

// Counts messages as their bytes pass.
class MessageWalk {
 public:
  // Gives back what of `data` belongs to the trailers that gRPC-Web sends as its last message.
  Bytes read(Bytes data);
  // Bytes that nobody read, or that are missing: beyond the message under way nothing is known of the next.
  void pass(std::uint64_t bytes);
  // Bytes that may pass without being shown: the rest of a message under way. Trailers are read.
  std::uint64_t unread() const { return lost_ || in_trailers_ ? 0 : left_; }

  void lose() { lost_ = true; }

  std::uint32_t messages() const { return messages_; }
  std::uint64_t message_bytes() const { return bytes_; }
  bool any_compressed() const { return compressed_ > 0; }
  bool lost() const { return lost_; }
  bool in_trailers() const { return in_trailers_; }
  bool has_all_trailers() const { return in_trailers_ && left_ == 0; }

 private:
  static constexpr std::size_t kPrefixBytes = 5;
  void begin();

  std::uint64_t left_ = 0;  // of the message under way
  std::uint64_t bytes_ = 0;
  std::uint32_t messages_ = 0;
  std::uint32_t compressed_ = 0;
  std::array<std::uint8_t, kPrefixBytes> prefix_{};
  std::uint8_t prefix_bytes_ = 0;
  bool lost_ = false;
  bool in_trailers_ = false;
};

}  // namespace spanlight::grpc
