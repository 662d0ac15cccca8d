#pragma once
// What a server's certificate says of itself (X.509, RFC 5280): a bounded reader of DER, pure. Signatures are
// not verified.

#include <array>

#include "core/bytes.h"
#include "core/text_room.h"

namespace spanlight::tls {

struct Certificate {
  bool readable = false;  // false: nothing of it is believed
  Bytes subject, issuer;  // common name; the organisation where there is none
  Bytes not_before, not_after;
  Bytes names;  // subjectAltName, the sequence's contents
};

// The first certificate of a Certificate message (behind its head; it may be cut behind that one).
Bytes first_certificate(Bytes message);

Certificate parse_certificate(Bytes der);

// Each alternative name: DNS, mail and URI as they are, addresses of 4 and 16 bytes.
enum class NameKind : std::uint8_t { text, address };
template <typename Take>
void each_name(Bytes names, const Take& take);

// "2026-11-26T20:15:00Z"; nothing where the time has another form.
void write_time(TextRoom& room, Bytes time);
// IPv6 as RFC 5952 says; nothing where it has another length.
void write_address(TextRoom& room, Bytes address);

// ---- one value of DER ---------------------------------------------------------------------------

struct Der {
  std::uint8_t tag = 0;  // 0: there is none
  Bytes content;
};

// Takes the first value off `in`. Lengths of up to three bytes, definite, as DER has them.
Der take_der(Bytes& in);

template <typename Take>
void each_name(Bytes names, const Take& take) {
  constexpr std::uint8_t kMail = 0x81, kDns = 0x82, kUri = 0x86, kAddress = 0x87;
  while (!names.empty()) {
    const Der name = take_der(names);
    if (name.tag == 0) return;
    if (name.tag == kMail || name.tag == kDns || name.tag == kUri) take(NameKind::text, name.content);
    if (name.tag == kAddress) take(NameKind::address, name.content);
  }
}

}  // namespace spanlight::tls
