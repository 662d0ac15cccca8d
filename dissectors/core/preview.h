#pragma once
// The first bytes of a message's body, as they were on the wire, up to Limits::body_preview_bytes; at most
// one slab page, 65,536 bytes, whatever the limit says. Larger pieces stay in the received buffer that they
// came in, which is lent (lender.h); what cannot be lent is copied to Workshop::previews. Plain data; its
// holder releases it.

#include <cstdint>

#include "core/dissector.h"
#include "core/listed.h"
#include "core/pieces.h"
#include "core/slab_buffer.h"

namespace spanlight {

class Preview {
 public:
  static constexpr std::uint32_t kBytesMax = SlabPool::kPageBytes;
  static constexpr std::size_t kLentBytesMin = 512;  // fewer are cheaper to copy
  static constexpr std::size_t kPiecesMax = 42;
  using Room = Listed<Bytes, kPiecesMax>;

  // A body of `bytes` is about to come: what of it must be copied takes its room at once instead of growing
  // through the classes.
  void expect(Workshop& workshop, std::uint64_t bytes);

  // Keeps what fits. After the first byte that is not kept the preview is closed: it is always a prefix of
  // the body.
  void append(Workshop& workshop, Bytes body);

  // Bytes of the body are missing here: what follows would not be a prefix.
  void close() { closed_ = true; }

  // Nothing of what follows will be kept, whatever the limits say later.
  bool full(const Limits& limits) {
    if (closed_ || size_ >= limit(limits)) return true;
    closed_ = shed_ = limits.previews_shed;
    return closed_;
  }

  // Closed by Limits::previews_shed: what is missing was left out under overload.
  bool shed() const { return shed_; }

  std::size_t size() const { return size_; }
  Pieces bytes(Room& room) const;  // a view of this preview and of `room`, which is empty before
  void release(Workshop& workshop);

 private:
  // One after the other they are the preview. Without a loan: the next `bytes` of `copied_`.
  struct Piece {
    const std::uint8_t* lent = nullptr;
    Loan* loan = nullptr;
    std::uint64_t bytes = 0;
  };

  static std::size_t limit(const Limits& limits) {
    return limits.body_preview_bytes < kBytesMax ? limits.body_preview_bytes : kBytesMax;
  }
  std::span<const Piece> pieces() const {
    return {reinterpret_cast<const Piece*>(pieces_.data()), pieces_.size() / sizeof(Piece)};
  }
  bool add_piece(Workshop& workshop, const Piece& piece);
  bool borrow(Workshop& workshop, Bytes body);
  bool copy(Workshop& workshop, Bytes body);

  SlabBuffer copied_;
  SlabBuffer pieces_;  // none: all is copied
  std::uint32_t size_ = 0;
  std::uint32_t expected_ = 0;  // 0: nobody knows
  bool closed_ = false;
  bool shed_ = false;
};

}  // namespace spanlight
