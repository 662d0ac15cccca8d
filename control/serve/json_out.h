#pragma once
// JSON written key by key into a TextBuffer: commas and quotation marks are put where they belong. Who calls
// opens and closes in pairs. Not thread-safe; as short-lived as the answer it writes.

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "record/json.h"
#include "record/text_buffer.h"

namespace spanlight::serve {

class JsonOut {
 public:
  explicit JsonOut(TextBuffer& out) : out_(out) {}

  JsonOut& open_object() { return open('{'); }
  JsonOut& close_object() { return close('}'); }
  JsonOut& open_array() { return open('['); }
  JsonOut& close_array() { return close(']'); }

  JsonOut& key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_.append(':');
    first_ = true;  // its value stands without a comma
    return *this;
  }
  JsonOut& value(std::string_view text) {
    separate();
    append_json_string(out_, text);
    return *this;
  }
  JsonOut& value(const char* text) { return value(std::string_view(text)); }
  JsonOut& value(bool yes) { return raw(yes ? "true" : "false"); }
  template <std::integral Number>
  JsonOut& value(Number number) {
    separate();
    return digits(number);
  }
  JsonOut& value(double number) {
    if (!std::isfinite(number)) return raw("null");  // JSON has no word for it
    separate();
    return digits(number);
  }
  JsonOut& null() { return raw("null"); }
  // Text that is JSON already.
  JsonOut& raw(std::string_view json) {
    separate();
    out_.append(json);
    return *this;
  }
  template <typename T>
  JsonOut& member(std::string_view name, const T& what) {
    return key(name).value(what);
  }
  // `what` has begin() and end().
  template <typename List>
  JsonOut& list(std::string_view name, const List& what) {
    key(name).open_array();
    for (const auto& each : what) value(each);
    return close_array();
  }

 private:
  JsonOut& open(char bracket) {
    separate();
    out_.append(bracket);
    first_ = true;
    return *this;
  }
  JsonOut& close(char bracket) {
    out_.append(bracket);
    first_ = false;
    return *this;
  }
  void separate() {
    if (!first_) out_.append(',');
    first_ = false;
  }
  template <typename Number>
  JsonOut& digits(Number number) {
    constexpr std::size_t kTextMax = 32;
    char* at = out_.room(kTextMax);
    out_.commit(std::to_chars(at, at + kTextMax, number).ptr);
    return *this;
  }

  TextBuffer& out_;
  bool first_ = true;
};

}  // namespace spanlight::serve
