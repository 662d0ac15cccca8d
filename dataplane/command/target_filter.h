#pragma once
// A capture filter that stands in the place of an address set: libpcap's syntax, compiled for each link type,
// run by libpcap's interpreter in the workers. Compiled on the command thread, then immutable and part of a
// TargetSet, with which it lives and dies (RCU). It sees a frame as it was captured: the outer headers of a
// tunnel, VLAN tags where they stand.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "decode/packet.h"
#include "port/bpf_filter.h"

namespace spanlight {

class TargetFilter {
 public:
  // Time to compile grows with the third power of what libpcap first makes of the text: with these bounds a
  // tenth of a second, 22 seconds were seen without. Eighty hosts fit. An instruction of what is left costs
  // every packet 1.5 ns or so.
  static constexpr std::size_t kTextBytesMax = 2'048;
  static constexpr std::size_t kInstructionsMax = 4'096;  // before they are optimised

  using Made = std::variant<std::unique_ptr<const TargetFilter>, std::string>;

  // `links`: those of the ports; the expression must have a meaning on each of them. The string: libpcap's
  // words.
  static Made compile(const std::string& expression, std::span<const LinkType> links);

  // `first`: the frame's first bytes in one piece; what lies beyond is not seen, as with a short snap length.
  // A link type on which the expression has no meaning matches nothing.
  bool matches(LinkType link, Bytes first, std::uint32_t wire_bytes) const;

  const std::string& text() const { return text_; }

 private:
  explicit TargetFilter(std::string text) : text_(std::move(text)) {}

  const std::string text_;
  std::array<std::optional<BpfFilter>, kLinkTypes> programs_;
};

}  // namespace spanlight
