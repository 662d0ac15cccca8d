#include "port/link_type.h"

#include <pcap/pcap.h>

#include <iterator>

namespace spanlight {

std::optional<LinkType> link_type_of(int dlt) {
  switch (dlt) {
    case DLT_EN10MB:
      return LinkType::ethernet;
    case DLT_LINUX_SLL:
      return LinkType::linux_cooked_v1;
    case DLT_LINUX_SLL2:
      return LinkType::linux_cooked_v2;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return LinkType::raw_ip;
    case DLT_NULL:
    case DLT_LOOP:
      return LinkType::null_loopback;
    case DLT_NFLOG:
      return LinkType::nflog;
    // Both begin with ff 03 or with the protocol itself (RFC 1661, RFC 1662). DLT_PPP_PPPD (a direction byte)
    // and DLT_PPP_ETHER (a PPPoE session header) begin otherwise and are not read.
    case DLT_PPP:
    case DLT_PPP_SERIAL:
      return LinkType::ppp;
    default:
      return std::nullopt;
  }
}

// Of the known ones only raw IP has a number that differs from system to system.
int dlt_of_file(std::uint16_t link_type) {
  constexpr std::uint16_t kRawIp = 101;
  return link_type == kRawIp ? DLT_RAW : link_type;
}

int dlt_of(LinkType link) {
  constexpr int kDlt[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW, DLT_NULL, DLT_NFLOG, DLT_PPP};
  static_assert(std::size(kDlt) == kLinkTypes);
  return kDlt[static_cast<std::size_t>(link)];
}

std::string describe_link_type(int dlt) {
  const char* name = pcap_datalink_val_to_name(dlt);
  const char* meaning = pcap_datalink_val_to_description(dlt);
  if (name == nullptr) return "link type " + std::to_string(dlt);
  return std::string("link type ") + name + (meaning == nullptr ? "" : std::string(" (") + meaning + ")");
}

}  // namespace spanlight
