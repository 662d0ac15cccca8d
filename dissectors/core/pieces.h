#pragma once
// Bytes in several pieces that together are one text, in order. A view: whoever makes one owns the list.

#include <cstring>

#include "core/bytes.h"

namespace spanlight {

class Pieces {
 public:
  Pieces() = default;
  Pieces(Bytes whole) : whole_(whole), size_(whole.size()) {}
  explicit Pieces(std::span<const Bytes> list) : list_(list) {
    for (const Bytes piece : list) size_ += piece.size();
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  Bytes front() const { return list_.empty() ? whole_ : list_.front(); }  // the first piece

  template <typename Look>
  void each(Look look) const {
    if (!whole_.empty()) look(whole_);
    for (const Bytes piece : list_) look(piece);
  }

  // The first bytes in one piece: as they lie, or as many as fit copied to `room`.
  Bytes head(MutableBytes room) const {
    if (list_.empty()) return whole_;
    if (list_.size() == 1) return list_.front();
    std::size_t used = 0;
    for (const Bytes piece : list_) {
      const std::size_t n = piece.size() < room.size() - used ? piece.size() : room.size() - used;
      if (n > 0) std::memcpy(room.data() + used, piece.data(), n);
      used += n;
    }
    return room.first(used);
  }

  // `to` has room for size() bytes.
  void copy_to(std::uint8_t* to) const {
    if (!whole_.empty()) std::memcpy(to, whole_.data(), whole_.size());
    for (const Bytes piece : list_) {
      std::memcpy(to, piece.data(), piece.size());
      to += piece.size();
    }
  }

 private:
  Bytes whole_;
  std::span<const Bytes> list_;
  std::size_t size_ = 0;
};

}  // namespace spanlight
