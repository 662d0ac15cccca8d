#include "port/source.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace spanlight {
namespace {

// net_af_packet's ring: a slot holds one frame, and the driver copies it into one mbuf. 16 KiB takes every
// jumbo frame; 64 KiB would take segmentation-offload frames, but 30 times the mempool (name the interface
// without a driver for those). The kernel wants whole frames in a block, and the same again is mapped for
// sending.
constexpr std::string_view kAfPacketFrameBytes = "16384";
constexpr std::string_view kAfPacketBlockBytes = "131072";
constexpr std::string_view kAfPacketFrames = "2048";
constexpr std::uint32_t kAfPacketDriverFrameBytes = 2'048;  // the driver's default

// net_af_xdp: the mbuf is the UMEM chunk, which must lie in one page with its own and the kernel's headers.
constexpr std::uint32_t kAfXdpFrameBytes = 3'648;  // of them the kernel takes 256 as headroom

void add_if_absent(VdevString& vdev, std::string_view key, std::string_view value) {
  if (vdev.value(key)) return;
  if (!vdev.arguments.empty()) vdev.arguments += ',';
  vdev.arguments.append(key).append("=").append(value);
}

}  // namespace

std::optional<std::string> VdevString::value(std::string_view key) const {
  std::string_view rest = arguments;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find(','));
    if (pair.size() > key.size() && pair.starts_with(key) && pair[key.size()] == '=') {
      return std::string(pair.substr(key.size() + 1));
    }
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
  }
  return std::nullopt;
}

VdevString parse_vdev(std::string_view text) {
  VdevString vdev;
  vdev.name = text.substr(0, text.find(','));
  vdev.arguments = text.substr(std::min(text.size(), vdev.name.size() + 1));
  vdev.driver = vdev.name.substr(0, vdev.name.find_last_not_of("0123456789") + 1);
  return vdev;
}

VdevString complete_vdev(VdevString vdev) {
  if (vdev.driver == "net_af_packet" || vdev.driver == "eth_af_packet") {
    if (!vdev.value("framesz") && !vdev.value("blocksz")) {
      add_if_absent(vdev, "blocksz", kAfPacketBlockBytes);
      add_if_absent(vdev, "framesz", kAfPacketFrameBytes);
      add_if_absent(vdev, "framecnt", kAfPacketFrames);
    }
  }
  return vdev;
}

bool closes_with_net_admin(std::string_view source) {
  return source.starts_with("net_af_xdp");
}

std::uint32_t single_segment_bytes(const VdevString& vdev) {
  if (vdev.driver == "net_af_packet" || vdev.driver == "eth_af_packet") {
    std::uint32_t bytes = kAfPacketDriverFrameBytes;
    if (const auto text = vdev.value("framesz"))
      std::from_chars(text->data(), text->data() + text->size(), bytes);
    return bytes;
  }
  return vdev.driver == "net_af_xdp" ? kAfXdpFrameBytes : 0;
}

}  // namespace spanlight
