#include "core/unpack/inflater.h"

#include <zlib.h>

#include <algorithm>
#include <new>

namespace spanlight::unpack {
namespace {

// inflate_state, some 7 KiB, its window of 32 KiB, and alignment.
constexpr std::size_t kStateBytes = 8'192;
constexpr std::size_t kWindowBytes = 32'768;
constexpr std::size_t kAlign = 16;

}  // namespace

struct Inflater::Arena {
  z_stream zlib{};
  MutableBytes free;  // of the block, behind what was taken

  static voidpf take(voidpf arena, uInt count, uInt size) {
    MutableBytes& free = static_cast<Arena*>(arena)->free;
    const std::size_t bytes = (std::size_t{count} * size + kAlign - 1) / kAlign * kAlign;
    if (bytes > free.size()) return Z_NULL;
    const voidpf out = free.data();
    free = free.subspan(bytes);
    return out;
  }
  static void give(voidpf, voidpf) {}  // all at once, with the block
};

bool Inflater::begin(Workshop& workshop, Format format) {
  end(workshop);
  const MutableBytes block = workshop.state.take(sizeof(Arena) + kAlign + kStateBytes + kWindowBytes);
  if (block.empty()) {
    ++workshop.counters.state_exhausted;
    return false;
  }
  block_ = block;
  Arena* arena = new (block.data()) Arena;
  constexpr std::size_t kUsed = (sizeof(Arena) + kAlign - 1) / kAlign * kAlign;
  arena->free = block.subspan(kUsed);
  arena->zlib.zalloc = Arena::take;
  arena->zlib.zfree = Arena::give;
  arena->zlib.opaque = arena;
  constexpr int kAsGzip = 16;  // inflateInit2()'s way to say so
  if (inflateInit2(&arena->zlib, MAX_WBITS + (format == Format::gzip ? kAsGzip : 0)) != Z_OK) {
    end(workshop);
    return false;
  }
  state_ = State::running;
  return true;
}

Bytes Inflater::read(Bytes& in, MutableBytes room) {
  if (state_ != State::running) return {};
  z_stream& zlib = std::launder(reinterpret_cast<Arena*>(block_.data()))->zlib;
  zlib.next_in = const_cast<Bytef*>(in.data());
  zlib.avail_in = static_cast<uInt>(std::min<std::size_t>(in.size(), SlabPool::kPageBytes));
  const std::size_t offered = zlib.avail_in;
  zlib.next_out = room.data();
  zlib.avail_out = static_cast<uInt>(room.size());
  const int result = inflate(&zlib, Z_SYNC_FLUSH);
  in = in.subspan(offered - zlib.avail_in);
  if (result == Z_STREAM_END)
    state_ = State::ended;
  else if (result != Z_OK && result != Z_BUF_ERROR)
    state_ = State::failed;
  return room.first(room.size() - zlib.avail_out);
}

void Inflater::end(Workshop& workshop) {
  workshop.state.give(block_);
  block_ = {};
  state_ = State::idle;
}

Inflated inflate_at_once(Workshop& workshop, Inflater::Format format, Bytes packed, MutableBytes room) {
  Inflater inflater;
  if (!inflater.begin(workshop, format)) return {};
  std::size_t used = 0;
  while (inflater.state() == Inflater::State::running && used < room.size()) {
    const std::size_t before = packed.size();
    const std::size_t n = inflater.read(packed, room.subspan(used)).size();
    used += n;
    if (n == 0 && packed.size() == before) break;
  }
  const Inflater::State state = inflater.state();
  inflater.end(workshop);
  return {room.first(used), state};
}

}  // namespace spanlight::unpack
