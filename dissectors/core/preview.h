#pragma once
// The first bytes of a message's body, as they were on the wire. Grows in Workshop::previews up to
// Limits::body_preview_bytes; at most one slab page, 65,536 bytes, whatever the limit says. Plain data; its
// holder releases it.

#include <cstdint>

#include "core/dissector.h"
#include "core/slab_buffer.h"

namespace spanlight {

class Preview {
 public:
  static constexpr std::uint32_t kBytesMax = SlabPool::kPageBytes;

  // A body of `bytes` is about to come: takes its room at once instead of growing through the classes.
  void expect(Workshop& workshop, std::uint64_t bytes);

  // Keeps what fits. After the first byte that is not kept the preview is closed: it is always a prefix of
  // the body.
  void append(Workshop& workshop, Bytes body);

  // Bytes of the body are missing here: what follows would not be a prefix.
  void close() { closed_ = true; }

  // Nothing of what follows will be kept.
  bool full(const Limits& limits) const { return closed_ || buffer_.size() >= limit(limits); }

  Bytes bytes() const { return buffer_.bytes(); }
  void release(Workshop& workshop) { buffer_.release(workshop.previews); }

 private:
  static std::size_t limit(const Limits& limits) {
    return limits.body_preview_bytes < kBytesMax ? limits.body_preview_bytes : kBytesMax;
  }

  SlabBuffer buffer_;
  bool closed_ = false;
};

}  // namespace spanlight
