#pragma once
// A RADIUS packet (RFC 2865, 3): u8 code | u8 identifier | u16 length | 16 bytes authenticator | attributes.
// Pure.

#include <cstdint>

#include "core/reader.h"

namespace spanlight::radius {

constexpr std::size_t kHeaderBytes = 20;
constexpr std::size_t kPacketBytesMax = 4'096;
constexpr std::size_t kAuthenticatorBytes = 16;

namespace code {
constexpr std::uint8_t kAccessRequest = 1, kAccessAccept = 2, kAccessReject = 3, kAccountingRequest = 4,
                       kAccountingResponse = 5, kAccessChallenge = 11, kStatusServer = 12,
                       kDisconnectRequest = 40, kDisconnectAck = 41, kDisconnectNak = 42, kCoaRequest = 43,
                       kCoaAck = 44, kCoaNak = 45;
}

struct Packet {
  Fault fault = Fault::none;
  std::uint8_t code = 0;
  std::uint8_t id = 0;
  std::uint16_t length = 0;
  Bytes authenticator;
  Bytes attributes;
};

// `bad_value`: a code that is not known; `bad_length`: a length that no packet has. What stands behind the
// length is padding.
Packet parse_packet(Bytes in);

std::string_view code_name(std::uint8_t code);  // "Access-Request"; empty: not known
bool is_request(std::uint8_t code);
bool is_answer_to(std::uint8_t answer, std::uint8_t request);
bool is_refusal(std::uint8_t code);

// Attributes: u8 type | u8 length, these two included | value. `look(std::uint8_t type, Bytes value)`.
template <typename Look>
Fault each_attribute(Bytes attributes, Look look) {
  Reader r{attributes};
  while (r.ok() && r.left() > 0) {
    const std::uint8_t type = r.u8();
    const std::uint8_t length = r.u8();
    r.require(!r.ok() || length >= 2, Fault::bad_length);
    const Bytes value = r.take(length - 2u);
    if (r.ok()) look(type, value);
  }
  return r.fault();
}

// What Vendor-Specific (26) holds of vendors that keep to RFC 2865, 5.26.
// `look(std::uint32_t vendor, std::uint8_t type, Bytes value)`; false: it has another form.
template <typename Look>
bool each_vendor_attribute(Bytes value, Look look) {
  Reader r{value};
  const auto vendor = r.be<std::uint32_t>();
  if (!r.ok() || vendor >> 24 != 0 || r.left() == 0) return false;
  const Bytes inside = r.rest();
  if (each_attribute(inside, [](std::uint8_t, Bytes) {}) != Fault::none) return false;
  each_attribute(inside, [&](std::uint8_t type, Bytes one) { look(vendor, type, one); });
  return true;
}

}  // namespace spanlight::radius
