#pragma once
// How a DPDK device string is read and completed. Text only; no look at the machine. What kind of source a
// name means: settings/source.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spanlight {

// "net_af_packet0,iface=eth1,framesz=4096": name, driver ("net_af_packet"), the rest.
struct VdevString {
  std::string name;
  std::string driver;
  std::string arguments;
  std::optional<std::string> value(std::string_view key) const;
};
VdevString parse_vdev(std::string_view text);

// The same device with what our use of it needs and its user did not say (README, "net_af_packet" and
// "net_af_xdp").
VdevString complete_vdev(VdevString vdev);

// True if the device must detach from its interface when it closes, for which CAP_NET_ADMIN has to be kept
// (net_af_xdp).
bool closes_with_net_admin(std::string_view source);

// Bytes of one frame that the driver puts into a single mbuf, 0 = the driver makes chains or asks for nothing
// special.
std::uint32_t single_segment_bytes(const VdevString& vdev);

}  // namespace spanlight
