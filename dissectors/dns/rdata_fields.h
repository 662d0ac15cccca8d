#pragma once
// Records that lead nowhere, as a zone file shows them: SOA, CAA, NAPTR, DNSSEC's, SVCB and the like.

#include <cstdint>

#include "core/text_room.h"
#include "dns/name.h"
#include "dns/parse.h"

namespace spanlight::dns {

bool has_rdata_text(std::uint16_t type);

// Of types that have one. A fault: what was written is not to be used.
Fault write_rdata(TextRoom& out, Bytes message, const ResourceRecord& record, NameStyle style);

}  // namespace spanlight::dns
