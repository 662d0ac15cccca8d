#include "record/text_buffer.h"

#include <algorithm>

namespace spanlight {

void TextBuffer::grow(std::size_t bytes) {
  constexpr std::size_t kFirstBytes = 4'096;
  const std::size_t capacity = std::max({kFirstBytes, capacity_ * 2, size_ + bytes});
  std::unique_ptr<char[]> data(new char[capacity]);  // not make_unique: nothing is to be initialised
  if (size_ > 0) std::memcpy(data.get(), data_.get(), size_);
  data_ = std::move(data);
  capacity_ = capacity;
}

}  // namespace spanlight
