#include "core/preview.h"

#include <algorithm>

namespace spanlight {

namespace {

constexpr std::size_t kLinesAhead = 6;  // lent pieces are longer than that

}  // namespace

void Preview::expect(Workshop& workshop, std::uint64_t bytes) {
  expected_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, limit(workshop.limits)));
}

void Preview::append(Workshop& workshop, Bytes body) {
  if (body.empty() || full(workshop.limits)) return;
  const Bytes kept = body.first(std::min(body.size(), limit(workshop.limits) - size_));
  if (kept.size() < body.size()) closed_ = true;
  if (borrow(workshop, kept) || copy(workshop, kept)) return;
  closed_ = true;
  ++workshop.counters.preview_exhausted;
}

bool Preview::add_piece(Workshop& workshop, const Piece& piece) {
  return pieces().size() < kPiecesMax &&
         pieces_.append(workshop.state, {reinterpret_cast<const std::uint8_t*>(&piece), sizeof(piece)});
}

// The last place is kept for what must be copied.
bool Preview::borrow(Workshop& workshop, Bytes body) {
  if (workshop.lender == nullptr || body.size() < kLentBytesMin || pieces().size() + 2 > kPiecesMax)
    return false;
  Loan* loan = workshop.lender->lend(body);
  if (loan == nullptr) return false;
  const bool first = pieces_.size() == 0 && size_ > 0;  // all before it was copied
  if ((first && !add_piece(workshop, {.bytes = size_})) ||
      !add_piece(workshop, {.lent = body.data(), .loan = loan, .bytes = body.size()})) {
    workshop.lender->give_back(loan);
    return false;
  }
  size_ += static_cast<std::uint32_t>(body.size());
  return true;
}

// False: the slabs are exhausted; what fits into the block at hand was kept.
bool Preview::copy(Workshop& workshop, Bytes body) {
  if (copied_.capacity() == 0 && expected_ > size_) copied_.reserve(workshop.previews, expected_ - size_);
  // A refusal of the reservation is not counted: it is tried again with less.
  const bool whole = copied_.size() + body.size() <= SlabBuffer::kBytesMax &&
                     copied_.reserve(workshop.previews, copied_.size() + body.size());
  const std::size_t n = whole ? body.size() : std::min(body.size(), copied_.capacity() - copied_.size());
  if (n > 0 && pieces_.size() > 0) {
    Piece* last = const_cast<Piece*>(&pieces().back());
    if (last->loan == nullptr)
      last->bytes += n;
    else if (!add_piece(workshop, {.bytes = n}))
      return false;
  }
  copied_.append(workshop.previews, body.first(n));
  size_ += static_cast<std::uint32_t>(n);
  return whole;
}

Pieces Preview::bytes(Room& room) const {
  if (pieces_.size() == 0) return copied_.bytes();
  std::size_t copied = 0;
  for (const Piece& piece : pieces()) {
    const std::uint8_t* at = piece.loan != nullptr ? piece.lent : copied_.data() + copied;
    if (piece.loan == nullptr) copied += piece.bytes;
    // Cold by now, and about to be copied: the hardware takes over once it sees where each piece goes.
    for (std::size_t line = 0; line < kLinesAhead; ++line) __builtin_prefetch(at + line * 64);
    room.add({at, piece.bytes});
  }
  return Pieces(room.all());
}

void Preview::release(Workshop& workshop) {
  for (const Piece& piece : pieces())
    if (piece.loan != nullptr) workshop.lender->give_back(piece.loan);
  pieces_.release(workshop.state);
  copied_.release(workshop.previews);
}

}  // namespace spanlight
