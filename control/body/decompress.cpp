#include "body/decompress.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

namespace spanlight::body {
namespace {

constexpr std::size_t kStepBytes = std::size_t{64}
                                   << 10;  // grown by so much, so that small bodies stay small
constexpr int kZstdWindowLogMax = 23;      // 8 MiB: what RFC 8878 asks of every decoder

// Room behind what `out` holds already, within the limit and one byte beyond it: that byte shows that more
// would have come.
std::span<std::uint8_t> room_in(std::string& out, std::size_t used, std::size_t bytes_max) {
  const std::size_t size = std::min(bytes_max + 1, used + kStepBytes);
  out.resize(size);
  return {reinterpret_cast<std::uint8_t*>(out.data()) + used, size - used};
}

// The end of every decoder: what was written counts, the byte beyond the limit does not.
Decompressed ended(std::string& out, std::size_t used, std::size_t bytes_max, Decompressed how) {
  const bool beyond = used > bytes_max;
  out.resize(beyond ? bytes_max : used);
  return beyond ? Decompressed::over_limit : how;
}

struct InflateEnd {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

// `window_bits` chooses the frame (zlib.h, inflateInit2). Only gzip may have several members behind another.
Decompressed inflate_with(int window_bits, bool members, std::span<const std::uint8_t> in,
                          std::size_t bytes_max, std::string& out) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) return ended(out, 0, bytes_max, Decompressed::corrupt);
  const std::unique_ptr<z_stream, InflateEnd> at_end(&stream);
  stream.next_in = const_cast<Bytef*>(in.data());  // zlib does not write there
  stream.avail_in = static_cast<uInt>(in.size());
  std::size_t used = 0;
  while (used <= bytes_max) {
    const std::span<std::uint8_t> room = room_in(out, used, bytes_max);
    stream.next_out = room.data();
    stream.avail_out = static_cast<uInt>(room.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    used += room.size() - stream.avail_out;
    if (result == Z_STREAM_END) {
      if (!members || stream.avail_in == 0) return ended(out, used, bytes_max, Decompressed::whole);
      // Zeros behind the last member are padding, as gzip(1) has it.
      if (*stream.next_in == 0) return ended(out, used, bytes_max, Decompressed::whole);
      if (inflateReset(&stream) != Z_OK) return ended(out, used, bytes_max, Decompressed::corrupt);
      continue;
    }
    if (result != Z_OK && result != Z_BUF_ERROR) return ended(out, used, bytes_max, Decompressed::corrupt);
    if (stream.avail_in == 0 && stream.avail_out != 0) return ended(out, used, bytes_max, Decompressed::cut);
  }
  return ended(out, used, bytes_max, Decompressed::over_limit);
}

}  // namespace

Decompressed gunzip(std::span<const std::uint8_t> in, std::size_t bytes_max, std::string& out) {
  return inflate_with(15 + 16, true, in, bytes_max, out);
}

Decompressed inflate_any(std::span<const std::uint8_t> in, std::size_t bytes_max, std::string& out) {
  // RFC 1950: method 8, and the first two bytes a multiple of 31.
  const bool framed = in.size() >= 2 && (in[0] & 0x0f) == 8 && (in[0] * 256u + in[1]) % 31 == 0;
  if (framed) {
    const Decompressed end = inflate_with(15, false, in, bytes_max, out);
    if (end != Decompressed::corrupt || !out.empty()) return end;
  }
  return inflate_with(-15, false, in, bytes_max, out);
}

Decompressed unbrotli(std::span<const std::uint8_t> in, std::size_t bytes_max, std::string& out) {
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
  if (state == nullptr) return ended(out, 0, bytes_max, Decompressed::corrupt);
  std::size_t in_left = in.size();
  const std::uint8_t* next_in = in.data();
  std::size_t used = 0;
  while (used <= bytes_max) {
    const std::span<std::uint8_t> room = room_in(out, used, bytes_max);
    std::size_t out_left = room.size();
    std::uint8_t* next_out = room.data();
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state.get(), &in_left, &next_in, &out_left, &next_out, nullptr);
    used += room.size() - out_left;
    if (result == BROTLI_DECODER_RESULT_SUCCESS) return ended(out, used, bytes_max, Decompressed::whole);
    if (result == BROTLI_DECODER_RESULT_ERROR) return ended(out, used, bytes_max, Decompressed::corrupt);
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT)
      return ended(out, used, bytes_max, Decompressed::cut);
  }
  return ended(out, used, bytes_max, Decompressed::over_limit);
}

Decompressed unzstd(std::span<const std::uint8_t> in, std::size_t bytes_max, std::string& out) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (context == nullptr ||
      ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax)) != 0)
    return ended(out, 0, bytes_max, Decompressed::corrupt);
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  std::size_t used = 0;
  while (used <= bytes_max) {
    const std::span<std::uint8_t> room = room_in(out, used, bytes_max);
    ZSTD_outBuffer output{room.data(), room.size(), 0};
    const std::size_t wanted = ZSTD_decompressStream(context.get(), &output, &input);
    used += output.pos;
    if (ZSTD_isError(wanted) != 0) return ended(out, used, bytes_max, Decompressed::corrupt);
    if (input.pos < input.size || output.pos == output.size) continue;  // another frame, or more of this one
    return ended(out, used, bytes_max, wanted == 0 ? Decompressed::whole : Decompressed::cut);
  }
  return ended(out, used, bytes_max, Decompressed::over_limit);
}

}  // namespace spanlight::body
