#include "quic/crypto_stream.h"

#include <algorithm>
#include <cstring>

namespace spanlight::quic {

bool CryptoStream::add(SlabPool& pool, std::uint64_t offset, Bytes bytes) {
  if (bytes.empty()) return true;
  if (offset > kBytesMax || bytes.size() > kBytesMax - offset) return false;
  const auto begin = static_cast<std::size_t>(offset), end = begin + bytes.size();
  if (end > block_.size()) {
    const MutableBytes larger = pool.take(end);
    if (larger.empty()) return false;
    if (!block_.empty()) std::memcpy(larger.data(), block_.data(), block_.size());
    pool.give(block_);
    block_ = larger;
  }
  if (!note({static_cast<std::uint16_t>(begin), static_cast<std::uint16_t>(end)})) return false;
  std::memcpy(block_.data() + begin, bytes.data(), bytes.size());
  return true;
}

// Pieces that the new one touches become one with it.
bool CryptoStream::note(Piece piece) {
  auto* const begin = pieces_.data();
  auto* const end = begin + count_;
  auto* const first = std::find_if(begin, end, [&](const Piece& p) { return p.end >= piece.begin; });
  auto* const last = std::find_if(first, end, [&](const Piece& p) { return p.begin > piece.end; });
  if (first == last) {
    if (count_ == kPiecesMax) return false;
    std::move_backward(first, end, end + 1);
    *first = piece;
    ++count_;
    return true;
  }
  piece.begin = std::min(piece.begin, first->begin);
  piece.end = std::max(piece.end, (last - 1)->end);
  *first = piece;
  std::move(last, end, first + 1);
  count_ = static_cast<std::uint8_t>(count_ - (last - first - 1));
  return true;
}

Bytes CryptoStream::ready() const {
  return count_ > 0 && pieces_[0].begin == 0 ? Bytes(block_).first(pieces_[0].end) : Bytes{};
}

void CryptoStream::release(SlabPool& pool) {
  pool.give(block_);
  *this = {};
}

}  // namespace spanlight::quic
