#pragma once
// A cursor over wire bytes whose first fault sticks, so that a parser is a list of reads and one check at the
// end. After a fault every read gives zero or an empty view. `short_input` alone means that more bytes may
// cure it.

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "core/bytes.h"

namespace spanlight {

enum class Fault : std::uint8_t {
  none,
  short_input,  // the bytes end before the message does: wait for more
  bad_magic,    // a constant of the protocol is not what it must be
  bad_length,   // a length contradicts another, or a limit
  bad_value,    // a field holds what the protocol forbids
  too_deep,     // nesting beyond the parser's fixed depth
  too_many,     // a count beyond the parser's limit
};

class Reader {
 public:
  explicit Reader(Bytes in) : in_(in) {}

  std::size_t at() const { return at_; }
  std::size_t left() const { return in_.size() - at_; }
  Fault fault() const { return fault_; }
  bool ok() const { return fault_ == Fault::none; }

  // Big-endian and little-endian integers; 0 after a fault.
  template <std::unsigned_integral T>
  T be() {
    if (!has(sizeof(T))) return 0;
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) v = v << 8 | in_[at_ + i];
    at_ += sizeof(T);
    return static_cast<T>(v);
  }

  template <std::unsigned_integral T>
  T le() {
    if (!has(sizeof(T))) return 0;
    std::uint64_t v = 0;
    for (std::size_t i = sizeof(T); i > 0; --i) v = v << 8 | in_[at_ + i - 1];
    at_ += sizeof(T);
    return static_cast<T>(v);
  }

  std::uint8_t u8() { return be<std::uint8_t>(); }

  Bytes take(std::size_t n) {
    if (!has(n)) return {};
    const Bytes out = in_.subspan(at_, n);
    at_ += n;
    return out;
  }

  void skip(std::size_t n) {
    if (has(n)) at_ += n;
  }

  Bytes rest() { return take(left()); }

  // Records `f` unless `condition` holds. The first fault wins.
  void require(bool condition, Fault f) {
    if (!condition) fail(f);
  }

  void fail(Fault f) {
    if (fault_ == Fault::none) fault_ = f;
  }

 private:
  bool has(std::size_t n) {
    if (fault_ != Fault::none) return false;
    if (n > left()) {
      fault_ = Fault::short_input;
      return false;
    }
    return true;
  }

  Bytes in_;
  std::size_t at_ = 0;
  Fault fault_ = Fault::none;
};

}  // namespace spanlight
