#pragma once
// Walks one message along its layout, value by value. Pure; no recursion, a fixed depth, a bound on steps: a
// count of elements is not believed.

#include <array>
#include <cstdint>

#include "core/bytes.h"
#include "core/reader.h"
#include "kafka/apis.h"

namespace spanlight::kafka {

// An unsigned number of seven bits a byte, the low ones first.
std::uint32_t take_varint(Reader& r);

// Tagged fields, passed over.
void skip_tags(Reader& r);

class Walk {
 public:
  static constexpr unsigned kDepthMax = 4;
  static constexpr unsigned kStepsMax = 20'000;

  struct Value {
    Role role = Role::none;
    std::int64_t number = 0;
    Bytes bytes;             // of texts, bytes, records; those of records may be cut
    std::uint64_t size = 0;  // of bytes, on the wire
    bool null = false;
  };

  Walk(Layout layout, std::uint8_t version, bool flexible, Bytes in)
      : layout_(layout), version_(version), flexible_(flexible), reader_(in) {}

  // The next value that has a role. False: the layout has ended, or the bytes have, or they contradict it.
  bool next(Value& value);

  Fault fault() const { return reader_.fault(); }
  std::size_t at() const { return reader_.at(); }

 private:
  struct Level {
    std::size_t first = 0;   // of the elements' layout
    std::uint32_t left = 0;  // elements that follow this one
    bool tagged = false;     // elements end with tagged fields
  };

  bool open(const Slot& field);
  void close();
  void pass_layout();
  void take(const Slot& field, Value& value);
  std::uint64_t take_size(bool wide, bool& null);

  Layout layout_;
  std::uint8_t version_;
  bool flexible_;
  Reader reader_;
  std::size_t at_ = 0;  // in the layout
  unsigned depth_ = 0;
  unsigned steps_ = 0;
  std::array<Level, kDepthMax> levels_;
};

}  // namespace spanlight::kafka
