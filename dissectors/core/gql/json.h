#pragma once
// A cursor over JSON (RFC 8259) that may be cut off anywhere: for looking at a few keys of a body's preview.
// Its first fault sticks. Pure; keeps nothing; nesting is counted, not remembered, so brackets of the wrong
// kind pass.

#include <string_view>

#include "core/reader.h"

namespace spanlight::gql {

class Json {
 public:
  enum class Kind : std::uint8_t { object, array, string, other, none };

  explicit Json(std::string_view in) : in_(in) {}

  bool ok() const { return fault_ == Fault::none; }
  bool cut() const { return fault_ == Fault::short_input; }  // it ends before the value does

  Kind kind();   // of the value at hand; none: there is none
  bool enter();  // an object or array: behind its bracket

  // Inside an object: the next key, its value at hand. False: the object is over, or a fault.
  bool next_key(std::string_view& key);
  // Inside an array: true: a value is at hand.
  bool next_item();

  bool text(std::string_view& raw);  // a string as it stands between its quotes, with its escapes
  bool skip();                       // a value, whatever it is
  bool at_end();                     // nothing but white space is left

 private:
  static constexpr std::uint32_t kDepthMax = 256;

  void blanks();
  bool fail(Fault fault);
  bool skip_text();

  std::string_view in_;
  std::size_t at_ = 0;
  Fault fault_ = Fault::none;
};

// `raw` without its escapes: itself if there are none, otherwise as much as fits into `room`. `whole` becomes
// false where it did not fit.
std::string_view unescape(std::string_view raw, MutableBytes room, bool& whole);

}  // namespace spanlight::gql
