#pragma once
// Hellos, certificates and records for the tests of TLS and of QUIC: written out field by field.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace spanlight::tls::testing {

using std::string_literals::operator""s;

inline std::string number(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned shift = 8 * bytes; shift > 0; shift -= 8) out += static_cast<char>(value >> (shift - 8));
  return out;
}
inline std::string u16(std::uint16_t value) {
  return number(value, 2);
}
inline std::string counted(unsigned length_bytes, std::string_view content) {
  return number(content.size(), length_bytes) + std::string(content);
}
inline std::string u16s(const std::vector<std::uint16_t>& values) {
  std::string out;
  for (const std::uint16_t value : values) out += u16(value);
  return out;
}

struct HelloParts {
  std::uint16_t version = 0x0303;
  std::string session_id = std::string(32, '\x11');
  std::vector<std::uint16_t> ciphers = {0x0a0a, 0x1301, 0x1302, 0xc02f};
  std::string sni = "example.org";
  std::vector<std::string> protocols = {"h2", "http/1.1"};
  std::vector<std::uint16_t> versions = {0x1a1a, 0x0304, 0x0303};
  std::vector<std::uint16_t> groups = {0x2a2a, 29, 23};
  std::vector<std::uint16_t> signatures = {0x0403, 0x0804};
  std::size_t share_bytes = 32;
  std::string more;  // extensions
};

inline std::string ext(std::uint16_t type, std::string_view body) {
  return u16(type) + counted(2, body);
}
inline std::string message(std::uint8_t type, std::string_view body) {
  return std::string(1, static_cast<char>(type)) + counted(3, body);
}

inline std::string client_hello(const HelloParts& parts = {}) {
  std::string protocols;
  for (const std::string& p : parts.protocols) protocols += counted(1, p);
  std::string extensions = ext(0x3a3a, "");
  if (!parts.sni.empty()) extensions += ext(0, counted(2, "\0"s + counted(2, parts.sni)));
  if (!protocols.empty()) extensions += ext(16, counted(2, protocols));
  extensions += ext(10, counted(2, u16s(parts.groups))) + ext(11, counted(1, "\0"s)) +
                ext(13, counted(2, u16s(parts.signatures)));
  if (!parts.versions.empty())
    extensions += ext(43, counted(1, u16s(parts.versions))) +
                  ext(51, counted(2, u16(29) + counted(2, std::string(parts.share_bytes, 'k'))));
  extensions += parts.more;
  return message(1, u16(parts.version) + std::string(32, 'r') + counted(1, parts.session_id) +
                        counted(2, u16s(parts.ciphers)) + counted(1, "\0"s) + counted(2, extensions));
}

inline std::string server_hello(std::uint16_t cipher, std::string_view extensions, bool retry = false,
                                std::string_view session_id = "") {
  const std::string random = retry ? "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
                                     "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"s
                                   : std::string(32, 's');
  return message(
      2, u16(0x0303) + random + counted(1, session_id) + u16(cipher) + "\0"s + counted(2, extensions));
}
inline std::string server_hello_13() {
  return server_hello(0x1301, ext(43, u16(0x0304)) + ext(51, u16(29) + counted(2, std::string(32, 'k'))));
}
inline std::string retry_request() {
  return server_hello(0x1301, ext(43, u16(0x0304)) + ext(51, u16(23)), true);
}

inline std::string record(std::uint8_t type, std::string_view content, std::uint16_t version = 0x0303) {
  return std::string(1, static_cast<char>(type)) + u16(version) + counted(2, content);
}
// The same over records of `bytes` each.
inline std::string records(std::string_view content, std::size_t bytes) {
  std::string out;
  for (std::size_t at = 0; at < content.size(); at += bytes) out += record(22, content.substr(at, bytes));
  return out;
}
inline std::string change_cipher() {
  return record(20, "\x01");
}
inline std::string sealed(std::size_t bytes = 64) {
  return record(23, std::string(bytes, 'x'));
}
inline std::string alert(std::uint8_t level, std::uint8_t description) {
  return record(
      21,
      {reinterpret_cast<const char*>(std::initializer_list<std::uint8_t>{level, description}.begin()), 2});
}

// ---- a certificate ------------------------------------------------------------------------------

inline std::string der(std::uint8_t tag, std::string_view content) {
  std::string length;
  if (content.size() < 0x80)
    length = number(content.size(), 1);
  else if (content.size() < 0x100)
    length = "\x81"s + number(content.size(), 1);
  else
    length = "\x82"s + number(content.size(), 2);
  return std::string(1, static_cast<char>(tag)) + length + std::string(content);
}
inline std::string name(std::string_view oid, std::string_view value) {
  return der(0x30, der(0x31, der(0x30, der(0x06, oid) + der(0x0c, value))));
}
inline std::string certificate() {
  const std::string names =
      der(0x82, "example.org") + der(0x82, "*.example.org") + der(0x87, "\xc0\x00\x02\x01"s) +
      der(0x87, "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01"s) + der(0xa4, "dir");
  const std::string extensions =
      der(0x30, der(0x06, "\x55\x1d\x13") + der(0x01, "\xff") + der(0x04, der(0x30, ""))) +
      der(0x30, der(0x06, "\x55\x1d\x11") + der(0x04, der(0x30, names)));
  const std::string body =
      der(0xa0, der(0x02, "\x02")) + der(0x02, "\x07") + der(0x30, der(0x06, "\x2a\x86")) +
      name("\x55\x04\x03", "Some CA") + der(0x30, der(0x17, "260101000000Z") + der(0x18, "20510203040506Z")) +
      name("\x55\x04\x03", "example.org") + der(0x30, "key") + der(0xa3, der(0x30, extensions));
  return der(0x30, der(0x30, body) + der(0x30, der(0x06, "\x2a\x86")) + der(0x03, std::string(64, 'x')));
}
inline std::string certificate_message(std::string_view first = certificate(), std::string_view second = "") {
  return message(11, counted(3, counted(3, first) + (second.empty() ? ""s : counted(3, second))));
}

}  // namespace spanlight::tls::testing
