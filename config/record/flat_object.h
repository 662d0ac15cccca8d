#pragma once
// A JSON object of texts, numbers, true and false: what a field's list holds whose form is "json". Read
// member by member, without memory of its own; the text must outlive what is read from it.

#include <cstdint>
#include <string>
#include <string_view>

namespace spanlight {

class FlatObject {
 public:
  struct Member {
    enum class Kind : std::uint8_t { text, number, boolean };
    std::string_view key;
    Kind kind = Kind::text;
    std::string_view value;  // of a text what stands between its quotes, with its escapes
  };

  explicit FlatObject(std::string_view text) : rest_(text) {}

  // False: that was the last one, or the text is not what it should be.
  bool next(Member& out);
  // All of it was read, and is well-formed.
  bool whole() const { return state_ == State::ended && rest_.empty(); }

 private:
  enum class State : std::uint8_t { begins, inside, ended, faulty };
  bool fail() {
    state_ = State::faulty;
    return false;
  }
  bool take(char c);
  bool take_text(std::string_view& out);
  bool take_value(Member& out);

  std::string_view rest_;
  State state_ = State::begins;
};

// Well-formed from its first to its last byte.
bool is_flat_object(std::string_view text);

// A text member's value as it is meant. Sensors escape quotes and backslashes, and nothing else needs it.
std::string_view unescaped(std::string_view value, std::string& room);

}  // namespace spanlight
