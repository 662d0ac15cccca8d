#pragma once
// Which connections a sensor that samples looks at: n of m, by a hash of both ends that is the same for both
// directions, after a restart, and on every sensor. Tunnels and VLANs do not count: two sensors may see one
// connection with and without them.

#include <cstdint>

#include "decode/flow_key_hash.h"

namespace spanlight {

class ConnectionSample {
 public:
  ConnectionSample(std::uint32_t keep, std::uint32_t of)
      : all_(keep >= of), below_(all_ ? 0 : ~std::uint64_t{0} / of * keep) {}

  bool keeps(const FlowKey& key) const {
    if (all_) return true;
    FlowKey ends = key;
    ends.tunnel = Tunnel::none;
    ends.vlan = 0;
    ends.tunnel_id = 0;
    return flow_hash(ends, kSeed) < below_;
  }

 private:
  // Fixed, and nothing else about it matters: digits of pi.
  static constexpr FlowHashSeed kSeed{{0x243f6a8885a308d3, 0x13198a2e03707345, 0xa4093822299f31d1,
                                       0x082efa98ec4e6c89, 0x452821e638d01377, 0xbe5466cf34e90c6d}};

  const bool all_;
  const std::uint64_t below_;
};

}  // namespace spanlight
