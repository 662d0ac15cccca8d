#pragma once
// Messages as both sides send them, for tests.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spanlight::postgresql::wire {

inline std::string be32(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
          static_cast<char>(v)};
}
inline std::string be16(std::uint16_t v) {
  return {static_cast<char>(v >> 8), static_cast<char>(v)};
}
inline std::string zero(std::string_view text) {
  return std::string(text) + '\0';
}
inline std::string message(char type, std::string_view body = {}) {
  return type + be32(static_cast<std::uint32_t>(4 + body.size())) + std::string(body);
}

// ---- the client's ----
inline std::string opening_message(std::uint32_t code, std::string_view rest = {}) {
  return be32(static_cast<std::uint32_t>(8 + rest.size())) + be32(code) + std::string(rest);
}
inline std::string startup_message(std::string_view user = "anna", std::string_view database = "shop") {
  return opening_message(196'608, zero("user") + zero(user) + zero("database") + zero(database) + '\0');
}
inline std::string ssl_request() {
  return opening_message(80'877'103);
}
inline std::string query(std::string_view text) {
  return message('Q', zero(text));
}
inline std::string parse_message(std::string_view text, std::string_view name = {}) {
  return message('P', zero(name) + zero(text) + be16(0));
}
using Value = std::optional<std::string>;
inline std::string bind_message(const std::vector<Value>& values = {}, std::string_view name = {},
                                bool binary = false, std::string_view portal = {}) {
  std::string body = zero(portal) + zero(name) + (binary ? be16(1) + be16(1) : be16(0)) +
                     be16(static_cast<std::uint16_t>(values.size()));
  for (const Value& v : values)
    body += v ? be32(static_cast<std::uint32_t>(v->size())) + *v : be32(0xffffffff);
  return message('B', body + be16(0));
}
inline std::string describe(char kind = 'P', std::string_view name = {}) {
  return message('D', kind + zero(name));
}
inline std::string close(std::string_view name) {
  return message('C', 'S' + zero(name));
}
inline std::string execute(std::uint32_t rows = 0, std::string_view portal = {}) {
  return message('E', zero(portal) + be32(rows));
}
inline std::string sync_message() {
  return message('S');
}
inline std::string flush() {
  return message('H');
}

// ---- the server's ----
inline std::string auth_message(std::uint32_t code, std::string_view rest = {}) {
  return message('R', be32(code) + std::string(rest));
}
inline std::string ready(char state = 'I') {
  return message('Z', std::string(1, state));
}
inline std::string complete(std::string_view tag) {
  return message('C', zero(tag));
}
inline std::string status(std::string_view name, std::string_view value) {
  return message('S', zero(name) + zero(value));
}
inline std::string row_description(std::initializer_list<std::string_view> names) {
  std::string body = be16(static_cast<std::uint16_t>(names.size()));
  for (const std::string_view name : names) body += zero(name) + std::string(18, '\0');
  return message('T', body);
}
inline std::string row(std::initializer_list<std::string_view> values) {
  std::string body = be16(static_cast<std::uint16_t>(values.size()));
  for (const std::string_view v : values) body += be32(static_cast<std::uint32_t>(v.size())) + std::string(v);
  return message('D', body);
}
inline std::string report(char type, std::string_view severity, std::string_view code,
                          std::string_view text) {
  return message(type,
                 'S' + zero(severity) + 'V' + zero(severity) + 'C' + zero(code) + 'M' + zero(text) + '\0');
}
inline std::string error(std::string_view code, std::string_view text) {
  return report('E', "ERROR", code, text);
}
inline std::string greeting() {
  return auth_message(0) + status("server_version", "15.4") + message('K', be32(77) + be32(4'711)) + ready();
}

}  // namespace spanlight::postgresql::wire
