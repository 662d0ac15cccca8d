#pragma once
// Kubernetes label selectors: "app=web,tier in (front, back),!legacy". Immutable; any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/call.h"

namespace spanlight {

class Selector {
 public:
  static constexpr std::size_t kTextBytesMax = 4'096;
  static constexpr std::size_t kRequirementsMax = 64;

  // nullopt and one sentence with the position where it is none. Equality, set and existence requirements,
  // all of which must hold: = == != in notin NAME !NAME.
  static std::optional<Selector> parse(std::string_view text, std::string& fault);

  // `labels` are sorted by name.
  bool matches(const std::vector<Label>& labels) const;

 private:
  enum class Operator : std::uint8_t { in, not_in, exists, absent };
  struct Requirement {
    std::string name;
    Operator operation = Operator::exists;
    std::vector<std::string> values;
  };
  friend class SelectorReader;
  std::vector<Requirement> requirements_;
};

}  // namespace spanlight
