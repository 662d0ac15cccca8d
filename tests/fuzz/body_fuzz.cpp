// Any bytes as a body of any kind: a JSON object that ends, never a crash, and never more than the bounds
// allow. The first two bytes choose what is said of the rest.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "body/view.h"
#include "record/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spanlight;
  if (size < 2) return 0;
  static constexpr std::array<std::string_view, 8> kTypes = {"application/json",
                                                             "text/plain; charset=shift_jis",
                                                             "",
                                                             "application/protobuf",
                                                             "application/grpc",
                                                             "text/plain; charset=\"utf-16\"",
                                                             "application/x-www-form-urlencoded",
                                                             "text/html; charset=gb18030"};
  static constexpr std::array<std::string_view, 8> kEncodings = {
      "", "gzip", "deflate", "br", "zstd", "gzip, br", "zstd,x-gzip", "compress"};
  const std::span<const std::uint8_t> bytes{data + 2, size - 2};
  TextBuffer out;
  body::ViewCounts counts;
  const std::uint64_t wire_bytes = bytes.size() + (data[1] >> 7);
  body::append_view(
      out, {bytes, wire_bytes, kTypes[data[0] % 8], kEncodings[data[1] % 8], kEncodings[data[0] / 8 % 8]},
      counts);
  // Six characters for a byte of text at most, two for one in hex, and the fields of messages.
  constexpr std::size_t kMost = body::kDecodedBytesMax * 8 + (std::size_t{64} << 20);
  if (out.size() > kMost || !out.view().starts_with('{') || !out.view().ends_with('}')) std::abort();
  if (!is_utf8(out.view())) std::abort();
  return 0;
}
