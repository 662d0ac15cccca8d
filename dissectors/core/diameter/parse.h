#pragma once
// Diameter messages and their AVPs (RFC 6733, 3 and 4.1). Pure.

#include <cstdint>
#include <string_view>

#include "core/sized_messages.h"

namespace spanlight::diameter {

constexpr std::size_t kHeaderBytes = 20;
constexpr std::uint32_t kMessageBytesMax = 1u << 22;

struct Header {
  Fault fault = Fault::none;
  std::uint32_t length = 0;  // of the message
  std::uint8_t flags = 0;
  std::uint32_t command = 0;
  std::uint32_t application = 0;
  std::uint32_t hop_by_hop = 0;
  std::uint32_t end_to_end = 0;

  bool is_request() const { return (flags & 0x80) != 0; }
  bool is_proxiable() const { return (flags & 0x40) != 0; }
  bool is_error() const { return (flags & 0x20) != 0; }
  bool is_repeated() const { return (flags & 0x10) != 0; }
};

// `bad_magic`: another version; `bad_value`: flags that are reserved; `bad_length`: a length that no message
// has.
Header read_header(Bytes in);

SizedMessages::Measure measure(Bytes head);

struct Avp {
  std::uint32_t code = 0;
  std::uint32_t vendor = 0;  // 0: of the IETF
  Bytes data;
  bool clipped = false;  // there should be more
};

// The next AVP, with its padding. `bad_length`, `bad_value` (flags that are reserved). Of one whose end is
// not there the beginning is taken.
Avp read_avp(Reader& r);

// Those of the message itself: what grouped ones hold is not looked into.
template <typename Look>
Fault each_avp(Bytes avps, Look look) {
  Reader r{avps};
  while (r.ok() && r.left() > 0) {
    const Avp avp = read_avp(r);
    if (r.ok()) look(avp);
  }
  return r.fault();
}

std::uint32_t unsigned_of(Bytes data);  // of four bytes; others are 0

}  // namespace spanlight::diameter
