#pragma once
// ClientHello and ServerHello (RFC 8446, 4.1; RFC 5246, 7.4.1), as TLS and QUIC carry them. Bytes to message,
// pure: views of the bytes, lists as they are on the wire. What is wrong inside of one extension leaves that
// one out; what breaks the message itself is its fault, and all before it stands.

#include <cstdint>

#include "core/bytes.h"
#include "core/reader.h"

namespace spanlight::tls {

// type | u24 length
constexpr std::size_t kHandshakeHeadBytes = 4;

namespace handshake {
constexpr std::uint8_t client_hello = 1, server_hello = 2, certificate = 11, server_key_exchange = 12,
                       certificate_request = 13, server_hello_done = 14;
}

namespace extension {
constexpr std::uint16_t server_name = 0, groups = 10, point_formats = 11, signature_algorithms = 13,
                        alpn = 16, session_ticket = 35, pre_shared_key = 41, early_data = 42,
                        supported_versions = 43, key_share = 51, encrypted_client_hello = 0xfe0d;
}

constexpr std::uint16_t kTls12 = 0x0303, kTls13 = 0x0304;

struct ClientHello {
  Fault fault = Fault::none;
  std::uint16_t version = 0;  // as the hello's own field has it
  bool old_form = false;      // of SSL 2 (RFC 5246, E.2): cipher kinds of three bytes, no extensions
  Bytes session_id, ciphers, extensions;

  // Of the extensions, empty where they are not there.
  bool has_server_name = false;
  bool encrypted_hello = false;
  bool early_data = false;
  bool offers_psk = false;
  bool has_ticket = false;  // a ticket of an earlier session, not only the wish for one
  Bytes server_name, protocols, versions, groups, point_formats, signature_algorithms, key_shares;
};

struct ServerHello {
  Fault fault = Fault::none;
  std::uint16_t version = 0;           // as the hello's own field has it
  std::uint16_t selected_version = 0;  // the version that is spoken
  std::uint16_t cipher = 0;
  std::uint16_t group = 0;  // of the key share, or the one that is asked for; 0: none
  bool is_retry = false;    // HelloRetryRequest
  bool takes_psk = false;
  Bytes session_id, extensions, protocol;
};

// `body` is the whole message behind its head; of the old form: behind the length of its record.
ClientHello parse_client_hello(Bytes body);
ClientHello parse_old_client_hello(Bytes body);
ServerHello parse_server_hello(Bytes body);

// RFC 8701: values that mean nothing.
constexpr bool is_grease(std::uint16_t value) {
  return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

// Each u16 of a list; a last odd byte is passed over.
template <typename Take>
void each_u16(Bytes list, const Take& take) {
  for (std::size_t at = 0; list.size() - at >= 2; at += 2)
    take(static_cast<std::uint16_t>(list[at] << 8 | list[at + 1]));
}

// Each cipher, in either form; kinds of the old form that are no ciphers of TLS are passed over.
template <typename Take>
void each_cipher(const ClientHello& hello, const Take& take) {
  if (!hello.old_form) return each_u16(hello.ciphers, take);
  for (std::size_t at = 0; hello.ciphers.size() - at >= 3; at += 3)
    if (hello.ciphers[at] == 0)
      take(static_cast<std::uint16_t>(hello.ciphers[at + 1] << 8 | hello.ciphers[at + 2]));
}

// u16 type | u16 length | body
template <typename Take>
void each_extension(Bytes extensions, const Take& take) {
  Reader r(extensions);
  while (r.left() > 0) {
    const auto type = r.be<std::uint16_t>();
    const Bytes body = r.take(r.be<std::uint16_t>());
    if (!r.ok()) return;
    take(type, body);
  }
}

// u8 length | name
template <typename Take>
void each_protocol(Bytes protocols, const Take& take) {
  Reader r(protocols);
  while (r.left() > 0) {
    const Bytes name = r.take(r.u8());
    if (!r.ok()) return;
    take(name);
  }
}

// u16 group | u16 length | key
template <typename Take>
void each_key_share(Bytes shares, const Take& take) {
  Reader r(shares);
  while (r.left() > 0) {
    const auto group = r.be<std::uint16_t>();
    r.skip(r.be<std::uint16_t>());
    if (!r.ok()) return;
    take(group);
  }
}

// The highest that is offered, GREASE left out; 0: none.
std::uint16_t highest_version(const ClientHello& hello);

}  // namespace spanlight::tls
