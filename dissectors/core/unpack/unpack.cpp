#include "core/unpack/unpack.h"

#include <lz4.h>
#include <snappy-c.h>

#include <algorithm>
#include <array>

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include "core/unpack/inflater.h"

namespace spanlight::unpack {
namespace {

const char* chars(Bytes bytes) {
  return reinterpret_cast<const char*>(bytes.data());
}
char* chars(MutableBytes bytes) {
  return reinterpret_cast<char*>(bytes.data());
}

// How many bytes came out; false: nothing did that may be believed.
bool inflate_into(Workshop& workshop, Bytes packed, MutableBytes room, std::size_t& out) {
  const Inflated inflated = inflate_at_once(workshop, Inflater::Format::zlib, packed, room);
  out = inflated.bytes.size();
  return inflated.state != Inflater::State::idle && inflated.state != Inflater::State::failed;
}

// A context is only a workspace: nothing of one message is left for the next.
bool zstd_into(Bytes packed, MutableBytes room, std::size_t& out) {
  constexpr std::size_t kContextBytes = std::size_t{192} * 1'024;
  alignas(64) static thread_local std::array<std::uint8_t, kContextBytes> memory;
  static thread_local ZSTD_DCtx* context = nullptr;
  if (context == nullptr) context = ZSTD_initStaticDCtx(memory.data(), memory.size());
  if (context == nullptr) return false;
  const std::size_t n = ZSTD_decompressDCtx(context, room.data(), room.size(), packed.data(), packed.size());
  if (ZSTD_isError(n) != 0) return false;
  out = n;
  return true;
}

// A distance of 0, which the format forbids, copies what lies in the block: nobody's bytes are to be seen
// there.
bool lz4_into(Bytes packed, MutableBytes room, std::size_t& out) {
  std::fill(room.begin(), room.end(), std::uint8_t{0});
  const auto size = static_cast<int>(room.size());
  const int n =
      LZ4_decompress_safe_partial(chars(packed), chars(room), static_cast<int>(packed.size()), size, size);
  if (n < 0) return false;
  out = static_cast<std::size_t>(n);
  return true;
}

bool snappy_into(Bytes packed, MutableBytes room, std::size_t& out) {
  std::size_t n = room.size();
  if (snappy_uncompress(chars(packed), packed.size(), chars(room), &n) != SNAPPY_OK) return false;
  out = n;
  return true;
}

}  // namespace

std::uint64_t snappy_size(Bytes packed) {
  std::size_t n = 0;
  return snappy_uncompressed_length(chars(packed), packed.size(), &n) == SNAPPY_OK ? n : 0;
}

Unpacked unpack(Workshop& workshop, Method method, Bytes packed, std::uint64_t size) {
  Unpacked out;
  const bool in_part = method == Method::zlib || method == Method::lz4;
  if (method == Method::snappy && snappy_size(packed) != size) {
    out.malformed = true;
    return out;
  }
  if (packed.size() > kBytesMax || (size > kBytesMax && !in_part)) {
    out.too_large = true;
    return out;
  }
  if (size == 0) {
    out.malformed = true;
    return out;
  }
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, kBytesMax));
  out.block = workshop.previews.take(wanted);
  if (out.block.empty()) {
    ++workshop.counters.preview_exhausted;
    out.too_large = true;
    return out;
  }
  const MutableBytes room = out.block.first(wanted);
  std::size_t n = 0;
  const bool ok = method == Method::zlib   ? inflate_into(workshop, packed, room, n)
                  : method == Method::zstd ? zstd_into(packed, room, n)
                  : method == Method::lz4  ? lz4_into(packed, room, n)
                                           : snappy_into(packed, room, n);
  out.bytes = room.first(n);
  out.whole = ok && n == size;
  out.malformed = !ok || n != wanted;
  return out;
}

}  // namespace spanlight::unpack
