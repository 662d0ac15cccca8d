#pragma once
// libpcap's link types → ours.

#include <cstdint>
#include <optional>
#include <string>

#include "decode/packet.h"

namespace spanlight {

std::optional<LinkType> link_type_of(int dlt);

// The numbers that capture files write (LINKTYPE_) → libpcap's own.
int dlt_of_file(std::uint16_t link_type);

// The other way round, one of those that are read as `link`.
int dlt_of(LinkType link);

// "link type IEEE802_11 (802.11)", for a sentence.
std::string describe_link_type(int dlt);

// The ones link_type_of() knows, for a sentence.
constexpr const char* kKnownLinkTypes =
    "Ethernet, Linux cooked v1 and v2, raw IP, null/loopback, NFLOG and PPP";

}  // namespace spanlight
