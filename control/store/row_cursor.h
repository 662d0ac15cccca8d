#pragma once
// Rows of ClickHouse's RowBinary, read one value after the other. A cursor whose first fault sticks: what is
// missing may still come (short_input), what cannot be (a length beyond all bounds) never will. Views point
// into the bytes.

#include <cstdint>
#include <cstring>
#include <string_view>

namespace spanlight {

class RowCursor {
 public:
  static constexpr std::uint64_t kTextBytesMax = std::uint64_t{1} << 30;
  static constexpr std::uint64_t kListMax = std::uint64_t{1} << 24;

  explicit RowCursor(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T number() {
    T value{};
    if (!has(sizeof value)) return value;
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = number<std::uint8_t>();
      if (short_ || malformed_) return 0;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    malformed_ = true;
    return 0;
  }
  std::string_view text() {
    const std::uint64_t length = varint();
    if (length > kTextBytesMax) malformed_ = true;
    if (malformed_ || !has(length)) return {};
    const std::string_view view = bytes_.substr(at_, length);
    at_ += length;
    return view;
  }
  // Elements of a list or map that follow.
  std::uint64_t list() {
    const std::uint64_t count = varint();
    if (count > kListMax) malformed_ = true;
    return malformed_ || short_ ? 0 : count;
  }

  bool good() const { return !short_ && !malformed_; }
  bool malformed() const { return malformed_; }
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t position() const { return at_; }

 private:
  bool has(std::uint64_t count) {
    if (short_ || malformed_) return false;
    short_ = count > bytes_.size() - at_;
    return !short_;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool short_ = false;
  bool malformed_ = false;
};

}  // namespace spanlight
