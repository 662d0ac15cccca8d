#pragma once
// Numbers of DNS and the names that IANA's registry gives them. Empty: it has none.

#include <cstdint>
#include <string_view>

#include "core/text_room.h"

namespace spanlight::dns {

namespace type {
constexpr std::uint16_t kA = 1, kNs = 2, kCname = 5, kSoa = 6, kPtr = 12, kHinfo = 13, kMx = 15, kTxt = 16,
                        kAaaa = 28, kSrv = 33, kNaptr = 35, kDname = 39, kOpt = 41, kDs = 43, kSshfp = 44,
                        kRrsig = 46, kNsec = 47, kDnskey = 48, kNsec3 = 50, kNsec3param = 51, kTlsa = 52,
                        kSmimea = 53, kCds = 59, kCdnskey = 60, kSvcb = 64, kHttps = 65, kSpf = 99,
                        kIxfr = 251, kAxfr = 252, kUri = 256, kCaa = 257;
}  // namespace type

namespace opcode {
constexpr std::uint8_t kQuery = 0, kNotify = 4, kUpdate = 5, kStateful = 6;
}  // namespace opcode

namespace klass {
constexpr std::uint16_t kIn = 1, kChaos = 3, kHesiod = 4, kNone = 254, kAny = 255;
// Multicast DNS, RFC 6762: "answer me alone" in a question, "forget what you knew" in a record.
constexpr std::uint16_t kTopBit = 0x8000;
}  // namespace klass

std::string_view type_name(std::uint16_t type);
std::string_view class_name(std::uint16_t klass);
std::string_view opcode_name(std::uint8_t opcode);
std::string_view rcode_name(unsigned rcode);
std::string_view extended_error_name(std::uint16_t code);  // RFC 8914

// The name, or TYPE65280, CLASS7, OPCODE3, RCODE3841 (RFC 3597) where there is none.
void write_type(TextRoom& out, std::uint16_t type);
void write_class(TextRoom& out, std::uint16_t klass);
void write_opcode(TextRoom& out, std::uint8_t opcode);
void write_rcode(TextRoom& out, unsigned rcode);

}  // namespace spanlight::dns
