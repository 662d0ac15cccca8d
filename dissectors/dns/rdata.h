#pragma once
// What a record holds, as text. `data` is what it leads to: an address, a name, a text. Types that lead
// nowhere have `rdata`, as a zone file shows it; types that are not known have neither.

#include <cstdint>

#include "core/text_room.h"
#include "dns/name.h"
#include "dns/parse.h"

namespace spanlight::dns {

// One record as a JSON object: {"name":…,"type":…,"ttl":…,"data":…}. False: it does not fit, nothing was
// written. What contradicts itself has "malformed":true instead of its value.
bool write_record(TextRoom& out, Bytes message, const ResourceRecord& record, NameStyle style);

void write_ipv4(TextRoom& out, Bytes address);  // 4 bytes
void write_ipv6(TextRoom& out, Bytes address);  // 16 bytes

}  // namespace spanlight::dns
