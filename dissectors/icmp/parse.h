#pragma once
// ICMP (RFC 792, 1122, 4884) and ICMPv6 (RFC 4443, 4861): one message from its type on. Pure and stateless.

#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "core/flow_errors.h"
#include "core/reader.h"

namespace spanlight::icmp {

enum class Kind : std::uint8_t {
  request,  // waits for an answer with the same id and number
  answer,
  error,   // quotes the packet that it is about
  notice,  // everything else
};

struct IcmpMessage {
  Fault fault = Fault::none;  // short_input: not even type, code and checksum
  Kind kind = Kind::notice;
  std::uint8_t type = 0, code = 0;
  std::uint8_t asked = 0;  // of an answer: the type it answers
  bool has_id = false;
  std::uint16_t id = 0, seq = 0;
  std::uint32_t mtu = 0;  // of the next hop, where a packet was too big for it; 0 = not said
  bool has_quoted = false;
  QuotedPacket quoted;
};

IcmpMessage parse(Bytes message, bool v6);

// For people: "echo", "destination_unreachable"; "Destination unreachable: port".
std::string_view name_of(const IcmpMessage& message, bool v6);
std::string_view sentence_of(const IcmpMessage& message, bool v6);

}  // namespace spanlight::icmp
