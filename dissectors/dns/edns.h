#pragma once
// EDNS (RFC 6891): what its OPT record says.

#include <cstdint>

#include "core/text_room.h"
#include "dns/parse.h"

namespace spanlight::dns {

struct Edns {
  std::uint16_t udp_bytes = 0;  // the largest datagram that its sender takes
  std::uint8_t version = 0;
  bool dnssec_ok = false;
  Bytes client_subnet;   // the options' contents; RFC 7871
  Bytes extended_error;  // RFC 8914: the first one
};

Edns edns_of(Bytes message, const ResourceRecord& opt);

void write_client_subnet(TextRoom& out, Bytes option);   // 192.0.2.0/24
void write_extended_error(TextRoom& out, Bytes option);  // 15 Blocked: by policy

}  // namespace spanlight::dns
