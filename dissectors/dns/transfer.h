#pragma once
// The answer to AXFR (RFC 5936) or IXFR (RFC 1995): a zone in several messages, which ends as it began, with
// its SOA record.

#include <cstdint>

#include "core/dissector.h"
#include "core/slab_buffer.h"
#include "dns/parse.h"

namespace spanlight::dns {

struct Transfer {
  SlabBuffer first;  // message, as much of it as is kept
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint64_t size = 0;
  std::uint64_t answers = 0;
  std::uint32_t messages = 0;
  std::uint32_t serial = 0;  // of the zone's first SOA
  std::uint8_t serials = 0;  // SOA records with it
  bool is_zone = false;      // it began with a SOA
  bool differences = false;  // IXFR: the second record is a SOA too
  bool failed = false;
};

// Takes one message's answers into account. True: it was the last.
bool take_answers(Transfer& transfer, Bytes message, const Outline& outline, bool incremental);

}  // namespace spanlight::dns
