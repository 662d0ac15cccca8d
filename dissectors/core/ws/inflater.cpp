#include "core/ws/inflater.h"

#include <algorithm>
#include <new>

namespace spanlight::ws {
namespace {

// inflate_state, some 7 KiB, and alignment.
constexpr std::size_t kStateBytes = 8'192;
// Always the largest, whatever was agreed on: with a smaller one zlib lets text that reaches further back
// pass if it was given in the same call, and refuses it otherwise.
constexpr std::size_t kWindowBytes = std::size_t{1} << MAX_WBITS;
constexpr std::size_t kAlign = 16;

}  // namespace

struct Inflater::Arena {
  z_stream zlib{};
  MutableBytes free;  // of the block, behind what was taken
};

// zlib takes its state when it starts and its window once; nothing comes back before the end.
voidpf Inflater::take(voidpf arena, uInt count, uInt size) {
  MutableBytes& free = static_cast<Arena*>(arena)->free;
  const std::size_t bytes = (std::size_t{count} * size + kAlign - 1) / kAlign * kAlign;
  if (bytes > free.size()) return Z_NULL;
  const voidpf out = free.data();
  free = free.subspan(bytes);
  return out;
}

void Inflater::give(voidpf, voidpf) {}

bool Inflater::begin(Workshop& workshop) {
  inflated_ = 0;
  state_ = State::failed;
  if (block_.empty()) {
    const MutableBytes block = workshop.state.take(sizeof(Arena) + kAlign + kStateBytes + kWindowBytes);
    if (block.empty()) {
      ++workshop.counters.state_exhausted;
      return false;
    }
    Arena* arena = new (block.data()) Arena;
    constexpr std::size_t kUsed = (sizeof(Arena) + kAlign - 1) / kAlign * kAlign;
    arena->free = block.subspan(kUsed);
    arena->zlib.zalloc = take;
    arena->zlib.zfree = give;
    arena->zlib.opaque = arena;
    block_ = block;
    if (inflateInit2(&arena->zlib, -MAX_WBITS) != Z_OK) return false;
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
  const std::size_t out = room.size() - zlib.avail_out;
  inflated_ += out;
  // RFC 7692, 7.2.3.5: a final block may end a message, too; what follows starts anew with the same window.
  if (result == Z_STREAM_END) {
    if (inflateResetKeep(&zlib) != Z_OK) state_ = State::failed;
  } else if (result != Z_OK && result != Z_BUF_ERROR) {
    state_ = State::failed;
  }
  if (inflated_ > kInflatedBytesMax) state_ = State::failed;
  return room.first(out);
}

void Inflater::end(Workshop& workshop, const Deflate& deflate) {
  const bool keeps = state_ == State::running && deflate.takes_over;
  if (!keeps) lose(workshop);
  state_ = State::idle;
}

void Inflater::lose(Workshop& workshop) {
  workshop.state.give(block_);
  block_ = {};
  state_ = State::failed;
}

}  // namespace spanlight::ws
