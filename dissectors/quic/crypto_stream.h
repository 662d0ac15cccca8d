#pragma once
// Handshake messages of one side, put together from pieces that come in any order. Plain data; its holder
// releases it.

#include <array>

#include "core/bytes.h"
#include "core/slab.h"

namespace spanlight::quic {

class CryptoStream {
 public:
  static constexpr std::size_t kBytesMax = 16'384;  // of hellos
  static constexpr std::size_t kPiecesMax = 24;     // apart from one another

  // False: beyond a limit, or no slab; nothing was kept.
  bool add(SlabPool& pool, std::uint64_t offset, Bytes bytes);

  // Behind the last byte that came.
  std::size_t end() const { return count_ == 0 ? 0 : pieces_[count_ - 1].end; }
  // From the beginning, as far as nothing is missing.
  Bytes ready() const;
  void release(SlabPool& pool);

 private:
  struct Piece {
    std::uint16_t begin, end;
  };

  bool note(Piece piece);

  MutableBytes block_;
  std::array<Piece, kPiecesMax> pieces_{};  // sorted, none touches another
  std::uint8_t count_ = 0;
};

}  // namespace spanlight::quic
