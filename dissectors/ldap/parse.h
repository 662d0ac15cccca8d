#pragma once
// LDAPMessage (RFC 4511, 4.1.1): SEQUENCE { messageID, protocolOp, controls [0] OPTIONAL }. Pure.

#include <cstdint>
#include <string_view>

#include "core/sized_messages.h"
#include "ldap/ber.h"

namespace spanlight::ldap {

constexpr std::uint32_t kMessageBytesMax = 64u << 20;
constexpr std::size_t kEntryBytesWanted = 64;  // of what is only counted

namespace op {
constexpr std::uint8_t kBindRequest = 0x60, kBindResponse = 0x61, kUnbindRequest = 0x42,
                       kSearchRequest = 0x63, kSearchEntry = 0x64, kSearchDone = 0x65,
                       kSearchReference = 0x73, kModifyRequest = 0x66, kModifyResponse = 0x67,
                       kAddRequest = 0x68, kAddResponse = 0x69, kDelRequest = 0x4a, kDelResponse = 0x6b,
                       kModDnRequest = 0x6c, kModDnResponse = 0x6d, kCompareRequest = 0x6e,
                       kCompareResponse = 0x6f, kAbandonRequest = 0x50, kExtendedRequest = 0x77,
                       kExtendedResponse = 0x78, kIntermediate = 0x79;
}

struct Operation {
  std::uint8_t tag;
  std::string_view name;     // as ASN.1 names it, mostly
  std::uint8_t answered_by;  // 0: it is an answer, or has none
  bool by_client;
  std::string_view begins;  // tags of its first elements
};

const Operation* find_operation(std::uint8_t tag);  // nullptr: not known

struct Message {
  Fault fault = Fault::none;
  std::uint32_t id = 0;
  const Operation* operation = nullptr;
  Bytes body;  // what the operation holds, as far as it is there
  Bytes controls;
  bool clipped = false;
};

// Of a whole message, or its beginning.
Message parse_message(Bytes in);

SizedMessages::Measure measure(Bytes head);

// LDAPResult (4.1.9), with which all answers but entries begin.
struct Result {
  std::int32_t code = -1;  // -1: none
  std::string_view matched_dn, diagnostic;
  Bytes rest;  // what the operation adds
};
Result read_result(Bytes body);

std::string_view result_name(std::int32_t code);  // "invalidCredentials"; empty: not known
bool is_failure(std::int32_t code);               // Appendix A.1 lists those that are none

}  // namespace spanlight::ldap
