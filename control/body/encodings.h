#pragma once
// Content codings taken off a body preview: gzip, deflate, br, zstd, also several upon another. A preview is
// often the beginning of a body only, so what could be decoded before its end counts, and is said to be cut.
// Never more than `bytes_max` comes out, whatever went in. Pure; any thread.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spanlight::body {

enum class Fault : std::uint8_t {
  none,
  unknown_encoding,  // a coding that we do not have: the bytes are as they were before it
  corrupt,           // not what the coding says, from some byte on: what came before it is kept
  too_many_layers,   // more codings upon another than kLayersMax
};
std::string_view fault_name(Fault fault);

constexpr std::size_t kLayersMax = 4;  // nobody honest applies more than two
constexpr std::size_t kDecodedBytesMax = std::size_t{4} << 20;

struct Decoded {
  std::string bytes;
  std::vector<std::string> undone;  // the codings that were taken off, in the order of taking
  std::string left;                 // with a fault: the coding that could not be (wholly) taken off
  bool truncated = false;           // the input ended within the coding
  bool over_limit = false;          // more would have come than `bytes_max`
  Fault fault = Fault::none;
};

// `content_encoding` is the header's value: codings in the order in which they were applied.
Decoded undo_encodings(std::span<const std::uint8_t> bytes, std::string_view content_encoding,
                       std::size_t bytes_max = kDecodedBytesMax);

// One coding alone, e.g. that of a gRPC message.
Decoded undo_encoding(std::span<const std::uint8_t> bytes, std::string_view coding, std::size_t bytes_max);

}  // namespace spanlight::body
