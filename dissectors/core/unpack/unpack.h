#pragma once
// A packed message, all of it at hand, into one block of the worker's slabs: zlib, snappy, zstd, LZ4. What
// does not fit the block (64 KiB) comes as far as it fits where the method allows that (zlib, LZ4), and not
// at all where it does not. Nothing is allocated: zlib's state lies in the slabs, zstd's (some 100 KiB, more
// than a slab page) in each thread's own static memory.

#include <cstdint>

#include "core/dissector.h"

namespace spanlight::unpack {

enum class Method : std::uint8_t { none, zlib, snappy, zstd, lz4 };

constexpr std::size_t kBytesMax = SlabPool::kPageBytes;

struct Unpacked {
  MutableBytes block;  // to be given back to Workshop::previews
  Bytes bytes;
  bool whole = false;      // all of it
  bool too_large = false;  // not tried: it does not fit
  bool malformed = false;  // no packed text, or not as large as it says
};

// `size`: what the message says it unpacks to. Not for Method::none.
Unpacked unpack(Workshop& workshop, Method method, Bytes packed, std::uint64_t size);

// How large snappy's text says it is; 0: it says nothing.
std::uint64_t snappy_size(Bytes packed);

}  // namespace spanlight::unpack
