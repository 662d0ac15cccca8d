#pragma once
// A text of bounded length, in place: names that are kept beyond the bytes they came in. Longer ones are cut.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace spanlight {

template <std::size_t kBytes>
class ShortText {
 public:
  void set(std::string_view text) {
    size_ = static_cast<std::uint16_t>(std::min(text.size(), kBytes));
    if (size_ > 0) std::memcpy(bytes_.data(), text.data(), size_);
  }
  std::string_view view() const { return {bytes_.data(), size_}; }
  bool empty() const { return size_ == 0; }

 private:
  static_assert(kBytes <= 0xffff);
  std::uint16_t size_ = 0;
  std::array<char, kBytes> bytes_;
};

}  // namespace spanlight
