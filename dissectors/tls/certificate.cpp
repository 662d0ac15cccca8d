#include "tls/certificate.h"

#include <algorithm>
#include <cstring>

#include "core/address_text.h"
#include "core/reader.h"

namespace spanlight::tls {
namespace {

namespace tag {
constexpr std::uint8_t integer = 0x02, octets = 0x04, oid = 0x06, utc_time = 0x17, time = 0x18,
                       sequence = 0x30, set = 0x31, version = 0xa0, extensions = 0xa3;
}

constexpr std::uint8_t kCommonName[] = {0x55, 0x04, 0x03};
constexpr std::uint8_t kOrganisation[] = {0x55, 0x04, 0x0a};
constexpr std::uint8_t kAlternativeNames[] = {0x55, 0x1d, 0x11};

bool is(Bytes a, Bytes b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

// SEQUENCE OF SET OF SEQUENCE { OID, string }
Bytes name_in(Bytes names) {
  Bytes common, organisation;
  while (!names.empty()) {
    Der set = take_der(names);
    if (set.tag != tag::set) break;
    Der pair = take_der(set.content);
    const Der kind = take_der(pair.content);
    const Der value = take_der(pair.content);
    if (kind.tag != tag::oid || value.tag == 0) continue;
    if (is(kind.content, kCommonName)) common = value.content;
    if (is(kind.content, kOrganisation)) organisation = value.content;
  }
  return !common.empty() ? common : organisation;
}

// SEQUENCE OF SEQUENCE { OID, BOOLEAN critical, OCTET STRING }
Bytes alternative_names(Bytes wrapped) {
  Bytes list = take_der(wrapped).content;
  while (!list.empty()) {
    Der one = take_der(list);
    if (one.tag != tag::sequence) return {};
    const Der kind = take_der(one.content);
    Der value = take_der(one.content);
    if (value.tag != tag::octets) value = take_der(one.content);
    if (kind.tag == tag::oid && is(kind.content, kAlternativeNames)) return take_der(value.content).content;
  }
  return {};
}

bool is_time(const Der& value) {
  return value.tag == tag::utc_time || value.tag == tag::time;
}

}  // namespace

Der take_der(Bytes& in) {
  constexpr std::size_t kLengthBytesMax = 3;
  Reader r(in);
  Der out{.tag = r.u8(), .content = {}};
  std::size_t length = r.u8();
  if (length >= 0x80) {
    const std::size_t bytes = length & 0x7f;
    r.require(bytes > 0 && bytes <= kLengthBytesMax, Fault::bad_length);
    length = 0;
    for (std::size_t i = 0; i < bytes && r.ok(); ++i) length = length << 8 | r.u8();
  }
  out.content = r.take(length);
  if (!r.ok()) {
    in = {};
    return {};
  }
  in = in.subspan(r.at());
  return out;
}

// u24 bytes of all | u24 bytes of the first | it
Bytes first_certificate(Bytes message) {
  Reader r(message);
  r.skip(3);
  const std::size_t high = r.u8();
  const std::size_t bytes = high << 16 | r.be<std::uint16_t>();
  return r.take(bytes);
}

// SEQUENCE { SEQUENCE { [0] version, serial, algorithm, issuer, validity, subject, key, ..., [3] extensions
// }, algorithm, signature }
Certificate parse_certificate(Bytes der) {
  Certificate out;
  Der whole = take_der(der);
  Der body = take_der(whole.content);
  if (whole.tag != tag::sequence || body.tag != tag::sequence) return out;
  Bytes left = body.content;
  Der next = take_der(left);
  if (next.tag == tag::version) next = take_der(left);
  if (next.tag != tag::integer || take_der(left).tag != tag::sequence) return out;
  const Der issuer = take_der(left);
  Der validity = take_der(left);
  const Der subject = take_der(left);
  if (issuer.tag != tag::sequence || validity.tag != tag::sequence || subject.tag != tag::sequence)
    return out;
  const Der from = take_der(validity.content), until = take_der(validity.content);
  if (!is_time(from) || !is_time(until)) return out;
  out.readable = true;
  out.issuer = name_in(issuer.content);
  out.subject = name_in(subject.content);
  out.not_before = from.content;
  out.not_after = until.content;
  while (!left.empty()) {
    const Der part = take_der(left);
    if (part.tag == tag::extensions) out.names = alternative_names(part.content);
  }
  return out;
}

// YYMMDDhhmmssZ, from 1950 on, or YYYYMMDDhhmmssZ
void write_time(TextRoom& room, Bytes time) {
  constexpr std::size_t kShort = 13, kLong = 15;
  if ((time.size() != kShort && time.size() != kLong) || time.back() != 'Z') return;
  const auto digit = [](std::uint8_t c) { return c >= '0' && c <= '9'; };
  if (!std::all_of(time.begin(), time.end() - 1, digit)) return;
  std::string_view digits = as_text(time);
  if (time.size() == kShort) {
    room.put(digits[0] >= '5' ? "19" : "20");
  } else {
    room.put(digits.substr(0, 2));
    digits.remove_prefix(2);
  }
  constexpr std::string_view kBetween = "--T::Z";
  for (std::size_t i = 0; i < kBetween.size(); ++i) {
    room.put(digits.substr(2 * i, 2));
    room.put(kBetween[i]);
  }
}

void write_address(TextRoom& room, Bytes address) {
  room.put(AddressText(address).view());
}

}  // namespace spanlight::tls
