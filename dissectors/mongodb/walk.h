#pragma once
// BSON: a document as it comes, element by element, and a document as JSON text. No recursion: what is
// entered lies in arrays of fixed depth, everything else passes by its length. Source: bsonspec.org,
// version 1.1.

#include <array>
#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "core/reader.h"
#include "core/short_text.h"
#include "mongodb/values.h"

namespace spanlight::mongodb {

// What a command or its answer says of itself, by its outer elements.
struct Said {
  ShortText<64> command;  // name of the first element
  ShortText<64> database;
  ShortText<120> collection;
  ShortText<300> message;
  ShortText<48> code_name;
  double ok = 0;
  std::int64_t cursor = 0;
  std::int64_t n = 0;
  std::uint64_t documents = 0;  // of a batch
  std::int32_t code = 0;
  std::uint32_t write_errors = 0;
  bool has_ok = false;
  bool has_code = false;
  bool has_cursor = false;
  bool has_n = false;
  bool has_batch = false;
  bool concern_error = false;
  bool answers_bulk = false;     // set beforehand: its batch tells what became of each write
  bool proves_identity = false;  // it holds what logs somebody in
};

// Reads one document, in pieces of any size: feed() until done() or broken().
class Walk {
 public:
  static constexpr std::size_t kElementBytesMax =
      1'024;  // of an element's name and what is looked at behind it
  static constexpr std::size_t kNameBytesMax = 255;
  static constexpr std::size_t kLookedAtMax = 320;  // of a text

  void begin() { *this = Walk{}; }

  // Takes what it can; the rest is shown again, with more behind it (kElementBytesMax are always enough).
  // `last`: nothing comes behind.
  std::size_t feed(Bytes bytes, bool last, Said& said);

  bool done() const { return state_ == State::done; }
  bool broken() const { return state_ == State::broken; }
  std::uint64_t passing() const { return passing_; }  // bytes that come next and are not looked at
  void pass(std::uint64_t n) { passing_ -= n; }

 private:
  enum class State : std::uint8_t { begin, elements, done, broken };
  // Which document an element stands in.
  enum class Place : std::uint8_t { top, cursor, batch, outcome, write_errors, write_error, concern_error };
  static constexpr std::size_t kDepthMax = 4;

  struct Element {
    std::uint8_t type = 0;
    std::string_view name;
    Bytes value;             // as much of it as is looked at
    std::uint64_t size = 0;  // of the whole value
    std::size_t head = 0;    // bytes of type and name
  };
  enum class Look : std::uint8_t { more, bad, element, end };

  Look look(Bytes bytes, Element& out) const;
  void take(const Element& element, Said& said);
  void take_outer(const Element& element, Said& said);
  static void take_error(const Element& element, Said& said);
  bool enters(const Element& element, Said& said, Place& into) const;

  State state_ = State::begin;
  std::uint8_t depth_ = 0;
  bool first_ = true;
  std::array<Place, kDepthMax> places_{};
  std::array<std::uint64_t, kDepthMax> left_{};  // bytes of each document that is open
  std::uint64_t passing_ = 0;
};

}  // namespace spanlight::mongodb
