#pragma once
// Text that grows at its end and keeps its memory when cleared: what the writers write into. Nothing is
// initialised and room() is asked once for many bytes, so that the writers' loops are plain stores.

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace spanlight {

class TextBuffer {
 public:
  // Room for `bytes` more at the end; what is written there counts from commit() on.
  char* room(std::size_t bytes) {
    if (bytes > capacity_ - size_) grow(bytes);
    return data_.get() + size_;
  }
  void commit(const char* end) { size_ = static_cast<std::size_t>(end - data_.get()); }

  void append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(room(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void append(char c) {
    *room(1) = c;
    ++size_;
  }

  std::string_view view() const { return {data_.get(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  void truncate(std::size_t size) { size_ = size < size_ ? size : size_; }

 private:
  void grow(std::size_t bytes);

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace spanlight
