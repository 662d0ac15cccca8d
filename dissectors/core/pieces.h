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
