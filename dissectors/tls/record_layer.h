#pragma once
// The record layer of TLS (RFC 8446, 5.1): content type | u16 version | u16 length | content. Pure.

#include "core/bytes.h"
#include "core/reader.h"

namespace spanlight::tls {

constexpr std::size_t kRecordHeadBytes = 5;
constexpr std::size_t kRecordBytesMax = 16'384 + 2'048;  // with what TLS 1.2 allows for ciphers

namespace content {
constexpr std::uint8_t change_cipher_spec = 20, alert = 21, handshake = 22, application = 23, heartbeat = 24;
}

struct RecordHead {
  Fault fault = Fault::none;
  std::uint8_t type = 0;
  std::uint16_t bytes = 0;  // of the content
};

inline RecordHead parse_record_head(Bytes in) {
  Reader r(in);
  RecordHead out;
  out.type = r.u8();
  const auto version = r.be<std::uint16_t>();
  out.bytes = r.be<std::uint16_t>();
  if (r.ok()) {
    r.require(out.type >= content::change_cipher_spec && out.type <= content::heartbeat, Fault::bad_magic);
    r.require(version >> 8 == 3 && (version & 0xff) <= 4, Fault::bad_magic);
    r.require(out.bytes <= kRecordBytesMax, Fault::bad_length);
    r.require(out.bytes > 0 || out.type == content::application, Fault::bad_length);
  }
  out.fault = r.fault();
  return out;
}

// A ClientHello as SSL 2 would send it (RFC 5246, E.2): u16 length with the top bit set | 1 | u16 3.x | ...
constexpr std::size_t kOldHeadBytes = 2;

inline bool begins_old(Bytes in) {
  return !in.empty() && (in[0] & 0x80) != 0;
}
inline std::size_t old_record_bytes(Bytes in) {
  return static_cast<std::size_t>((in[0] & 0x7f) << 8 | in[1]);
}

}  // namespace spanlight::tls
