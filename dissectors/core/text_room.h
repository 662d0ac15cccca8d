#pragma once
// Texts of one record, written one behind the other into a room of fixed size. What does not fit is left out
// and told by full(). Owned by whoever builds a record, for as long as that takes.

#include <charconv>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "core/bytes.h"

namespace spanlight {

class TextRoom {
 public:
  explicit TextRoom(std::span<char> room) : room_(room) {}

  bool full() const { return full_; }
  std::size_t mark() const { return used_; }
  std::string_view since(std::size_t mark) const { return {room_.data() + mark, used_ - mark}; }

  // Forgets what was written behind `mark`, and that it did not fit.
  void back_to(std::size_t mark) {
    used_ = mark;
    full_ = false;
  }

  // Between these, text() and letter() write the inside of a JSON string.
  void open_json_string() {
    put('"');
    in_json_ = true;
  }
  void close_json_string() {
    in_json_ = false;
    put('"');
  }

  void put(char c) {
    if (used_ == room_.size()) {
      full_ = true;
      return;
    }
    room_[used_++] = c;
  }
  void put(std::string_view text) {
    if (text.empty()) return;
    if (text.size() > room_.size() - used_) {
      full_ = true;
      return;
    }
    std::memcpy(room_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }

  // One character of a text; control characters are the caller's to escape.
  void letter(char c) {
    if (in_json_ && (c == '"' || c == '\\')) put('\\');
    put(c);
  }
  void text(std::string_view text) {
    if (!in_json_) return put(text);
    for (const char c : text) letter(c);
  }

  // For those that write into the room themselves: room for `bytes`, or null; then how many are to stay.
  char* reserve(std::size_t bytes) { return bytes <= room_.size() - used_ ? room_.data() + used_ : nullptr; }
  void keep(std::size_t bytes) { used_ += bytes; }

  void number(std::uint64_t value) {
    constexpr std::size_t kDigitsMax = 20;
    char* const at = reserve(kDigitsMax);
    if (at == nullptr) {
      full_ = true;
      return;
    }
    keep(static_cast<std::size_t>(std::to_chars(at, at + kDigitsMax, value).ptr - at));
  }

  // Two lower-case digits for each byte.
  void hex(Bytes bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (const std::uint8_t byte : bytes) {
      put(kDigits[byte >> 4]);
      put(kDigits[byte & 15]);
    }
  }
  void hex(std::uint16_t value) {
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
    hex(bytes);
  }

  // `digits` of them, with leading zeros.
  void padded(std::uint32_t value, unsigned digits) {
    std::uint32_t unit = 1;
    for (unsigned i = 1; i < digits; ++i) unit *= 10;
    for (; digits > 0; --digits, unit /= 10) put(static_cast<char>('0' + value / unit % 10));
  }

 private:
  std::span<char> room_;
  std::size_t used_ = 0;
  bool in_json_ = false;
  bool full_ = false;
};

}  // namespace spanlight
