#pragma once
// RESP2 and RESP3 (redis.io, "Redis serialization protocol specification"): tokens, where a direction stands
// in a nested value, and what a message's first bytes say. Pure. Streamed types (`$?`, `*?`) are not handled:
// no server sends them.

#include <array>
#include <cstdint>

#include "core/framed.h"
#include "core/listed.h"

namespace spanlight::redis {

constexpr std::size_t kLineBytesMax = 16'384;          // an inline command, a status, an error
constexpr std::uint64_t kBulkBytesMax = 512ull << 20;  // proto-max-bulk-len, as the server has it at first
constexpr std::uint64_t kElementsMax = 1u << 30;       // of one aggregate
constexpr unsigned kDepthMax = 12;                     // of nested aggregates

enum class Type : std::uint8_t {
  inline_command,
  status,
  error,
  integer,
  bulk,
  nil,
  boolean,
  number,
  big_number,
  bulk_error,
  verbatim,
  array,
  map,
  set,
  push,
  attribute,
};
std::string_view type_name(Type type);  // as in the record

// One line, and what it announces.
struct Line {
  Fault fault = Fault::none;
  Type type = Type::status;
  std::size_t bytes = 0;      // with its end
  std::string_view text;      // behind the type's sign, without the end
  std::uint64_t count = 0;    // aggregates: values; pairs count twice
  std::uint64_t payload = 0;  // bulks: bytes behind the line, with their end
};
Line read_line(Bytes in);
Line read_inline(Bytes in);

// Where one direction stands in the value that it is saying.
class Walk {
 public:
  bool at_start() const { return depth_ == 0; }
  unsigned depth() const { return depth_; }
  std::uint64_t left() const {
    return depth_ == 0 ? 0 : left_[depth_ - 1];
  }  // values of the innermost aggregate
  // True: the value is complete with this line and its payload. `too_deep` where it nests beyond kDepthMax.
  bool accept(Type type, std::uint64_t count, bool& too_deep);
  void reset() { depth_ = 0; }

 private:
  std::array<std::uint32_t, kDepthMax> left_{};
  std::uint16_t attributes_ = 0;  // bit by level: it stands beside a value, and is none
  std::uint8_t depth_ = 0;
};

// One value of a flat list. `text` is what there is of it.
struct Value {
  Type type = Type::nil;
  std::string_view text;
  std::uint64_t bytes = 0;  // that it has on the wire
  std::uint64_t count = 0;  // aggregates
  bool cut() const { return text.size() < bytes; }
};

// Reads values one after the other from a message's first bytes.
class Values {
 public:
  explicit Values(std::string_view head) : rest_(as_bytes(head)) {}
  bool next(Value& value);

 private:
  Bytes rest_;
};

// A command as it was sent: of an array of bulks, or of one line. Words that were cut have what there is of
// them. `most`: no more of them are wanted.
struct Words {
  static constexpr std::size_t kMax = 64;
  Listed<Value, kMax> list;
  std::uint64_t count = 0;  // all of them, also those that are not in the list
  bool is_inline = false;

  std::string_view at(std::size_t i) const {
    return i < list.all().size() ? list.all()[i].text : std::string_view{};
  }
};
void read_words(std::string_view head, Words& words, std::size_t most = Words::kMax);

}  // namespace spanlight::redis
