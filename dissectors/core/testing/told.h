#pragma once
// What tests say of calls, in a line each: state, whatever the protocol's test wants to see, then what is
// odd.

#include <string>
#include <string_view>

#include "core/testing/harness.h"

namespace spanlight::testing {

inline std::string reason(Reason r) {
  return " reason=" + std::to_string(static_cast<int>(r));
}
inline std::string flag(std::uint32_t f) {
  return " flags=" + std::to_string(f);
}

// `middle` gives a call's own words.
template <typename Middle>
std::string told(const Outcome& o, const Middle& middle) {
  constexpr const char* kStates[] = {"complete", "no_response", "no_request", "one_way"};
  std::string out;
  for (const Call& c : o.calls) {
    out += std::string(kStates[static_cast<int>(c.state)]) + " " + middle(c);
    if (c.flags != 0) out += flag(c.flags);
    if (c.reason != Reason::none) out += reason(c.reason);
    if (c.is_error) out += " error=" + c.error;
    out += "\n";
  }
  return out;
}

// One field in "name=value|…".
inline bool has(const std::string& fields, std::string_view one) {
  return ("|" + fields).find("|" + std::string(one) + "|") != std::string::npos;
}

}  // namespace spanlight::testing
