#pragma once
// Messages as a sender would write them, for tests.

#include <cstdint>
#include <string>

#include "core/bytes.h"

namespace spanlight::ldap::wire {

inline std::string element(unsigned tag, const std::string& content) {
  std::string out(1, static_cast<char>(tag));
  const std::size_t n = content.size();
  if (n < 128) return out + static_cast<char>(n) + content;
  if (n < 65'536) return out + '\x82' + static_cast<char>(n >> 8) + static_cast<char>(n) + content;
  return out + '\x84' + static_cast<char>(n >> 24) + static_cast<char>(n >> 16) + static_cast<char>(n >> 8) +
         static_cast<char>(n) + content;
}
inline std::string octets(const std::string& text) {
  return element(4, text);
}
inline std::string number(unsigned value, unsigned tag = 2) {
  if (value < 128) return element(tag, std::string(1, static_cast<char>(value)));
  return element(tag, std::string{static_cast<char>(value >> 8), static_cast<char>(value)});
}
inline std::string sequence(const std::string& content) {
  return element(0x30, content);
}
inline std::string message(unsigned id, unsigned tag, const std::string& body,
                           const std::string& controls = {}) {
  return sequence(number(id) + element(tag, body) + controls);
}
inline std::string result(unsigned code, const std::string& diagnostic = {}, const std::string& more = {}) {
  return number(code, 0x0a) + octets("") + octets(diagnostic) + more;
}

inline std::string bind(unsigned id, const std::string& dn = "cn=bob,dc=lab",
                        const std::string& password = "secret") {
  return message(id, 0x60, number(3) + octets(dn) + element(0x80, password));
}
inline std::string sasl_bind(unsigned id, const std::string& mechanism) {
  return message(id, 0x60,
                 number(3) + octets("") + element(0xa3, octets(mechanism) + octets("secret token")));
}
inline std::string bound(unsigned id, unsigned code = 0, const std::string& diagnostic = {}) {
  return message(id, 0x61, result(code, diagnostic));
}
inline std::string equals(const std::string& attribute, const std::string& value) {
  return element(0xa3, octets(attribute) + octets(value));
}
inline std::string search(unsigned id, const std::string& filter = equals("cn", "bob"),
                          const std::string& base = "dc=lab", const std::string& controls = {}) {
  return message(id, 0x63,
                 octets(base) + number(2, 10) + number(0, 10) + number(100) + number(5) + number(0, 1) +
                     filter + sequence(octets("cn") + octets("sn")),
                 controls);
}
inline std::string entry(unsigned id, std::size_t bytes = 3) {
  return message(id, 0x64,
                 octets("cn=bob,dc=lab") +
                     sequence(sequence(octets("sn") + element(0x31, octets(std::string(bytes, 'v'))))));
}
inline std::string reference(unsigned id) {
  return message(id, 0x73, octets("ldap://other/dc=lab"));
}
inline std::string done(unsigned id, unsigned code = 0, const std::string& diagnostic = {}) {
  return message(id, 0x65, result(code, diagnostic));
}
inline std::string change(unsigned kind, const std::string& attribute, const std::string& value) {
  return sequence(number(kind, 10) + sequence(octets(attribute) + element(0x31, octets(value))));
}
inline std::string modify(unsigned id, const std::string& changes) {
  return message(id, 0x66, octets("cn=bob,dc=lab") + sequence(changes));
}
inline std::string extended(unsigned id, const std::string& oid, const std::string& value = {}) {
  return message(id, 0x77, element(0x80, oid) + value);
}
inline std::string extended_done(unsigned id, unsigned code = 0, const std::string& oid = {}) {
  return message(id, 0x78, result(code, {}, oid.empty() ? "" : element(0x8a, oid)));
}

}  // namespace spanlight::ldap::wire
