#pragma once
// Names and values of one message of a record, for protocols that carry lists of them in a form of their own
// (tables, attributes, AVPs). What does not fit its fixed room is left out and told by truncated(). Owned by
// whoever builds a record, for as long as that takes.

#include <array>
#include <cstdint>
#include <string_view>

#include "core/listed.h"
#include "core/text_room.h"
#include "core/transaction.h"

namespace spanlight {

class HeaderRoom {
 public:
  static constexpr std::size_t kHeadersMax = 128;
  static constexpr std::size_t kBytesMax = 12'288;

  // `name` and `value` write to the room that they are given.
  template <typename Name, typename Value>
  void add(Name name, Value value) {
    if (truncated_ || spans_.all().size() == kHeadersMax) {
      truncated_ = true;
      return;
    }
    const std::size_t start = room_.mark();
    name(room_);
    const std::size_t middle = room_.mark();
    value(room_);
    if (room_.full()) {
      room_.back_to(start);
      truncated_ = true;
      return;
    }
    spans_.add({.name_offset = static_cast<std::uint32_t>(start),
                .name_length = static_cast<std::uint32_t>(middle - start),
                .value_offset = static_cast<std::uint32_t>(middle),
                .value_length = static_cast<std::uint32_t>(room_.mark() - middle)});
  }

  bool truncated() const { return truncated_; }
  void truncate() { truncated_ = true; }
  Headers all() const { return {.bytes = as_bytes(room_.since(0)), .spans = spans_.all()}; }

 private:
  std::array<char, kBytesMax> bytes_;
  TextRoom room_{bytes_};
  Listed<HeaderSpan, kHeadersMax> spans_;
  bool truncated_ = false;
};

}  // namespace spanlight
