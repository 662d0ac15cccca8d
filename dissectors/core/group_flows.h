#pragma once
// Who asks a multicast group is answered by its members, each from an address of its own: question and answer
// lie on two flows. Whoever reads such an answer asks the worker, which knows its flows.

#include <array>
#include <cstdint>

namespace spanlight {

class Dissector;

class GroupFlows {
 public:
  // What dissects the flow on which the client of the flow that is being read asked `group` (IPv6, or IPv4 as
  // ::ffff:a.b.c.d), at the port that it is answered from. Of the same protocol as who asks; nullptr: this
  // worker has no such flow, or nothing of it is open.
  virtual Dissector* asked(const std::array<std::uint8_t, 16>& group) = 0;

 protected:
  ~GroupFlows() = default;
};

}  // namespace spanlight
