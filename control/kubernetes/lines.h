#pragma once
// A stream of bytes → lines, each with room behind it for the JSON parser. A line that is longer than the
// bound is left out and counted; what follows it is read as ever.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kubernetes/parse.h"

namespace spanlight {

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  // Calls take(line) for each whole line, without its end. False as soon as take() says so.
  template <typename Take>
  bool feed(std::string_view bytes, Take take) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      append(part);
      if (end == std::string_view::npos) return true;
      bytes.remove_prefix(end + 1);
      const bool whole = !skipping_ && !line_.empty();
      too_long_ += skipping_;
      skipping_ = false;
      if (whole) {
        line_.append(kJsonPaddingBytes, ' ');
        if (!take(std::string_view(line_).substr(0, line_.size() - kJsonPaddingBytes))) return false;
      }
      reset();
    }
    return true;
  }
  void clear() {
    reset();
    skipping_ = false;
  }
  std::uint64_t too_long() const { return too_long_; }

 private:
  static constexpr std::size_t kKeptCapacity =
      262'144;  // a rare huge object does not hold its memory for good
  void append(std::string_view part) {
    if (skipping_) return;
    if (part.size() > line_bytes_max_ - line_.size()) {
      skipping_ = true;
      reset();
      return;
    }
    line_ += part;
  }
  void reset() {
    line_.clear();
    if (line_.capacity() > kKeptCapacity) line_.shrink_to_fit();
  }

  const std::size_t line_bytes_max_;
  std::string line_;
  bool skipping_ = false;
  std::uint64_t too_long_ = 0;
};

}  // namespace spanlight
