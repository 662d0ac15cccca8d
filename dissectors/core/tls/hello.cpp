#include "core/tls/hello.h"

#include <algorithm>
#include <array>

namespace spanlight::tls {
namespace {

constexpr std::size_t kRandomBytes = 32;

// RFC 8446, 4.1.3: a ServerHello with this random is a HelloRetryRequest.
constexpr std::array<std::uint8_t, kRandomBytes> kRetryRandom = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

// A list behind its own length, which is all of the extension; anything else is an empty list.
template <typename Length>
Bytes list_in(Bytes body) {
  Reader r(body);
  const Bytes list = r.take(r.be<Length>());
  return r.ok() && r.left() == 0 ? list : Bytes{};
}

// u16 length of the list | u8 kind, 0 is a host | u16 length | name
Bytes host_in(Bytes body) {
  Reader r(body);
  r.skip(2);
  const std::uint8_t kind = r.u8();
  const Bytes name = r.take(r.be<std::uint16_t>());
  return r.ok() && kind == 0 ? name : Bytes{};
}

void read_extension(ClientHello& out, std::uint16_t type, Bytes body) {
  switch (type) {
    case extension::server_name:
      out.has_server_name = true;
      out.server_name = host_in(body);
      break;
    case extension::groups:
      out.groups = list_in<std::uint16_t>(body);
      break;
    case extension::point_formats:
      out.point_formats = list_in<std::uint8_t>(body);
      break;
    case extension::signature_algorithms:
      out.signature_algorithms = list_in<std::uint16_t>(body);
      break;
    case extension::alpn:
      out.protocols = list_in<std::uint16_t>(body);
      break;
    case extension::session_ticket:
      out.has_ticket = !body.empty();
      break;
    case extension::pre_shared_key:
      out.offers_psk = true;
      break;
    case extension::early_data:
      out.early_data = true;
      break;
    case extension::supported_versions:
      out.versions = list_in<std::uint8_t>(body);
      break;
    case extension::key_share:
      out.key_shares = list_in<std::uint16_t>(body);
      break;
    case extension::encrypted_client_hello:
      out.encrypted_hello = true;
      break;
    default:
      break;
  }
}

void read_extension(ServerHello& out, std::uint16_t type, Bytes body) {
  Reader r(body);
  switch (type) {
    case extension::supported_versions:
      if (body.size() == 2) out.selected_version = r.be<std::uint16_t>();
      break;
    case extension::key_share:
      out.group = r.be<std::uint16_t>();
      break;
    case extension::pre_shared_key:
      out.takes_psk = true;
      break;
    case extension::alpn:
      each_protocol(list_in<std::uint16_t>(body), [&](Bytes name) { out.protocol = name; });
      break;
    default:
      break;
  }
}

// The extensions behind their length; a hello may end before it (SSL 3, some of TLS 1.0).
Bytes read_extensions(Reader& r) {
  if (!r.ok() || r.left() == 0) return {};
  const Bytes out = r.take(r.be<std::uint16_t>());
  r.require(r.left() == 0, Fault::bad_length);
  return out;
}

// Whole as the message is, what is too short in it contradicts its length.
Fault fault_of_whole(const Reader& r) {
  return r.fault() == Fault::short_input ? Fault::bad_length : r.fault();
}

}  // namespace

// u16 version | random | u8 size, session id | u16 size, ciphers | u8 size, compressions | extensions
ClientHello parse_client_hello(Bytes body) {
  Reader r(body);
  ClientHello out;
  out.version = r.be<std::uint16_t>();
  r.skip(kRandomBytes);
  out.session_id = r.take(r.u8());
  out.ciphers = r.take(r.be<std::uint16_t>());
  r.skip(r.u8());
  out.extensions = read_extensions(r);
  out.fault = fault_of_whole(r);
  each_extension(out.extensions,
                 [&](std::uint16_t type, Bytes inside) { read_extension(out, type, inside); });
  return out;
}

// u8 1 | u16 version | u16 bytes of ciphers | u16 of session id | u16 of challenge | ciphers | ...
ClientHello parse_old_client_hello(Bytes body) {
  Reader r(body);
  ClientHello out;
  out.old_form = true;
  r.require(r.u8() == handshake::client_hello, Fault::bad_magic);
  out.version = r.be<std::uint16_t>();
  const auto cipher_bytes = r.be<std::uint16_t>();
  const auto id_bytes = r.be<std::uint16_t>();
  const auto challenge_bytes = r.be<std::uint16_t>();
  out.ciphers = r.take(cipher_bytes);
  out.session_id = r.take(id_bytes);
  r.skip(challenge_bytes);
  out.fault = fault_of_whole(r);
  return out;
}

// u16 version | random | u8 size, session id | u16 cipher | u8 compression | extensions
ServerHello parse_server_hello(Bytes body) {
  Reader r(body);
  ServerHello out;
  out.version = out.selected_version = r.be<std::uint16_t>();
  const Bytes random = r.take(kRandomBytes);
  out.is_retry = std::equal(random.begin(), random.end(), kRetryRandom.begin(), kRetryRandom.end());
  out.session_id = r.take(r.u8());
  out.cipher = r.be<std::uint16_t>();
  r.skip(1);
  out.extensions = read_extensions(r);
  out.fault = fault_of_whole(r);
  each_extension(out.extensions,
                 [&](std::uint16_t type, Bytes inside) { read_extension(out, type, inside); });
  return out;
}

std::uint16_t highest_version(const ClientHello& hello) {
  std::uint16_t highest = 0;
  each_u16(hello.versions, [&](std::uint16_t version) {
    if (!is_grease(version)) highest = std::max(highest, version);
  });
  return highest != 0 ? highest : hello.version;
}

}  // namespace spanlight::tls
